import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { Problem, type Refusal } from "../api/client";
import { pageWith, problem, Service } from "../testing-page";
import { CriteriaDialog } from "./criteria-dialog";
import { stillMissing } from "./fill";

const document: Refusal = {
  reason: "document-missing",
  field: "documents",
  value: "requirements",
  remedy: "Attach it.",
};
const floor: Refusal = {
  reason: "below-floor",
  field: "lines[1].price",
  value: "9",
  remedy: "Ask at least 10, or have a lead approve it (rule stage-floor).",
};
const unmet = (...refusals: Refusal[]) => new Problem(409, { type: "criteria-unmet", refusals });
const line = (id: string) => ({ id, product: "PUMP", quantity: "3", price: "9" });
const answered = { id: "1", stage: "won", status: "won", stage_entered_at: "", sequence: 9 };

let service: Service;
beforeEach(() => {
  service = new Service();
  service.on("GET /v1/deals/1", { id: "1", sequence: 8, lines: [line("l"), line("m")] });
  service.on("GET /v1/price-rules", { items: [{ code: "stage-floor", role: "lead" }], next: null });
  service.on("POST /v1/deals/1/approvals", {});
  service.on("PUT /v1/deals/1/documents/requirements", { id: "1", sequence: 6 });
});

function open(problem: Problem) {
  const onMoved = vi.fn();
  const { Page } = pageWith();
  const refused = {
    id: "1",
    name: "Pumps",
    from: "nego",
    stage: "won",
    stageName: "Won",
    sequence: 4,
    closing: { reason: "best price" },
    problem,
  };
  render(
    <Page>
      <CriteriaDialog refused={refused} stages={[]} onClose={() => {}} onMoved={onMoved} />
    </Page>,
  );
  return onMoved;
}
const fill = () => userEvent.click(screen.getByRole("button", { name: "Fill and move" }));
const moves = () => service.sent("POST /v1/deals/1/stage");

test("a rule of the stage ahead is approved by its role, each step under the version of the one before", async () => {
  service.on("POST /v1/deals/1/stage", answered);
  const onMoved = open(unmet(document, floor));
  await userEvent.type(await screen.findByLabelText("Its name"), "Signed.pdf");
  await fill();
  await waitFor(() => expect(onMoved).toHaveBeenCalledWith(answered));
  expect(service.sent("POST /v1/deals/1/approvals")).toMatchObject([
    { ifMatch: '"4"', body: { role: "lead", offers: [{ line_id: "m", price: "9" }] } },
  ]);
  expect(service.sent("PUT /v1/deals/1/documents/requirements")[0]?.ifMatch).toBe('"5"');
  expect(moves()).toMatchObject([{ ifMatch: '"6"', body: { stage: "won", reason: "best price" } }]);
});

test("what somebody changed meanwhile is told before it is passed over", async () => {
  service.on("PUT /v1/deals/1/documents/requirements", () => problem(412, "stale"));
  service.on("GET /v1/deals/1/life", {
    items: [
      {
        kind: "changed",
        on: "2026-11-29",
        at: "2026-11-29T12:01:00Z",
        by: "ben",
        changes: [{ field: "quantity", before: "3", after: "5", product: "PUMP" }],
      },
    ],
    next: null,
  });
  open(unmet(document));
  await userEvent.type(await screen.findByLabelText("Its name"), "Signed.pdf");
  await fill();
  expect((await screen.findByRole("alert")).textContent).toMatch(/Changed by ben, .*: Quantity/);
  expect(moves()).toEqual([]);
  service.on("PUT /v1/deals/1/documents/requirements", { id: "1", sequence: 9 });
  service.on("POST /v1/deals/1/stage", answered);
  await fill();
  await waitFor(() => expect(moves()).toHaveLength(1));
  const sent = service.sent("PUT /v1/deals/1/documents/requirements");
  expect(sent.map(({ ifMatch }) => ifMatch)).toEqual(['"4"', '"8"']);
});

test("what the next try still lacks is asked for", async () => {
  service.on("POST /v1/deals/1/stage", () => problem(409, "criteria-unmet", { refusals: [floor] }));
  open(unmet(document));
  await userEvent.type(await screen.findByLabelText("Its name"), "Signed.pdf");
  await fill();
  expect(await screen.findByText(/Ask at least 10/)).toBeTruthy();
  expect(screen.queryByLabelText("Its name")).toBeNull();
});

test("lines that were refused are still to be written", () => {
  const lines = { reason: "field-missing", field: "lines", value: "", remedy: "" };
  const refused = new Problem(409, {
    type: "urn:takt:problem:price-outside-range",
    refusals: [floor],
  });
  expect(stillMissing([lines], refused)).toEqual([lines, floor]);
  expect(stillMissing([lines, floor], refused)).toEqual([lines, floor]);
  expect(stillMissing([lines], unmet(floor))).toEqual([floor]);
});
