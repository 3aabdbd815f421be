/** What a chart of the forecast shows: what was wanted, what is expected, and what another version said. */

import { decimal, micros } from "../../lib/amount";

/** A week of a forecast; the intervals of a sum may not be known. */
export interface Bucket {
  week: string;
  quantity: string;
  baseline: string;
  pipeline: string;
  low80?: string | null;
  high80?: string | null;
  low95?: string | null;
  high95?: string | null;
}

export type Banded = Bucket & Record<"low80" | "high80" | "low95" | "high95", string>;

export const isBanded = (bucket: Bucket | undefined): bucket is Banded =>
  typeof bucket?.low80 === "string" &&
  typeof bucket.high80 === "string" &&
  typeof bucket.low95 === "string" &&
  typeof bucket.high95 === "string";

const DAY_MS = 86_400_000;
const ms = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  const sinceMonday = (new Date(ms(day)).getUTCDay() + 6) % 7;
  return dayOf(ms(day) - sinceMonday * DAY_MS);
}

export const addWeeks = (week: string, weeks: number): string =>
  dayOf(ms(week) + weeks * 7 * DAY_MS);

/** Mondays from one to another, both of them. */
export function weeksFrom(first: string, last: string): string[] {
  const weeks: string[] = [];
  for (let week = first; week <= last; week = addWeeks(week, 1)) weeks.push(week);
  return weeks;
}

/** How many weeks a day lies behind the Monday of a week, in parts of a week. */
export const weeksBetween = (week: string, day: string): number =>
  (ms(day) - ms(week)) / (7 * DAY_MS);

interface Demand {
  product: string;
  region: string;
  begins: string;
  quantity: string;
}

/** The exact demand of each week, of the series that are covered. */
export function demandByWeek(
  rows: readonly Demand[],
  covered: (product: string, region: string) => boolean,
): Map<string, string> {
  const sums = new Map<string, bigint>();
  for (const { product, region, begins, quantity } of rows) {
    if (covered(product, region)) sums.set(begins, (sums.get(begins) ?? 0n) + micros(quantity));
  }
  return new Map([...sums].map(([week, total]) => [week, decimal(total)]));
}

export interface Axis {
  weeks: string[];
  /** Demand of weeks that are over; a week in which nothing was wanted counts as zero. */
  actual: Map<string, string>;
  /** What is already ordered for weeks that are not over. */
  ordered: Map<string, string>;
  shown: Map<string, Bucket>;
  against: Map<string, Bucket>;
}

/** All that is drawn, on one axis: so many weeks of the past, as far as anything is known of them, and the forecast's. */
export function axisOf(
  {
    demand,
    shown,
    against,
  }: {
    demand: ReadonlyMap<string, string>;
    shown: readonly Bucket[];
    against: readonly Bucket[];
  },
  thisWeek: string,
  past: number,
): Axis {
  const earliest = addWeeks(thisWeek, -past);
  const expected = [...shown, ...against]
    .map(({ week }) => week)
    .filter((week) => week >= earliest);
  const wanted = [...demand.keys()].filter((week) => week >= earliest && week < thisWeek).sort();
  const known = [...expected, ...wanted].sort();
  const [first = thisWeek, last = thisWeek] = [known[0], known.at(-1)];
  const weeks = weeksFrom(first, last < thisWeek ? thisWeek : last);
  const began = [...demand.keys()].sort()[0];
  const over = weeks.filter((week) => week < thisWeek && began !== undefined && week >= began);
  const byWeek = (buckets: readonly Bucket[]) =>
    new Map(buckets.filter(({ week }) => week >= first).map((bucket) => [bucket.week, bucket]));
  return {
    weeks,
    actual: new Map(over.map((week) => [week, demand.get(week) ?? "0"])),
    ordered: new Map([...demand].filter(([week]) => week >= thisWeek && week <= last)),
    shown: byWeek(shown),
    against: byWeek(against),
  };
}

export interface Judged {
  weeks: number;
  said: string;
  came: string;
  /** Weeks that lay in the intervals, of those that had some. */
  inside80: number;
  inside95: number;
  banded: number;
}

/** What was published for weeks that are over, beside what came; null where none is over. */
export function judge(
  published: ReadonlyMap<string, Bucket>,
  actual: ReadonlyMap<string, string>,
): Judged | null {
  const judged = { weeks: 0, said: 0n, came: 0n, inside80: 0, inside95: 0, banded: 0 };
  for (const [week, bucket] of published) {
    const came = actual.get(week);
    if (came === undefined) continue;
    judged.weeks += 1;
    judged.said += micros(bucket.quantity);
    judged.came += micros(came);
    if (!isBanded(bucket)) continue;
    const inside = (low: string, high: string) =>
      micros(low) <= micros(came) && micros(came) <= micros(high) ? 1 : 0;
    judged.banded += 1;
    judged.inside80 += inside(bucket.low80, bucket.high80);
    judged.inside95 += inside(bucket.low95, bucket.high95);
  }
  if (judged.weeks === 0) return null;
  return { ...judged, said: decimal(judged.said), came: decimal(judged.came) };
}
