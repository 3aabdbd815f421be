import { expect, test } from "vitest";
import type { TaktEvent } from "../../live/stream";
import type { Order } from "./chains";
import { effectsOf } from "./effects";

const order = (id: string, item: string, status: string, quantity: string) =>
  ({ order_id: id, item, status, quantity }) as Order;

function event(type: string, at: number, data: object): TaktEvent {
  const time = new Date(at).toISOString();
  return { type, time, subject: `${type}${at}`, data } as TaktEvent;
}

const told = (at: number, after: Order) =>
  event(`takt.purchase_order.${after.status}.v1`, at, { order: after });

test("an order that only moved in time changes no quantity", () => {
  const before = new Map([["a", order("a", "SEAL", "proposed", "500")]]);
  const events = [
    told(90, order("a", "SEAL", "cancelled", "500")),
    told(90, order("b", "SEAL", "proposed", "500")),
  ];
  expect(effectsOf(events, before)).toMatchObject({ orders: [], touchedOrders: 2 });
});

test("what is on order changes by item, the largest change first", () => {
  const before = new Map([["a", order("a", "SEAL", "proposed", "500")]]);
  const events = [
    told(80, order("c", "PUMP", "proposed", "0.5")),
    told(90, order("a", "SEAL", "revised", "200")),
    told(95, order("d", "BOLT", "cancelled", "7")),
  ];
  expect(effectsOf(events, before).orders).toEqual([
    { item: "SEAL", change: "-300" },
    { item: "BOLT", change: "-7" },
    { item: "PUMP", change: "0.5" },
  ]);
});

test("milliseconds run from the first event to the last of each part", () => {
  const plan = { outcome: "unchanged", because: "stock" };
  const effects = effectsOf(
    [
      event("takt.plan.changed.v1", 1_090, plan),
      event("takt.deal.stage_changed.v1", 1_000, {}),
      event("takt.plan.changed.v1", 1_120, plan),
    ],
    new Map(),
  );
  expect(effects.ms).toEqual({ deal: 0, plan: 120 });
  expect(effects.plans).toEqual({ changed: 0, unchanged: 2, because: ["stock"] });
});

test("demand beyond the horizon is told from demand in sight", () => {
  const demand = (expected: object[]) =>
    event("takt.pipeline_demand.changed.v1", 0, {
      probability: "0.5",
      expected_value: "1",
      lines: [{ expected }],
    });
  expect(effectsOf([demand([])], new Map()).demand?.inSight).toBe(false);
  expect(effectsOf([demand([{ week: "2026-11-23" }])], new Map()).demand?.inSight).toBe(true);
});
