import { expect, test } from "vitest";
import { durations } from "./durations";

const DAY = 86_400;
const tenths = (days: number) => Math.round(days * 10);
const sum = (parts: readonly number[]) => parts.reduce((all, part) => all + tenths(part), 0);

test("the parts as shown sum to the age as shown", () => {
  const { unit, whole, parts } = durations(3.2 * DAY, [1.6 * DAY, 1.6 * DAY]);
  expect([unit, whole, parts]).toEqual(["day", 3.2, [1.6, 1.6]]);
  for (const shares of [
    [1.06, 1.06, 1.06],
    [0.04, 0.04, 0.04, 2],
    [1 / 3, 1 / 3, 1 / 3, 1],
  ]) {
    const all = shares.reduce((one, share) => one + share * DAY, 0);
    const shown = durations(
      all,
      shares.map((share) => share * DAY),
    );
    expect(sum(shown.parts)).toBe(tenths(shown.whole));
  }
});

test("a young deal is counted in the unit that it has reached", () => {
  expect(durations(5_400, [1_800, 3_600])).toEqual({ unit: "hour", whole: 1.5, parts: [0.5, 1] });
  expect(durations(0.25, [0.25])).toEqual({ unit: "second", whole: 0.3, parts: [0.3] });
  expect(durations(0, [])).toEqual({ unit: "second", whole: 0, parts: [] });
});
