import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import type { Pipeline } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { pageWith, problem, Service } from "../../testing-page";
import { Head } from "./head";
import { Probability } from "./probability";

const stage = (code: string, name: string, moves_to: string[]) => ({
  code,
  name,
  kind: "open" as const,
  target_days: null,
  moves_to,
});
const pipeline: Pipeline = {
  code: "p",
  name: "P",
  stages: [stage("a", "Design", ["b"]), stage("b", "Negotiation", ["a"])],
};
const deal = {
  id: "1",
  name: "Pumps",
  pipeline: "p",
  stage: "a",
  status: "open",
  value: "10",
  opened_at: "2026-11-01T00:00:00Z",
  payment_days: null,
  expected_close: null,
  sequence: 4,
} as unknown as Deal;
const moved = (to: string, sequence: number) => ({ id: "1", stage: to, status: "open", sequence });

let service: Service;
beforeEach(() => {
  service = new Service();
});

async function move() {
  const { Page } = pageWith();
  render(
    <Page>
      <Head deal={deal} pipeline={pipeline} />
    </Page>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Move to" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Negotiation" }));
}
const moves = () => service.sent("POST /v1/deals/1/stage");

test("a move is taken back by its Undo, under the version that it made", async () => {
  service.on("POST /v1/deals/1/stage", moved("b", 5));
  await move();
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(moves()).toHaveLength(2));
  expect(moves()[1]).toMatchObject({ ifMatch: '"5"', body: { stage: "a" } });
});

test("Ctrl Z takes it back once, also a move whose criteria were filled first", async () => {
  const refusals = [
    { reason: "document-missing", field: "documents", value: "plan", remedy: "Attach it." },
  ];
  service.on("POST /v1/deals/1/stage", () => problem(409, "criteria-unmet", { refusals }));
  service.on("PUT /v1/deals/1/documents/plan", { id: "1", sequence: 5 });
  await move();
  await userEvent.type(await screen.findByLabelText("Its name"), "Plan.pdf");
  service.on("POST /v1/deals/1/stage", moved("b", 6));
  await userEvent.click(screen.getByRole("button", { name: "Fill and move" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await userEvent.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(moves()).toHaveLength(3));
  expect(moves()[2]).toMatchObject({ ifMatch: '"6"', body: { stage: "a" } });
  await userEvent.keyboard("{Control>}z{/Control}");
  expect(moves()).toHaveLength(3);
});

test("a change meanwhile is told with whose it is", async () => {
  service.on("POST /v1/deals/1/stage", () => problem(412, "stale"));
  service.on("GET /v1/deals/1/life", {
    items: [{ kind: "won", on: "2026-11-29", at: "2026-11-29T12:01:00Z", by: "ben" }],
    next: null,
  });
  await move();
  expect(await screen.findByText(/^Won by ben, .*It is shown as it stands now/)).toBeTruthy();
});

test("an own probability is taken back by its Undo, under the version that it made", async () => {
  const route = "PATCH /v1/deals/1";
  const own = (manual_probability: string | null, sequence: number) =>
    service.on(route, { ...deal, documents: [], lines: [], manual_probability, sequence });
  const { Page } = pageWith();
  const unset = { ...deal, lines: [], model_probability: null, manual_probability: null } as Deal;
  render(
    <Page>
      <Probability deal={unset} pipeline={pipeline} />
    </Page>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Set my own" }));
  await userEvent.type(screen.getByLabelText("Per cent"), "50");
  own("0.5", 5);
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  const undo = await screen.findByRole("button", { name: "Undo" });
  expect(screen.getByText("Own probability")).toBeTruthy();
  own(null, 6);
  await userEvent.click(undo);
  await waitFor(() => expect(service.sent(route)).toHaveLength(2));
  expect(service.sent(route)[1]).toMatchObject({
    ifMatch: '"5"',
    body: { manual_probability: null },
  });
});
