import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { GridList, GridListItem } from "react-aria-components";
import { beforeEach, expect, test, vi } from "vitest";
import type { PipelineStage } from "../../api/queries";
import { pageWith, Service } from "../../testing-page";
import { BoardContext, ChangingContext, DealCard } from "./card";
import type { Card } from "./cards";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const card = {
  id: "1",
  name: "Pumps",
  owner: "ann",
  account: "Acme",
  stage: "a",
  status: "open",
  stage_entered_at: "2026-11-20T12:00:00Z",
  value: "10",
  expected_close: "2026-12-01",
  probability: null,
  manual_probability: null,
  products: ["PUMP"],
} as unknown as Card;

beforeEach(() => void new Service());

function show(target_days: string | null, pending = false) {
  const stage = { code: "a", name: "A", kind: "open", target_days, moves_to: [] } as PipelineStage;
  const acts = { openMenu: vi.fn(), editInPlace: vi.fn() };
  const open = vi.fn();
  const { Page } = pageWith();
  render(
    <Page>
      <BoardContext
        value={{
          owners: new Map([["ann", "Ann Lee"]]),
          now: NOW,
          since: null,
          mayWrite: true,
          acts,
        }}
      >
        <ChangingContext value={{ fresh: new Set(), pending: new Set(pending ? ["1"] : []) }}>
          <GridList aria-label="A" onAction={(key) => open(String(key))}>
            <GridListItem id="1" textValue="Pumps">
              <DealCard card={card} stage={stage} />
            </GridListItem>
          </GridList>
        </ChangingContext>
      </BoardContext>
    </Page>,
  );
  return { ...acts, open };
}

test("a stage without a target is not said to have one of no days", () => {
  show(null);
  expect(screen.getByTitle("In this stage for 9 days; it has no target")).toBeTruthy();
});

test("a card whose change is not agreed to yet is marked, for the eye and for the ear", () => {
  show("7", true);
  const row = screen.getByRole("row");
  expect(row.querySelector("[data-pending]")).toBeTruthy();
  expect(row.textContent).toContain("not saved yet");
});

test("amount and date are edited where they stand by keys, without opening the deal", async () => {
  const { open, editInPlace } = show("7");
  screen.getByRole("button", { name: /^Expected close/ }).focus();
  await userEvent.keyboard("{Enter}");
  screen.getByRole("button", { name: /^Value/ }).focus();
  await userEvent.keyboard("{Enter}");
  expect(editInPlace.mock.calls.map(([, field]) => field)).toEqual(["expected_close", "price"]);
  expect(open).not.toHaveBeenCalled();
});
