import { expect, test } from "vitest";
import type { PipelineStage } from "../../api/queries";
import {
  columnsOf,
  daysInStage,
  isOver,
  oneStep,
  passes,
  sorted,
  standing,
  stillChosen,
} from "./board";
import type { Card } from "./cards";
import { readFilters, widened, withBelow } from "./filters";

const NOW = Date.parse("2026-11-24T12:00:00Z");

const stages = [
  { code: "a", name: "A", kind: "open", target_days: "7", moves_to: ["b"] },
  { code: "b", name: "B", kind: "open", target_days: null, moves_to: ["a"] },
  { code: "won", name: "Won", kind: "won", target_days: null, moves_to: [] },
] as PipelineStage[];

const card = (change: Partial<Card>): Card => ({
  id: "1",
  name: "Pumps",
  account: "Acme",
  account_id: "x",
  owner: "ann",
  team: "north",
  region: "DACH",
  stage: "a",
  status: "open",
  stage_entered_at: "2026-11-20T12:00:00Z",
  opened_at: "2026-10-01T12:00:00Z",
  closed_at: null,
  expected_close: null,
  value: "10",
  products: ["PUMP"],
  probability: null,
  probability_sequence: null,
  manual_probability: null,
  stalled: false,
  sequence: 1,
  ...change,
});

test("a column sums exactly, and weighs by a person's probability before the model's", () => {
  const cards = [
    card({ id: "1", value: "0.1", probability: "0.5" }),
    card({ id: "2", value: "0.2", probability: "0.5", manual_probability: "1" }),
    card({ id: "3", stage: "b", value: "999999999999.5" }),
    card({ id: "4", status: "won", stage: "won" }),
  ];
  const [a, b] = columnsOf(stages, cards, {}, NOW);
  expect([a?.value, a?.weighted, a?.cards.length]).toEqual(["0.3", "0.25", 2]);
  expect([b?.value, b?.weighted]).toEqual(["999999999999.5", "0"]);
});

test("every filter narrows, and several of one kind widen", () => {
  const one = card({});
  const shown = (search: Record<string, unknown>) =>
    passes(one, readFilters(search), stages[0], NOW);
  expect(shown({ owner: ["bob", "ann"], product: "PUMP" })).toBe(true);
  expect(shown({ owner: ["ann"], region: ["US"] })).toBe(false);
  expect(shown({ text: "ACM" })).toBe(true);
  expect(shown({ text: "valve" })).toBe(false);
  expect(shown({ age: "30" })).toBe(true);
  expect(shown({ age: "90" })).toBe(false);
  expect(shown({ age: "over" })).toBe(false);
});

test("an address that cannot be read filters nothing away", () => {
  expect(readFilters({ age: "soon", sort: "colour", owner: [{}], text: "" })).toEqual({});
  expect(readFilters({ stage: "a", team: ["n", "n"], sort: "age" })).toEqual({
    stage: ["a"],
    team: ["n"],
    sort: "age",
  });
});

test("age in stage is in whole days, and over its target only after it", () => {
  const entered = (iso: string) => card({ stage_entered_at: iso });
  expect(daysInStage(entered("2026-11-20T12:00:01Z"), NOW)).toBe(3);
  expect(daysInStage(entered("2026-11-25T00:00:00Z"), NOW)).toBe(0);
  expect(isOver(entered("2026-11-17T12:00:00Z"), stages[0], NOW)).toBe(false);
  expect(isOver(entered("2026-11-17T11:59:59Z"), stages[0], NOW)).toBe(true);
  expect(isOver(entered("2020-01-01T00:00:00Z"), stages[1], NOW)).toBe(false);
});

test("the order is total: equal cards do not change places", () => {
  const cards = ["3", "1", "2"].map((id) => card({ id }));
  for (const by of ["value", "age", "close", "probability"] as const) {
    expect(sorted(cards, by).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  }
  const valued = [card({ id: "1", value: "9" }), card({ id: "2", value: "10" })];
  expect(sorted(valued, "value").map(({ id }) => id)).toEqual(["2", "1"]);
});

test("a region is asked for with all that lies below it, as the services do", () => {
  const regions = [
    { code: "EMEA", parent: null },
    { code: "DACH", parent: "EMEA" },
    { code: "CH", parent: "DACH" },
    { code: "US", parent: null },
  ];
  expect(withBelow(["EMEA"], regions)).toEqual(["EMEA", "DACH", "CH"]);
  const round = [
    { code: "x", parent: "y" },
    { code: "y", parent: "x" },
  ];
  expect(withBelow(["x"], round)).toEqual(["x", "y"]);
  const filters = widened(readFilters({ region: "EMEA", owner: "ann" }), [], regions);
  expect(columnsOf(stages, [card({ region: "CH" })], filters, NOW)[0]?.cards).toHaveLength(1);
  expect(columnsOf(stages, [card({ region: "US" })], filters, NOW)[0]?.cards).toHaveLength(0);
});

test("who is moved, won or lost elsewhere is not selected any more", () => {
  const selected = new Map([["a", new Set(["1", "2", "3"])]]);
  const cards = [
    card({ id: "1" }),
    card({ id: "2", stage: "b" }),
    card({ id: "3", stage: "won", status: "won" }),
  ];
  const chosen = stillChosen(selected, columnsOf(stages, cards, {}, NOW));
  expect([...chosen]).toEqual([["a", ["1"]]]);
  expect([...stillChosen(selected, columnsOf(stages, cards, { text: "valve" }, NOW))]).toEqual([]);
});

test("a deal is moved only from where it was chosen", () => {
  const known = [card({ id: "1" }), card({ id: "2", stage: "won", status: "won" })];
  const { there, gone } = standing(new Map([["a", ["1", "2", "unknown"]]]), (id) =>
    known.find((one) => one.id === id),
  );
  expect(there).toEqual(["1"]);
  expect(gone.map(({ id }) => id)).toEqual(["2"]);
});

test("a column whose cards are as they were is the same one, and another's change leaves it so", () => {
  const cards = [card({ id: "1", stage: "a" }), card({ id: "2", stage: "b" })];
  const before = columnsOf(stages, cards, {}, NOW);
  const after = columnsOf(
    stages,
    [cards[0] as Card, card({ id: "2", stage: "b", value: "7" })],
    {},
    NOW,
    before,
  );
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[1]?.value).toBe("7");
});

test("columns that change together are drawn one by one, the one to which a card comes first", () => {
  const before = columnsOf(stages, [card({ id: "1" }), card({ id: "2" })], {}, NOW);
  const moved = [card({ id: "1", stage: "b" }), card({ id: "2" })];
  const after = columnsOf(stages, moved, {}, NOW, before);
  const first = oneStep(before, after);
  expect(first.map(({ cards }) => cards.length)).toEqual([2, 1]);
  const second = oneStep(first, after);
  expect(second.map(({ cards }) => cards.length)).toEqual([1, 1]);
  expect(oneStep(second, after)).toBe(second);
  // Other stages are other columns.
  expect(oneStep(before, after.slice(1))).toEqual(after.slice(1));
});
