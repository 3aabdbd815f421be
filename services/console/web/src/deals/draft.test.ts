import { expect, test } from "vitest";
import type { Deal } from "./api";
import { complete, differences, draftOf, isAmount, newLine, patchOf, totalOf } from "./draft";

const deal = {
  expected_close: "2026-12-01",
  account_id: "a",
  lines: [
    {
      id: "l",
      reference: "R-1",
      product: "PUMP",
      quantity: "3",
      price: "0.1",
      requested_date: null,
    },
  ],
} as unknown as Deal;

const draft = draftOf(deal);
const priced = (price: string) => ({
  ...draft,
  lines: draft.lines.map((line) => ({ ...line, price })),
});

test("only what was changed is sent, and lines keep their ids and references", () => {
  expect(patchOf(draft, draft)).toEqual({});
  expect(patchOf(draft, { ...draft, expected_close: "" })).toEqual({ expected_close: null });
  expect(patchOf(draft, priced("0.2")).lines).toEqual([
    {
      id: "l",
      reference: "R-1",
      product: "PUMP",
      quantity: "3",
      price: "0.2",
      requested_date: null,
    },
  ]);
});

test("the value is exact, and unknown while a line cannot be read", () => {
  expect(totalOf(draft.lines)).toBe("0.3");
  expect(totalOf(priced("1e5").lines)).toBeNull();
});

test("a quantity or price is a positive decimal of at most six places", () => {
  for (const good of ["1", "0.000001", "999999999999"]) expect(isAmount(good)).toBe(true);
  for (const bad of ["", "0", "0.0", "-1", "1.0000001", "NaN", "1,5", "1000000000000"]) {
    expect(isAmount(bad)).toBe(false);
  }
  expect(complete({ ...draft, lines: [newLine("n")] })).toBe(false);
});

test("a conflict names each field with both values", () => {
  const theirs = { ...priced("0.3"), expected_close: "2027-01-01" };
  const mine = { ...draft, lines: [...draft.lines, { ...newLine("n"), product: "VALVE" }] };
  expect(differences(theirs, mine)).toEqual([
    { field: "expected_close", theirs: "2027-01-01", mine: "2026-12-01" },
    { field: "price", product: "PUMP", theirs: "0.3", mine: "0.1" },
    { field: "line", product: "VALVE", theirs: "", mine: "VALVE" },
  ]);
});
