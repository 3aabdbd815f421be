import { expect, test } from "vitest";
import type { Pipeline } from "../../api/queries";
import type { Card } from "../pipeline/cards";
import { shownDeal, suggestions } from "./suggest";

const pipeline = {
  stages: [
    { code: "first", kind: "open", moves_to: ["second", "lost"] },
    { code: "second", kind: "open", moves_to: ["first", "lost"] },
    { code: "lost", kind: "lost", moves_to: [] },
  ],
} as unknown as Pipeline;
const card = (id: string, stage = "first", status = "open") => ({ id, stage, status }) as Card;

test("the deal that is shown stays, whichever is offered first, until it cannot be moved", () => {
  const [a, b] = [card("a"), card("b")];
  const shown = (id: string | null, cards: Card[]) => shownDeal(id, cards, [b, a], pipeline)?.id;
  expect(shown(null, [a, b])).toBe("b");
  expect(shown("a", [a, b])).toBe("a");
  expect(shown("a", [card("a", "lost", "lost"), b])).toBe("b");
  expect(shown("gone", [a, b])).toBe("b");
  expect(shownDeal(null, [], [], pipeline)).toBeUndefined();
});

test("offered are the thirty best: late stages first, then by value, those alone that a move shows something of", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const due = (id: string, stage: string, value: string, change: object = {}) =>
    ({
      ...card(id, stage),
      value,
      stalled: false,
      products: ["PUMP"],
      expected_close: "2026-12-24",
      ...change,
    }) as Card;
  const stages = ["first", "second", "third"].map((code) => ({ code, kind: "open", moves_to: [] }));
  const three = { stages } as unknown as Pipeline;
  const cards = [
    due("cheap", "second", "9.5"),
    due("early", "first", "1000"),
    due("dear", "second", "10"),
    due("also dear", "second", "10.00"),
    due("last", "third", "5000"),
    due("stalled", "second", "99", { stalled: true }),
    due("far", "second", "99", { expected_close: "2027-06-01" }),
    due("bare", "second", "99", { products: [] }),
    due("undated", "second", "99", { expected_close: null }),
    due("won", "second", "99", { status: "won" }),
  ];
  const names = suggestions(cards, three, now).map(({ id }) => id);
  expect(names).toEqual(["dear", "also dear", "cheap", "last", "early"]);
  const many = Array.from({ length: 100 }, (_, place) =>
    due(`${place}`, "second", `${(place * 37) % 100}`),
  );
  expect(suggestions(many, three, now).map(({ value }) => Number(value))).toEqual(
    Array.from({ length: 30 }, (_, place) => 99 - place),
  );
});
