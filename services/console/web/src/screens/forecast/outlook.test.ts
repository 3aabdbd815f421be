import { expect, test } from "vitest";
import { axisOf, demandByWeek, judge, mondayOf, weeksFrom } from "./outlook";

const bucket = (week: string, quantity: string, high80?: string) => ({
  week,
  quantity,
  baseline: quantity,
  pipeline: "0",
  ...(high80 && { low80: "0", high80, low95: "0", high95: "99" }),
});
const NOW = "2026-11-30";

test("a week begins on its Monday, over the turn of a year too", () => {
  expect(["2026-11-29", "2026-11-30", "2027-01-03"].map(mondayOf)).toEqual([
    "2026-11-23",
    "2026-11-30",
    "2026-12-28",
  ]);
  expect(weeksFrom("2026-12-21", "2027-01-04")).toEqual(["2026-12-21", "2026-12-28", "2027-01-04"]);
});

test("demand is summed exactly, of the series that are covered", () => {
  const rows = ["0.1", "0.2"].map((quantity) => ({
    product: "P",
    region: "R",
    begins: NOW,
    quantity,
  }));
  const other = { product: "Q", region: "R", begins: NOW, quantity: "5" };
  expect(demandByWeek([...rows, other], (product) => product === "P")).toEqual(
    new Map([[NOW, "0.3"]]),
  );
});

test("past and future lie on one axis: a week without demand is zero, one that is not over is only ordered", () => {
  const axis = axisOf(
    {
      demand: new Map([
        ["2026-11-09", "4"],
        ["2026-11-23", "6"],
        [NOW, "2"],
      ]),
      shown: [bucket(NOW, "3"), bucket("2026-12-07", "5")],
      against: [bucket("2026-10-05", "9"), bucket("2026-11-23", "7"), bucket(NOW, "4")],
    },
    NOW,
    4,
  );
  expect([axis.weeks[0], axis.weeks.at(-1), axis.weeks.length]).toEqual([
    "2026-11-09",
    "2026-12-07",
    5,
  ]);
  expect([...axis.actual]).toEqual([
    ["2026-11-09", "4"],
    ["2026-11-16", "0"],
    ["2026-11-23", "6"],
  ]);
  expect([...axis.ordered]).toEqual([[NOW, "2"]]);
  // What lies before the axis is not drawn.
  expect([...axis.against.keys()]).toEqual(["2026-11-23", NOW]);
});

test("a company without demand yet has an axis of its forecast alone", () => {
  const axis = axisOf({ demand: new Map(), shown: [bucket(NOW, "3")], against: [] }, NOW, 26);
  expect([axis.weeks, axis.actual.size]).toEqual([[NOW], 0]);
});

test("what was published is judged by the weeks that are over, and by its intervals where it has some", () => {
  const published = new Map(
    [bucket("2026-11-16", "5", "4"), bucket("2026-11-23", "7", "9"), bucket(NOW, "4")].map(
      (one) => [one.week, one],
    ),
  );
  const actual = new Map([
    ["2026-11-16", "4.5"],
    ["2026-11-23", "6"],
  ]);
  expect(judge(published, actual)).toEqual({
    weeks: 2,
    said: "12",
    came: "10.5",
    inside80: 1,
    inside95: 2,
    banded: 2,
  });
  expect(judge(published, new Map())).toBeNull();
});
