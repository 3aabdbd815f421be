/** The bridge from one version to another: its steps sum to the difference exactly. */

import type { Schemas } from "../../api/client";
import { decimal, micros } from "../../lib/amount";

type Explained = Pick<Schemas["ExplainedSum"], "before" | "after" | "parts">;
export type Part = Schemas["ExplainedPart"];

export interface Step {
  /** The one part that it is of; null for several. */
  part: Part | null;
  /** Why several are one step. */
  of: "one" | "aged" | "rest";
  parts: number;
  quantity: string;
  value: string;
  /** Where it begins and ends. */
  from: string;
  to: string;
}

/** Steps that are told apart. */
export const TOLD = 9;

/**
 * The steps of a bridge, the largest first, and behind them what is left together.
 *
 * Deals that nobody touched are one step. What only moves the value, such as a price, is no step in units.
 */
export function bridgeOf({ before, after, parts }: Explained, told = TOLD): Step[] {
  const moving = parts.filter(({ quantity }) => micros(quantity) !== 0n);
  const aged = moving.filter(({ deal }) => deal?.change === "aged");
  const groups: Omit<Step, "from" | "to">[] = moving
    .filter((part) => !aged.includes(part))
    .map((part) => ({ part, of: "one", parts: 1, ...total([part]) }));
  if (aged.length > 0) groups.push(together(aged, "aged"));
  groups.sort((a, b) => Number(size(b.quantity) - size(a.quantity)));
  const left = groups.slice(told);
  // One that is left alone is told as well: to call it something else would take the same room.
  const steps = left.length > 1 ? groups.slice(0, told) : groups;
  if (left.length > 1) {
    const parts = left.reduce((count, group) => count + group.parts, 0);
    steps.push({ part: null, of: "rest", parts, ...total(left) });
  }
  let place = micros(before);
  const placed = steps.map((step) => {
    const from = place;
    place += micros(step.quantity);
    return { ...step, from: decimal(from), to: decimal(place) };
  });
  if (place !== micros(after)) throw new RangeError("the parts do not sum to the difference");
  return placed;
}

interface Sized {
  quantity: string;
  value: string;
}

const size = (quantity: string): bigint => {
  const units = micros(quantity);
  return units < 0n ? -units : units;
};

function together(parts: readonly Part[], of: "aged" | "rest"): Omit<Step, "from" | "to"> {
  return { part: null, of, parts: parts.length, ...total(parts) };
}

function total(parts: readonly Sized[]): Sized {
  const add = (name: keyof Sized) =>
    decimal(parts.reduce((sum, part) => sum + micros(part[name]), 0n));
  return { quantity: add("quantity"), value: add("value") };
}
