/** The board as it is shown: which cards, in which order, and what each column sums to. */

import type { PipelineStage } from "../../api/queries";
import { decimal, micros, times } from "../../lib/amount";
import type { Card } from "./cards";
import type { Filters, ListFilter, Sort } from "./filters";

const DAY_MS = 86_400_000;

export interface Column {
  stage: PipelineStage;
  cards: readonly Card[];
  value: string;
  /** Sum of probability x value. */
  weighted: string;
}

/** A person's own probability goes before the model's. */
export const probabilityOf = (card: Card): string | null =>
  card.manual_probability ?? card.probability ?? null;

/** Whole days in the stage, never negative where clocks differ. */
export const daysInStage = (card: Card, now: number): number =>
  Math.max(0, Math.floor((now - Date.parse(card.stage_entered_at)) / DAY_MS));

export function isOver(card: Card, stage: PipelineStage | undefined, now: number): boolean {
  const target = stage?.target_days;
  return target != null && now - Date.parse(card.stage_entered_at) > Number(target) * DAY_MS;
}

const HAS: Record<ListFilter, (card: Card, wanted: readonly string[]) => boolean> = {
  stage: (card, wanted) => wanted.includes(card.stage),
  owner: (card, wanted) => wanted.includes(card.owner),
  team: (card, wanted) => card.team !== null && wanted.includes(card.team),
  region: (card, wanted) => wanted.includes(card.region),
  product: (card, wanted) => card.products.some((product) => wanted.includes(product)),
};

/** Whether a card passes every filter. */
export function passes(
  card: Card,
  filters: Filters,
  stage: PipelineStage | undefined,
  now: number,
): boolean {
  for (const [name, has] of Object.entries(HAS)) {
    const wanted = filters[name as ListFilter];
    if (wanted && !has(card, wanted)) return false;
  }
  if (filters.age === "over" && !isOver(card, stage, now)) return false;
  if (filters.age === "stalled" && !card.stalled) return false;
  if (filters.age && /^\d+$/.test(filters.age)) {
    if ((now - Date.parse(card.opened_at)) / DAY_MS < Number(filters.age)) return false;
  }
  if (!filters.text) return true;
  const text = filters.text.toLocaleLowerCase();
  return [card.name, card.account ?? ""].some((one) => one.toLocaleLowerCase().includes(text));
}

const least = (text: string | null) => (text === null ? -1n : micros(text));
const bigger = (a: bigint, b: bigint) => (a === b ? 0 : a > b ? -1 : 1);
const earlier = (a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1);

/** Amounts of cards as whole millionths: read once for each card, which never changes. */
const WORTH = new WeakMap<Card, { value: bigint; expected: bigint }>();

export function worth(card: Card): { value: bigint; expected: bigint } {
  let known = WORTH.get(card);
  if (!known) {
    const chance = probabilityOf(card)?.slice(0, 8) ?? "0";
    known = { value: micros(card.value), expected: micros(times(card.value, chance)) };
    WORTH.set(card, known);
  }
  return known;
}

const ORDERS: Record<Sort, (a: Card, b: Card) => number> = {
  value: (a, b) => bigger(worth(a).value, worth(b).value),
  age: (a, b) => earlier(a.stage_entered_at, b.stage_entered_at),
  close: (a, b) => earlier(a.expected_close ?? "9", b.expected_close ?? "9"),
  probability: (a, b) => bigger(least(probabilityOf(a)), least(probabilityOf(b))),
};

/** Cards in their order; equal ones by id, so that none moves for nothing. */
export function sorted(cards: readonly Card[], by: Sort): Card[] {
  return [...cards].sort((a, b) => ORDERS[by](a, b) || (a.id < b.id ? -1 : 1));
}

/** The columns of the open stages, with what they sum to; one whose cards are as they were is the same one. */
export function columnsOf(
  stages: readonly PipelineStage[],
  cards: readonly Card[],
  filters: Filters,
  now: number,
  before: readonly Column[] = [],
): Column[] {
  const open = stages.filter((stage) => stage.kind === "open");
  const by = new Map<string, Card[]>(open.map((stage) => [stage.code, []]));
  const stageOf = new Map(stages.map((stage) => [stage.code, stage]));
  for (const card of cards) {
    if (card.status !== "open" || !passes(card, filters, stageOf.get(card.stage), now)) continue;
    by.get(card.stage)?.push(card);
  }
  return open.map((stage) => {
    const own = sorted(by.get(stage.code) ?? [], filters.sort ?? "value");
    const known = before.find((column) => column.stage === stage);
    if (known?.cards.length === own.length && own.every((card, at) => card === known.cards[at])) {
      return known;
    }
    let [value, expected] = [0n, 0n];
    for (const card of own) {
      value += worth(card).value;
      expected += worth(card).expected;
    }
    return { stage, cards: own, value: decimal(value), weighted: decimal(expected) };
  });
}

/**
 * One step from the columns that are drawn to those that are: a single one of them, first the one that has gained
 * most, so that a card that moves is never nowhere. The same columns where nothing is left to draw.
 */
export function oneStep(drawn: readonly Column[], columns: readonly Column[]): readonly Column[] {
  const others = drawn.length !== columns.length;
  if (others || columns.some(({ stage }, place) => stage !== drawn[place]?.stage)) return columns;
  const gain = (place: number) =>
    (columns[place]?.cards.length ?? 0) - (drawn[place]?.cards.length ?? 0);
  const [next] = [...columns.keys()]
    .filter((place) => columns[place] !== drawn[place])
    .sort((a, b) => gain(b) - gain(a));
  return next === undefined
    ? drawn
    : drawn.map((column, place) => (place === next ? (columns[next] ?? column) : column));
}

/** Chosen deals by the stage in which they were chosen. */
export type Chosen = ReadonlyMap<string, readonly string[]>;

/** What of the selection still stands where it was selected, and is in sight. */
export function stillChosen(
  selected: ReadonlyMap<string, ReadonlySet<string>>,
  columns: readonly Column[],
): Chosen {
  const chosen = new Map<string, readonly string[]>();
  for (const { stage, cards } of columns) {
    const ids = selected.get(stage.code);
    if (!ids || ids.size === 0) continue;
    const here = cards.flatMap((card) => (ids.has(card.id) ? [card.id] : []));
    if (here.length > 0) chosen.set(stage.code, here);
  }
  return chosen;
}

/** Which of the chosen deals still stand where they were chosen, and which are gone from there. */
export function standing(
  chosen: Chosen,
  cardOf: (id: string) => Card | undefined,
): { there: string[]; gone: Card[] } {
  const there: string[] = [];
  const gone: Card[] = [];
  for (const [stage, ids] of chosen) {
    for (const card of ids.flatMap((id) => cardOf(id) ?? [])) {
      if (card.stage === stage) there.push(card.id);
      else gone.push(card);
    }
  }
  return { there, gone };
}
