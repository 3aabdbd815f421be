import { expect, test } from "vitest";
import type { Deal } from "./api";
import { editedFrom } from "./edit-notices";

const line = (id: string, price: string) => ({
  id,
  reference: null,
  product: "PUMP",
  quantity: "3",
  price,
  requested_date: null,
});
const deal = (sequence: number, change: object = {}): Deal =>
  ({
    id: "1",
    name: "Pumps",
    sequence,
    expected_close: null,
    account_id: "a",
    manual_probability: null,
    lines: [line("l", "10"), line("m", "20")],
    ...change,
  }) as unknown as Deal;

test("what takes an edit back names the edited fields alone, as they were", () => {
  const before = deal(4);
  expect(editedFrom(before, deal(5, { expected_close: "2026-12-24" }))).toEqual({
    id: "1",
    name: "Pumps",
    sequence: 5,
    back: { expected_close: null },
  });
  expect(editedFrom(before, deal(5, { manual_probability: "0.5" })).back).toEqual({
    manual_probability: null,
  });
  expect(editedFrom(before, deal(5, { account_id: "b" })).back).toEqual({ account_id: "a" });
  expect(editedFrom(before, deal(5)).back).toEqual({});
});

test("a line that was taken away comes back under its id, and one that was added goes", () => {
  const after = deal(5, { lines: [line("l", "10"), line("n", "30")] });
  const { lines } = editedFrom(deal(4), after).back;
  expect(lines?.map(({ id, price }) => [id, price])).toEqual([
    ["l", "10"],
    ["m", "20"],
  ]);
});
