import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { pageWith, problem, Service } from "../testing-page";
import { EditDialog } from "./editor";

const line = (id: string, price: string, product = "PUMP") => ({
  id,
  reference: null,
  product,
  quantity: "3",
  price,
  requested_date: null,
});
const deal = (sequence: number, change: object = {}) => ({
  id: "1",
  name: "Pumps",
  pipeline: "p",
  stage: "nego",
  status: "open",
  sequence,
  expected_close: "2026-12-01",
  account_id: "acc-1",
  lines: [line("l", "10")],
  ...change,
});

let service: Service;
beforeEach(() => {
  service = new Service();
  service.on("GET /v1/deals/1", deal(4));
  service.on("GET /v1/accounts", {
    items: [
      { id: "acc-1", name: "Acme" },
      { id: "acc-2", name: "Brown" },
      { id: "acc-3", name: "Cole" },
    ],
    next: null,
  });
  service.on("GET /v1/pipelines", [
    { code: "p", name: "P", stages: [{ code: "nego", name: "Negotiation", moves_to: [] }] },
  ]);
  service.on("GET /v1/products", {
    items: [{ code: "SEAL", name: "Seal", unit: "each", list_price: "8" }],
    next: null,
  });
  service.on("GET /v1/price-rules", {
    items: [
      { code: "floor", role: "sales-lead" },
      { code: "cap", role: "pricing" },
    ],
    next: null,
  });
});

async function open() {
  const { queries, Page } = pageWith();
  const onSaved = vi.fn();
  render(
    <Page>
      <EditDialog id="1" name="Pumps" onClose={() => {}} onSaved={onSaved} />
    </Page>,
  );
  await screen.findByLabelText("Expected close");
  return { queries, onSaved };
}
const write = async (label: string | RegExp, text: string) => {
  const field = screen.getByLabelText(label);
  await userEvent.clear(field);
  await userEvent.type(field, text);
};
const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));
const patches = () => service.sent("PATCH /v1/deals/1");

test("a change of something else meanwhile is kept, with who made it", async () => {
  const { onSaved } = await open();
  await write("Expected close", "2026-12-24");
  service.on("PATCH /v1/deals/1", () => problem(412, "stale"));
  service.on("GET /v1/deals/1", deal(7, { lines: [line("l", "12")] }));
  service.on("GET /v1/deals/1/life", {
    items: [
      { kind: "sold", on: "2026-11-29" },
      {
        kind: "changed",
        on: "2026-11-29",
        at: "2026-11-29T12:01:00Z",
        by: "ben",
        changes: [{ field: "price", before: "10", after: "12", product: "PUMP" }],
      },
    ],
    next: null,
  });
  await press("Save");
  const told = await screen.findByRole("alert");
  expect(told.textContent).toMatch(/Changed by ben, .*: Price\./);
  expect(told.textContent).toContain("Negotiation");
  expect(within(told).queryByRole("table")).toBeNull();
  await press("Keep mine and go on");
  expect((screen.getByLabelText(/Price a unit/) as HTMLInputElement).value).toBe("12");
  service.on("PATCH /v1/deals/1", deal(8));
  await press("Save");
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(patches().at(-1)).toMatchObject({
    ifMatch: '"7"',
    body: { expected_close: "2026-12-24" },
  });
  expect(patches().at(-1)?.body.lines).toBeUndefined();
});

test("what both changed is shown by its names, and is as one chooses", async () => {
  await open();
  await userEvent.click(await screen.findByRole("button", { name: /Acme/ }));
  await userEvent.click(await screen.findByRole("option", { name: "Brown" }));
  service.on("PATCH /v1/deals/1", () => problem(412, "stale"));
  service.on("GET /v1/deals/1", deal(7, { account_id: "acc-3", expected_close: "2027-01-05" }));
  await press("Save");
  const table = await screen.findByRole("table");
  expect(within(table).getAllByRole("row")).toHaveLength(2);
  expect(within(table).getByRole("rowheader").textContent?.trim()).toBe("Account");
  expect(
    within(table)
      .getAllByRole("cell")
      .map((cell) => cell.textContent),
  ).toEqual(["Cole", "Brown"]);
  await press("Keep mine and go on");
  service.on("PATCH /v1/deals/1", deal(8));
  await press("Save");
  await waitFor(() => expect(patches()).toHaveLength(2));
  expect(patches()[1]).toMatchObject({ ifMatch: '"7"', body: { account_id: "acc-2" } });
  expect(patches()[1]?.body.expected_close).toBeUndefined();
});

test("only the refused lines are approved, a new one too, and nothing is saved over another's change", async () => {
  service.on("GET /v1/deals/1", deal(4, { lines: [line("l", "10"), line("m", "20")] }));
  await open();
  await press("Add a line");
  await userEvent.click(screen.getByRole("button", { name: /Choose/ }));
  await userEvent.click(await screen.findByRole("option", { name: /Seal/ }));
  const quantities = screen.getAllByLabelText(/Quantity/);
  await userEvent.type(quantities.at(-1) as HTMLElement, "5");
  const refusal = (place: number, reason: string, rule: string) => ({
    reason,
    field: `lines[${place}].price`,
    value: "8",
    remedy: `or have it approved (rule ${rule}).`,
  });
  const refusals = [refusal(1, "above-ceiling", "cap"), refusal(2, "below-floor", "floor")];
  service.on("PATCH /v1/deals/1", () => problem(409, "price-outside-range", { refusals }));
  await press("Save");
  await screen.findByRole("alert");
  service.on("POST /v1/deals/1/approvals", {});
  service.on("PATCH /v1/deals/1", deal(7));
  await press("Approve and save");
  await waitFor(() => expect(patches()).toHaveLength(2));
  const { lines } = patches()[1]?.body ?? {};
  expect(service.sent("POST /v1/deals/1/approvals")).toMatchObject([
    {
      ifMatch: '"4"',
      body: { role: "pricing", offers: [{ line_id: "m", price: "20" }] },
    },
    {
      ifMatch: '"5"',
      body: {
        role: "sales-lead",
        offers: [{ line_id: lines[2].id, product: "SEAL", quantity: "5", price: "8" }],
      },
    },
  ]);
  // The version that its own approvals made, not whatever the deal has become.
  expect(patches()[1]?.ifMatch).toBe('"6"');
  expect(service.sent("GET /v1/deals/1")).toHaveLength(1);
});

test("what was approved must be what is saved: another price asks again", async () => {
  await open();
  const refusals = [
    { reason: "below-floor", field: "lines[0].price", value: "1", remedy: "(rule floor)" },
  ];
  service.on("PATCH /v1/deals/1", () => problem(409, "price-outside-range", { refusals }));
  await write(/Price a unit/, "1");
  await press("Save");
  await screen.findByRole("button", { name: "Approve and save" });
  await write(/Price a unit/, "2");
  expect(screen.queryByRole("button", { name: "Approve and save" })).toBeNull();
});

test("a draft outlives a service that is away", async () => {
  const { queries } = await open();
  await write("Expected close", "2026-12-24");
  service.on("GET /v1/deals/1", () => problem(503, "away"));
  await queries.invalidateQueries();
  await waitFor(() => expect(service.sent("GET /v1/deals/1")).toHaveLength(2));
  await waitFor(() => expect(queries.isFetching()).toBe(0));
  expect((screen.getByLabelText("Expected close") as HTMLInputElement).value).toBe("2026-12-24");
});
