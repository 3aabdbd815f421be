import { expect, test } from "vitest";
import type { Deal } from "./api";
import {
  complete,
  type Draft,
  type DraftLine,
  draftOf,
  isAmount,
  merge,
  newLine,
  offersOf,
  patchOf,
  totalOf,
} from "./draft";

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
const lined = (change: Partial<DraftLine>): Draft => ({
  ...draft,
  lines: draft.lines.map((line) => ({ ...line, ...change })),
});
const added = (product: string): DraftLine => ({
  ...newLine(),
  product,
  quantity: "1",
  price: "2",
});

test("only what was changed is sent, and lines keep their ids and references", () => {
  expect(patchOf(draft, draft)).toEqual({});
  expect(patchOf(draft, { ...draft, expected_close: "" })).toEqual({ expected_close: null });
  expect(patchOf(draft, lined({ price: "0.2" })).lines).toEqual([
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

test("a new line is written under the id under which it can be approved", () => {
  const line = added("VALVE");
  const [, sent] = patchOf(draft, { ...draft, lines: [...draft.lines, line] }).lines ?? [];
  expect(sent?.id).toBe(line.id);
  expect(offersOf([line])).toEqual([
    { line_id: line.id, product: "VALVE", quantity: "1", price: "2" },
  ]);
});

test("the value is exact, and unknown while a line cannot be read", () => {
  expect(totalOf(draft.lines)).toBe("0.3");
  expect(totalOf(lined({ price: "1e5" }).lines)).toBeNull();
});

test("a quantity or price is a positive decimal of at most six places", () => {
  for (const good of ["1", "0.000001", "999999999999"]) expect(isAmount(good)).toBe(true);
  for (const bad of ["", "0", "0.0", "-1", "1.0000001", "NaN", "1,5", "1000000000000"]) {
    expect(isAmount(bad)).toBe(false);
  }
  expect(complete([newLine()])).toBe(false);
});

test("what another changed stays when I changed something else", () => {
  const theirs = lined({ price: "0.3" });
  const mine = { ...draft, expected_close: "2027-01-01" };
  const { draft: both, clashes } = merge(draft, theirs, mine);
  expect(clashes).toEqual([]);
  expect(both).toEqual({ ...theirs, expected_close: "2027-01-01" });
  expect(patchOf(theirs, both)).toEqual({ expected_close: "2027-01-01" });
});

test("a field that both changed is a clash, and is as the preferred one wants it", () => {
  const theirs = lined({ price: "0.3", quantity: "4" });
  const mine = { ...lined({ price: "0.2" }), expected_close: "2027-01-01" };
  const clash = [{ field: "price", product: "PUMP", theirs: "0.3", mine: "0.2" }];
  const own = merge(draft, theirs, mine);
  expect(own.clashes).toEqual(clash);
  expect(own.draft.lines[0]).toMatchObject({ price: "0.2", quantity: "4" });
  const other = merge(draft, theirs, mine, "theirs");
  expect(other.clashes).toEqual(clash);
  expect(other.draft.lines[0]).toMatchObject({ price: "0.3", quantity: "4" });
  expect(other.draft.expected_close).toBe("2027-01-01");
});

test("the same value written twice is no clash", () => {
  const { draft: both, clashes } = merge(
    draft,
    lined({ price: "12.5" }),
    lined({ price: "12.50" }),
  );
  expect(clashes).toEqual([]);
  expect(both.lines[0]?.price).toBe("12.5");
});

test("lines that either added are kept, and a line that one took away is gone unless the other changed it", () => {
  const [theirs, mine] = [added("VALVE"), added("SEAL")];
  const both = merge(
    draft,
    { ...draft, lines: [...draft.lines, theirs] },
    { ...draft, lines: [...draft.lines, mine] },
  );
  expect(both.draft.lines.map(({ product }) => product)).toEqual(["PUMP", "VALVE", "SEAL"]);

  const none = { ...draft, lines: [] };
  expect(merge(draft, none, draft)).toEqual({ draft: none, clashes: [] });
  expect(merge(draft, draft, none)).toEqual({ draft: none, clashes: [] });

  const changed = lined({ price: "0.2" });
  const removed = merge(draft, none, changed);
  expect(removed.clashes).toEqual([{ field: "line", product: "PUMP", theirs: "", mine: "PUMP" }]);
  expect(removed.draft).toEqual(changed);
  expect(merge(draft, none, changed, "theirs").draft).toEqual(none);
  const kept = merge(draft, changed, none);
  expect(kept.clashes).toEqual([{ field: "line", product: "PUMP", theirs: "PUMP", mine: "" }]);
  expect(kept.draft).toEqual(none);
  expect(merge(draft, changed, none, "theirs").draft).toEqual(changed);
});
