import { expect, test } from "vitest";
import { drawnOf, explainedOf, readForecast } from "./search";

const versions = [5, 4, 2].map((version) => ({ version, name: `v${version}`, as_of: "" }));
const numbers = (drawn: {
  shown: { version: number } | null;
  against: { version: number } | null;
}) => [drawn.shown?.version ?? null, drawn.against?.version ?? null];

test("an address says what is shown, and what cannot be read of it is left out", () => {
  const search = { product: 7, family: "Pumps", region: "DACH", version: "4", against: "none" };
  expect(readForecast({ ...search, past: "52", errors: "class", by: "region" })).toEqual({
    product: "7",
    region: "DACH",
    version: 4,
    against: "none",
    past: 52,
    errors: "class",
    by: "region",
  });
  const odd = { product: "", region: {}, version: -1, against: 1.5, past: 27, errors: "x", by: 1 };
  expect(readForecast(odd)).toEqual({});
  // What is usual is not in the address.
  expect(readForecast({ past: 26, errors: "lag" })).toEqual({});
});

test("a version lies over the one before it, and the present forecast over the latest", () => {
  expect(numbers(drawnOf({}, versions))).toEqual([null, 5]);
  expect(numbers(drawnOf({ version: 4 }, versions))).toEqual([4, 2]);
  expect(numbers(drawnOf({ version: 2 }, versions))).toEqual([2, null]);
  expect(numbers(drawnOf({ version: 4, against: 5 }, versions))).toEqual([4, 5]);
  expect(numbers(drawnOf({ version: 4, against: 4 }, versions))).toEqual([4, 2]);
  expect(numbers(drawnOf({ against: "none" }, versions))).toEqual([null, null]);
});

test("two published versions are explained, the latest where the present forecast is shown", () => {
  const pair = (search: object) => {
    const found = explainedOf(search, versions);
    return found && [found.newer.version, found.older.version];
  };
  expect(pair({})).toEqual([5, 4]);
  expect(pair({ against: 2 })).toEqual([5, 2]);
  expect(pair({ version: 4 })).toEqual([4, 2]);
  expect(pair({ version: 4, against: "none" })).toEqual([4, 2]);
  expect(pair({ version: 2 })).toBeNull();
  expect(explainedOf({}, versions.slice(2))).toBeNull();
});
