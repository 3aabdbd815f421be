import { expect, test } from "vitest";
import { Problem } from "../../api/client";
import { bodyOf, holdsIn, type Signal, shareOfPercent, told, windowsOf } from "./signals";

const signal = (begins: string, ends: string) => ({ signal_id: begins, begins, ends }) as Signal;
const WEEKS = ["2026-11-30", "2026-12-07", "2026-12-14"];

test("a signal lies over its days, cut where the axis ends, and in a lane of its own", () => {
  const windows = windowsOf(
    [
      signal("2026-12-09", "2026-12-13"),
      signal("2026-01-01", "2026-12-09"),
      signal("2026-12-14", "2027-12-31"),
      signal("2026-11-01", "2026-11-29"),
    ],
    WEEKS,
  );
  expect(windows.map(({ lane }) => lane)).toEqual([0, 1, 0]);
  expect(windows[0]?.from).toBe(-0.5);
  expect(windows[0]?.to).toBeCloseTo(0.5 + 3 / 7);
  expect(windows[1]?.from).toBeCloseTo(0.5 + 2 / 7);
  expect(windows[1]?.to).toBeCloseTo(1.5);
  expect([windows[2]?.from, windows[2]?.to]).toEqual([1.5, 2.5]);
});

test("a signal holds in each week that has one of its days", () => {
  const one = signal("2026-12-06", "2026-12-07");
  expect(WEEKS.map((week) => holdsIn(one, week))).toEqual([true, true, false]);
});

test("per cent become an exact share, and what is no number becomes none", () => {
  expect(["20", "-12,5", "+0.1", "200 %"].map(shareOfPercent)).toEqual([
    "0.2",
    "-0.125",
    "0.001",
    "2",
  ]);
  expect(["", "a", "1e3", "1.23456"].map(shareOfPercent)).toEqual([null, null, null, null]);
});

test("a form says what was filled, and leaves the rest for the service to name", () => {
  const draft = {
    kind: "promotion" as const,
    covers: "product:A:1",
    region: "",
    begins: "2026-12-01",
    ends: "",
    change: "25",
    value: " 9.5 ",
    note: "",
  };
  expect(bodyOf(draft, "id")).toEqual({
    source: "console",
    external_id: "id",
    kind: "promotion",
    product: "A:1",
    begins: "2026-12-01",
    ends: "",
    strength: "0.25",
    value: "9.5",
  });
  expect(bodyOf({ ...draft, covers: "family:Pumps" }, "id")).toMatchObject({ family: "Pumps" });
});

test("what is wrong is said at its field; what is of no field is said of all", () => {
  const error = (field: string) => ({ field, problem: "too small", remedy: "give a larger value" });
  const problem = (...fields: string[]) => new Problem(422, { errors: fields.map(error) });
  expect(told(problem("items.0.strength", "items.0.family"))).toEqual({
    fields: { change: "too small: give a larger value", covers: "too small: give a larger value" },
    rest: false,
  });
  expect(told(problem("items.0"))).toEqual({ fields: {}, rest: true });
  expect(told(new Problem(403, {})).rest).toBe(true);
});
