import { expect, test } from "vitest";
import { errorTable, progressed, type Row, type Run, undoable } from "./errors";

const row = (grouping: string, label: string, method: string, wape: number | null) =>
  ({ grouping, label, method, wape, weeks: 9 }) as Row;

test("lags stand in their order, methods beside each other, and the least error is told", () => {
  const { methods, lines } = errorTable(
    [
      row("lag", "10", "fast", 0.5),
      row("lag", "2", "combination", 0.3),
      row("lag", "2", "fast", 0.4),
      row("lag", "2", "naive", null),
      row("class", "lumpy", "fast", 9),
    ],
    "lag",
  );
  expect(methods).toEqual(["naive", "fast", "combination"]);
  expect(lines.map((line) => [line.label, line.best])).toEqual([
    ["2", "combination"],
    ["10", "fast"],
  ]);
  expect(lines[0]?.by.naive?.wape).toBeNull();
});

test("classes and methods that this page does not know come last, and are there", () => {
  const rows = [row("class", "new", "croston", 0.2), row("class", "smooth", "fast", 0.1)];
  const { methods, lines, largest } = errorTable(rows, "class");
  expect([methods, lines.map((line) => line.label), largest]).toEqual([
    ["fast", "croston"],
    ["smooth", "new"],
    0.2,
  ]);
});

test("only the promotion that holds can be undone", () => {
  const decisions = (...outcomes: string[]) =>
    outcomes.map((outcome, place) => ({ outcome, decision: 9 - place })) as never;
  expect(undoable(decisions("kept", "promoted", "kept"))).toBe(8);
  expect(undoable(decisions("kept", "undone", "promoted"))).toBeNull();
  expect(undoable(decisions("kept"))).toBeNull();
});

test("a run is as the last event told of it, and one that is not known is asked for", () => {
  const runs = [{ id: "a", state: "forecasting", rows_done: 1, requested_by: "ann" }] as Run[];
  const told = {
    run_id: "a",
    state: "publishing",
    series: 1,
    rows: 9,
    rows_done: 9,
    failure: null,
  };
  expect(progressed(runs, told)?.[0]).toMatchObject({
    state: "publishing",
    rows_done: 9,
    requested_by: "ann",
  });
  expect(progressed(runs, { ...told, run_id: "b" })).toBeNull();
});
