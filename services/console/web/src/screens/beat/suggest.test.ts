import { expect, test } from "vitest";
import type { Pipeline } from "../../api/queries";
import type { Card } from "../pipeline/cards";
import { shownDeal } from "./suggest";

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
