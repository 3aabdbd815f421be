import { expect, test } from "vitest";
import type { TaktEvent } from "../../live/stream";
import {
  type BeatState,
  fold,
  KEPT_CHAINS,
  KEPT_ORDERS,
  type Moved,
  type Order,
  QUIET,
  seedOrders,
  unwatch,
  watch,
} from "./chains";
import { reduce } from "./use-beat";

let number = 0;

function event(
  type: string,
  at: number,
  ids: string[],
  data: object = {},
  subject = "s",
): TaktEvent {
  number += 1;
  return {
    id: `e${number}`,
    type,
    topic: "t",
    subject,
    time: new Date(Date.UTC(2026, 10, 24) + at).toISOString(),
    service: "x",
    sequence: 1,
    correlations: ids,
    more: 0,
    causes: [],
    data,
  };
}

const moved = (at: number, id: string) =>
  event("takt.deal.stage_changed.v1", at, [id], {
    from_stage: "a",
    to_stage: "b",
    deal: {
      deal_id: "d",
      name: "Pumps",
      region: "NORTH",
      lines: [
        { product: "SMALL", quantity: "100", price: "0.01" },
        { product: "LARGE", quantity: "2", price: "900" },
      ],
    },
  });

const series = (at: number, ids: string[], product: string) =>
  event(
    "takt.forecast.changed.v1",
    at,
    ids,
    { product, region: "NORTH", buckets: [] },
    `${product}|NORTH`,
  );

const order = (id: string, quantity: string) =>
  event("takt.purchase_order.revised.v1", 0, ["c"], { order: { order_id: id, quantity } });

const cash = (at: number, id: string, balance: string) =>
  event("takt.cash.projected.v1", at, [id], { lowest_expected: { week: "w", balance }, weeks: [] });

test("a chain counts each part and its milliseconds since the first event, whatever the order", () => {
  const events = [moved(0, "c"), series(30, ["c"], "LARGE"), series(41, ["c"], "SMALL")];
  for (const shuffled of [events, [...events].reverse()]) {
    const singly = shuffled.reduce((state, one) => fold(state, [one]), QUIET);
    const [chain] = singly.chains;
    expect(chain).toMatchObject({
      id: "c",
      type: "takt.deal.stage_changed.v1",
      deal: { name: "Pumps", from: "a", to: "b" },
      series: "LARGE|NORTH",
      steps: { deal: { count: 1, last: 0 }, forecast: { count: 2, first: 30, last: 41 } },
    });
  }
});

test("an event of a coalesced batch belongs to each of its chains", () => {
  const state = fold(QUIET, [
    moved(0, "one"),
    moved(5, "two"),
    series(20, ["one", "two"], "LARGE"),
  ]);
  const counts = state.chains.map((chain) => [chain.id, chain.steps.forecast?.count]);
  expect(counts).toEqual([
    ["two", 1],
    ["one", 1],
  ]);
});

test("the series shown is the one of the line that is worth most", () => {
  const state = fold(QUIET, [
    moved(0, "c"),
    series(30, ["c"], "LARGE"),
    series(31, ["c"], "SMALL"),
  ]);
  expect(state.touched?.series.product).toBe("LARGE");
});

test("the deal's own series stays shown when another of its chain comes in a later batch", () => {
  const batches = [
    [moved(0, "c"), series(30, ["c"], "LARGE")],
    [series(31, ["c"], "SMALL")],
    [series(32, ["other"], "SMALL")],
  ];
  const shown: (string | undefined)[] = [];
  batches.reduce((before, batch) => {
    const state = fold(before, batch);
    shown.push(state.touched?.series.product);
    return state;
  }, QUIET);
  expect(shown).toEqual(["LARGE", "LARGE", "SMALL"]);
});

test("an answer goes before what an older event told of an order, and not before a newer one", () => {
  const told = (id: string, quantity: string, sequence: number) => ({
    ...order(id, quantity),
    sequence,
  });
  const heard = fold(QUIET, [told("a", "5", 2), told("b", "5", 4)]);
  const state = seedOrders(heard, [
    { order_id: "a", quantity: "7", sequence: 3 } as Order,
    { order_id: "b", quantity: "7", sequence: 3 } as Order,
  ]);
  expect([...state.orders.values()].map((one) => one.quantity)).toEqual(["7", "5"]);
  const after = fold(state, [told("a", "9", 4)]);
  expect(after.changed[0]).toMatchObject({ before: { quantity: "7" }, order: { quantity: "9" } });
});

test("after a restart nothing is left of what may have been overtaken", () => {
  const heard = fold(QUIET, [order("o", "5"), moved(0, "c")]);
  expect(reduce(heard, { do: "restart" })).toEqual(QUIET);
});

test("an order's event without its order is passed over", () => {
  expect(fold(QUIET, [event("takt.purchase_order.revised.v1", 0, ["c"])]).changed).toEqual([]);
});

test("a move that was refused is watched no longer, unless another has begun since", () => {
  const watched = watch(QUIET, { id: "mine" } as Moved);
  expect(unwatch(watched, "mine").own.moved).toBeNull();
  expect(unwatch(watched, "other").own.moved?.id).toBe("mine");
});

test("an order is shown beside what it was, and only once", () => {
  const seeded = seedOrders(QUIET, [{ order_id: "o", quantity: "5" } as never]);
  const state = [order("o", "7"), order("p", "1"), order("o", "9")].reduce(
    (before, one) => fold(before, [one]),
    seeded,
  );
  expect(state.changed.map((one) => [one.order.quantity, one.before?.quantity])).toEqual([
    ["9", "7"],
    ["1", undefined],
  ]);
});

test("several projections of one chain are compared with what was before the first", () => {
  const state = fold(QUIET, [cash(0, "x", "10"), cash(1, "y", "20"), cash(2, "y", "30")]);
  expect(state.cash.now?.lowest_expected.balance).toBe("30");
  expect(state.cash.before?.lowest_expected.balance).toBe("10");
});

test("the chain that the page began keeps its events, others do not", () => {
  const state = fold(watch(QUIET, { id: "mine" } as Moved), [moved(0, "mine"), moved(1, "other")]);
  expect(state.own.events).toHaveLength(1);
});

test("nothing grows without bound", () => {
  let state: BeatState = watch(QUIET, { id: "c0" } as Moved);
  for (let at = 0; at < 3_000; at += 1) {
    state = fold(state, [moved(at, `c${at}`), order(`o${at}`, "1"), series(at, ["c0"], "LARGE")]);
  }
  expect(state.chains).toHaveLength(KEPT_CHAINS);
  expect(state.orders.size).toBe(KEPT_ORDERS);
  expect(state.own.events.length).toBeLessThanOrEqual(300);
});
