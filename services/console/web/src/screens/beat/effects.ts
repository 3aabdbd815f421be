/** What a chain has done so far, read from its events. */

import { decimal, micros } from "../../lib/amount";
import type { TaktEvent } from "../../live/stream";
import type { Order } from "./chains";
import { type Kind, kindOf } from "./words";

export interface Effects {
  /** Milliseconds from the first event to the last of each part. */
  ms: Partial<Record<Kind, number>>;
  /** The win probability and expected value that the forecast now has of the deal. */
  demand: { probability: string; value: string; inSight: boolean } | null;
  series: number;
  plans: { changed: number; unchanged: number; because: readonly string[] };
  /** Per item, by how much the quantity on order changed, the largest first. */
  orders: readonly { item: string; change: string }[];
  /** How many orders it touched. */
  touchedOrders: number;
  lowest: { balance: string; week: string } | null;
  review: string | null;
}

/**
 * The effects of a chain.
 *
 * @param events of the chain alone.
 * @param before orders as they were before it, by id. An order that was not there is nothing.
 */
export function effectsOf(
  events: readonly TaktEvent[],
  before: ReadonlyMap<string, Order>,
): Effects {
  const began = Math.min(...events.map((event) => Date.parse(event.time)));
  const ms: Effects["ms"] = {};
  const series = new Set<string>();
  const plans = new Map<string, { outcome: string; because: string | null }>();
  const orders = new Map<string, Order>();
  let demand: Effects["demand"] = null;
  let lowest: Effects["lowest"] = null;
  let review: string | null = null;
  for (const { type, time, subject, data } of events) {
    const kind = kindOf(type);
    ms[kind] = Math.max(ms[kind] ?? 0, Date.parse(time) - began);
    if (type === "takt.pipeline_demand.changed.v1") {
      const inSight = data.lines.some((line: { expected: unknown[] }) => line.expected.length > 0);
      demand = { probability: data.probability, value: data.expected_value, inSight };
    } else if (kind === "forecast") series.add(subject);
    else if (kind === "plan") plans.set(subject, { outcome: data.outcome, because: data.because });
    else if (kind === "order") orders.set(data.order.order_id, data.order);
    else if (type === "takt.cash.projected.v1") lowest = data.lowest_expected;
    else if (type === "takt.review.opened.v1") review = data.review.review_id;
  }
  const told = [...plans.values()];
  const still = told.filter((plan) => plan.outcome === "unchanged");
  return {
    ms,
    demand,
    series: series.size,
    plans: {
      changed: told.length - still.length,
      unchanged: still.length,
      because: [...new Set(still.flatMap((plan) => plan.because ?? []))],
    },
    orders: changes(orders, before),
    touchedOrders: orders.size,
    lowest,
    review,
  };
}

/** Per item, by how much the quantity on order changed; an order that only moved in time changes none. */
function changes(
  after: ReadonlyMap<string, Order>,
  before: ReadonlyMap<string, Order>,
): { item: string; change: string }[] {
  const sums = new Map<string, bigint>();
  for (const [id, order] of after) {
    const now = order.status === "cancelled" ? 0n : micros(order.quantity);
    // One that this page had not seen: a cancelled one had its quantity, a proposed one is new.
    const unseen = order.status === "cancelled" ? order.quantity : "0";
    const was = micros(before.get(id)?.quantity ?? unseen);
    sums.set(order.item, (sums.get(order.item) ?? 0n) + now - was);
  }
  const size = (value: bigint) => (value < 0n ? -value : value);
  return [...sums]
    .filter(([, change]) => change !== 0n)
    .sort(([, a], [, b]) => (size(b) > size(a) ? 1 : -1))
    .map(([item, change]) => ({ item, change: decimal(change) }));
}
