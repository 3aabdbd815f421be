/**
 * The causal chains as their events arrive, folded into what the home screen shows.
 *
 * Pure and bounded: the state after a batch depends on the state before and the batch alone, and no list in it
 * grows beyond its limit, however long the page is open.
 */

import { micros } from "../../lib/amount";
import type { TaktEvent } from "../../live/stream";
import type { Card } from "../pipeline/cards";
import { type Kind, kindOf } from "./words";

export const KEPT_CHAINS = 100;
export const KEPT_ORDERS = 500;
export const KEPT_CHANGED = 100;
const KEPT_OWN = 300;

export interface Step {
  count: number;
  /** Milliseconds from the chain's first event to the first and the last of this part. */
  first: number;
  last: number;
}

export interface Chain {
  id: string;
  /** When its first event happened, in milliseconds of the wall clock. */
  began: number;
  ended: number;
  /** The type of its first event. */
  type: string;
  deal?: { id: string; name: string; from?: string; to?: string };
  /** The series of the deal's line that is worth most: `product|region`. */
  series?: string;
  steps: Partial<Record<Kind, Step>>;
}

export interface Order {
  order_id: string;
  /** Counts its changes: of two states, the one with the higher number is newer. */
  sequence: number;
  number: string;
  status: string;
  item: string;
  site: string;
  supplier: string;
  due_on: string;
  quantity: string;
  amount: string;
}

export interface ChangedOrder {
  order: Order;
  before: Order | null;
  at: string;
}

export interface Projection {
  minimum: string;
  // biome-ignore lint/suspicious/noExplicitAny: weeks as the contract takt.cash.projected.v1 says
  weeks: any[];
  lowest_expected: { week: string; balance: string };
}

export interface TouchedSeries {
  product: string;
  region: string;
  unit: string;
  as_of: string;
  // biome-ignore lint/suspicious/noExplicitAny: buckets as the contract takt.forecast.changed.v1 says
  buckets: any[];
}

export interface BeatState {
  /** The newest first. */
  chains: readonly Chain[];
  /** Orders as last heard of, by id. */
  orders: ReadonlyMap<string, Order>;
  /** Those that changed since the page was opened, the last first. */
  changed: readonly ChangedOrder[];
  cash: { now: Projection | null; before: Projection | null; by: readonly string[] };
  /** The series that was touched last; `main`: that of the deal of a chain, of which `by` are the ids. */
  touched: { series: TouchedSeries; main: boolean; by: readonly string[] } | null;
  /** The move that this page made last, and the events of its chain. */
  own: { moved: Moved | null; events: readonly TaktEvent[] };
}

/** A move made on this page, with what stood before it. */
export interface Moved {
  /** The correlation id that its chain bears. */
  id: string;
  card: Card;
  from: string;
  to: string;
  /** What the forecast thought of the deal before. */
  demand: { probability: string; value: string } | null;
  lowest: string | null;
  /** The orders as they were, by id. */
  orders: ReadonlyMap<string, Order>;
}

export const QUIET: BeatState = {
  chains: [],
  orders: new Map(),
  changed: [],
  cash: { now: null, before: null, by: [] },
  touched: null,
  own: { moved: null, events: [] },
};

/** The state after a batch of events. */
export function fold(state: BeatState, batch: readonly TaktEvent[]): BeatState {
  const events = [...batch].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const chains = foldChains(state.chains, events);
  return {
    chains,
    ...foldOrders(state, events),
    cash: events.reduce(foldCash, state.cash),
    touched: foldTouched(state.touched, events, chains),
    own: foldOwn(state.own, events),
  };
}

/** Watch the chain that this move begins, from its first event on. */
export function watch(state: BeatState, moved: Moved): BeatState {
  return { ...state, own: { moved, events: [] } };
}

/** The move was refused: no chain comes of it. */
export function unwatch(state: BeatState, id: string): BeatState {
  return state.own.moved?.id === id ? { ...state, own: QUIET.own } : state;
}

/** What the services answered, but for the orders of which an event has told something newer. */
export function seedOrders(state: BeatState, orders: readonly Order[]): BeatState {
  const known = new Map(orders.map((order) => [order.order_id, order]));
  for (const [id, order] of state.orders) {
    if (order.sequence > (known.get(id)?.sequence ?? -1)) known.set(id, order);
  }
  return { ...state, orders: bounded(known) };
}

function foldChains(before: readonly Chain[], events: readonly TaktEvent[]): readonly Chain[] {
  const touched = new Map<string, Chain>();
  const known = new Map(before.map((chain) => [chain.id, chain]));
  for (const event of events) {
    const kind = kindOf(event.type);
    if (kind === "other") continue;
    for (const id of event.correlations) {
      touched.set(id, extend(touched.get(id) ?? known.get(id), id, kind, event));
    }
  }
  if (touched.size === 0) return before;
  const all = [...before.filter((chain) => !touched.has(chain.id)), ...touched.values()];
  return all.sort((a, b) => b.began - a.began).slice(0, KEPT_CHAINS);
}

function extend(chain: Chain | undefined, id: string, kind: Kind, event: TaktEvent): Chain {
  const at = Date.parse(event.time);
  if (!chain) {
    const steps = { [kind]: { count: 1, first: 0, last: 0 } };
    return { id, began: at, ended: at, type: event.type, steps, ...about(event) };
  }
  const shift = Math.max(0, chain.began - at);
  const began = chain.began - shift;
  const steps: Chain["steps"] = {};
  for (const [name, step] of Object.entries(chain.steps)) {
    steps[name as Kind] = { ...step, first: step.first + shift, last: step.last + shift };
  }
  const [known, ms] = [steps[kind], at - began];
  steps[kind] = known
    ? { count: known.count + 1, first: Math.min(known.first, ms), last: Math.max(known.last, ms) }
    : { count: 1, first: ms, last: ms };
  return {
    ...chain,
    ...(kind === "deal" && !chain.deal ? about(event) : {}),
    type: shift > 0 ? event.type : chain.type,
    began,
    ended: Math.max(chain.ended, at),
    steps,
  };
}

/** What a deal's event says of the deal. */
function about(event: TaktEvent): Pick<Chain, "deal" | "series"> {
  const deal = event.data?.deal;
  if (!event.type.startsWith("takt.deal.") || !deal) return {};
  const { from_stage: from, to_stage: to } = event.data;
  let most = -1n;
  let series: string | undefined;
  for (const line of deal.lines ?? []) {
    const worth = micros(line.quantity) * micros(line.price);
    if (worth > most) [most, series] = [worth, `${line.product}|${deal.region}`];
  }
  return {
    deal: { id: deal.deal_id, name: deal.name, ...(from && { from }), ...(to && { to }) },
    ...(series && { series }),
  };
}

function foldOrders(
  state: BeatState,
  events: readonly TaktEvent[],
): Pick<BeatState, "orders" | "changed"> {
  const news = events.filter(
    ({ type, data }) => type.startsWith("takt.purchase_order.") && data.order,
  );
  if (news.length === 0) return { orders: state.orders, changed: state.changed };
  const orders = new Map(state.orders);
  let changed = [...state.changed];
  for (const event of news) {
    const order: Order = { ...event.data.order, sequence: event.sequence ?? 0 };
    const before = orders.get(order.order_id) ?? null;
    orders.delete(order.order_id);
    orders.set(order.order_id, order);
    changed = [
      { order, before, at: event.time },
      ...changed.filter((one) => one.order.order_id !== order.order_id),
    ].slice(0, KEPT_CHANGED);
  }
  return { orders: bounded(orders), changed };
}

/** Without those that were put in first, where there are too many. */
function bounded(orders: Map<string, Order>): Map<string, Order> {
  for (const id of orders.keys()) {
    if (orders.size <= KEPT_ORDERS) break;
    orders.delete(id);
  }
  return orders;
}

/** Several projections of one chain are compared with what was before the first of them. */
function foldCash(cash: BeatState["cash"], event: TaktEvent): BeatState["cash"] {
  if (event.type !== "takt.cash.projected.v1") return cash;
  const same = event.correlations.some((id) => cash.by.includes(id));
  return {
    now: event.data as Projection,
    before: same ? cash.before : cash.now,
    by: event.correlations,
  };
}

/** The series that a chain's deal is about goes before others of the same chain, whichever comes first. */
function foldTouched(
  touched: BeatState["touched"],
  events: readonly TaktEvent[],
  chains: readonly Chain[],
): BeatState["touched"] {
  let found = touched;
  for (const { type, subject, correlations: by, data: series } of events) {
    if (type !== "takt.forecast.changed.v1") continue;
    const main = chains.some((chain) => chain.series === subject && by.includes(chain.id));
    const same = found?.by.some((id) => by.includes(id)) ?? false;
    if (!(found?.main && same && !main)) found = { series, main, by };
  }
  return found;
}

function foldOwn(own: BeatState["own"], events: readonly TaktEvent[]): BeatState["own"] {
  const { moved } = own;
  if (moved === null) return own;
  const mine = events.filter((event) => event.correlations.includes(moved.id));
  return mine.length ? { moved, events: [...own.events, ...mine].slice(-KEPT_OWN) } : own;
}
