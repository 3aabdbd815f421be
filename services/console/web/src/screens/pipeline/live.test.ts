import { expect, test } from "vitest";
import type { TaktEvent } from "../../live/stream";
import { type Card, cardBefore, newest } from "./cards";
import { cardMoved, changedCards } from "./live";

const card = {
  id: "d",
  stage: "a",
  status: "open",
  sequence: 3,
  account_id: "x",
  value: "1",
} as Card;

const moved = (sequence: number, change: object = {}) =>
  ({
    type: "takt.deal.stage_changed.v1",
    subject: "d",
    sequence,
    data: {
      deal: {
        pipeline: "p",
        stage: "b",
        status: "open",
        account_id: "x",
        lines: [{ product: "PUMP", quantity: "3", price: "0.1" }],
        ...change,
      },
    },
  }) as unknown as TaktEvent;

test("a newer event changes the card, an older or equal one does not", () => {
  for (const old of [1, 3]) {
    expect(changedCards([card], [moved(old)], "p").cards[0]).toBe(card);
  }
  const { cards, changed } = changedCards([card], [moved(4)], "p");
  expect(cards[0]).toMatchObject({ stage: "b", value: "0.3", products: ["PUMP"], sequence: 4 });
  expect(changed).toEqual(["d"]);
});

test("events in any order end in the same card", () => {
  const events = [moved(4, { stage: "b" }), moved(6, { stage: "d" }), moved(5, { stage: "c" })];
  for (const order of [events, [...events].reverse()]) {
    const end = order.reduce<readonly Card[]>(
      (cards, one) => changedCards(cards, [one], "p").cards,
      [card],
    );
    expect(end[0]?.stage).toBe("d");
  }
});

const scored = (sequence: number, probability: string) =>
  ({
    type: "takt.pipeline_demand.changed.v1",
    subject: "d",
    sequence,
    data: { status: "open", probability, stalled: false },
  }) as unknown as TaktEvent;

test("the forecast's word of before the board was read changes no card and marks none", () => {
  const said = { ...card, probability: "0.5", probability_sequence: 7, stalled: false };
  const past = [scored(6, "0.2"), scored(7, "0.5")];
  expect(changedCards([said], past, "p")).toMatchObject({ cards: [said], changed: [] });
  const { cards, changed } = changedCards(
    [said],
    [...past, scored(9, "0.6"), scored(8, "0.1")],
    "p",
  );
  expect(cards[0]).toMatchObject({ probability: "0.6", probability_sequence: 9 });
  expect(changed).toEqual(["d"]);
});

test("the same word again marks no card, and is known to have been heard", () => {
  const said = { ...card, probability: "0.5", probability_sequence: 7, stalled: false };
  const { cards, changed } = changedCards([said], [scored(9, "0.5"), scored(8, "0.1")], "p");
  expect(cards[0]).toMatchObject({ probability: "0.5", probability_sequence: 9 });
  expect(changed).toEqual([]);
});

test("a move that is refused takes back the move, and not what the forecast has said meanwhile", () => {
  const before = { ...card, probability: "0.5", probability_sequence: 7, stalled: false };
  const moved = { ...before, stage: "c" };
  const [heard] = changedCards([moved], [scored(9, "0.6")], "p").cards;
  expect(cardBefore(before, heard as Card)).toMatchObject({ stage: "a", probability: "0.6" });
  expect(cardBefore(before, { ...moved, sequence: 4 })).toMatchObject({ stage: "c" });
});

test("of cards that were read anew the later word of the forecast stays, whichever deal is newer", () => {
  const known = { ...card, probability: "0.6", probability_sequence: 9 };
  const read = { ...card, sequence: 5, probability: "0.5", probability_sequence: 7 };
  expect(newest([known], [read])[0]).toMatchObject({ sequence: 5, probability: "0.6" });
  expect(newest([read], [known])[0]).toMatchObject({ sequence: 5, probability: "0.6" });
});

test("a deal that the board has not read makes it read again, another pipeline's does not", () => {
  expect(changedCards([], [moved(1)], "p").unknown).toBe(true);
  expect(changedCards([], [moved(1)], "q").unknown).toBe(false);
  expect(changedCards([], [moved(1, { status: "lost" })], "p").unknown).toBe(false);
});

test("the answer to an own move is the whole truth of it, unless something newer was heard", () => {
  const answer = {
    id: "d",
    stage: "b",
    status: "open",
    stage_entered_at: "2026-11-29T12:00:00Z",
    sequence: 4,
  };
  expect(cardMoved(card, answer)).toEqual({ ...card, ...answer });
  const newer = { ...card, sequence: 5 };
  expect(cardMoved(newer, answer)).toBe(newer);
});
