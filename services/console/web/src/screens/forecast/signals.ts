/** Signals on the axis of a chart, and the form that records one. */

import type { Problem, Schemas } from "../../api/client";
import { decimal, micros } from "../../lib/amount";
import { weeksBetween } from "./outlook";

export type Signal = Schemas["SignalOut"];
export const KINDS = [
  "promotion",
  "price",
  "competitor",
  "policy",
  "supply",
  "market_index",
  "sentiment",
  "intention",
] as const satisfies readonly Signal["kind"][];
export type SignalKind = (typeof KINDS)[number];

export interface Window {
  signal: Signal;
  /** In weeks from the middle of the first week of the axis; a week reaches half a week to either side. */
  from: number;
  to: number;
  lane: number;
}

const DAY = 1 / 7;

/** Where signals lie on an axis of weeks, those that overlap in lanes of their own. */
export function windowsOf(signals: readonly Signal[], weeks: readonly string[]): Window[] {
  const [first] = weeks;
  if (first === undefined) return [];
  const end = weeks.length - 0.5;
  const ends: number[] = [];
  return [...signals]
    .sort((a, b) => (a.begins < b.begins ? -1 : 1))
    .flatMap((signal) => {
      const from = Math.max(-0.5, weeksBetween(first, signal.begins) - 0.5);
      const to = Math.min(end, weeksBetween(first, signal.ends) + DAY - 0.5);
      if (to <= -0.5 || from >= end) return [];
      const free = ends.findIndex((until) => until <= from);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = to;
      return [{ signal, from, to, lane }];
    });
}

/** Whether a signal holds on any day of a week. */
export const holdsIn = ({ begins, ends }: Pick<Signal, "begins" | "ends">, week: string): boolean =>
  weeksBetween(week, begins) < 1 && weeksBetween(week, ends) >= 0;

export interface SignalDraft {
  kind: SignalKind;
  /** `product:CODE`, `family:NAME`, or empty for all. */
  covers: string;
  region: string;
  begins: string;
  ends: string;
  /** By how many per cent demand changes. */
  change: string;
  value: string;
  note: string;
}

export const isPriced = (kind: SignalKind): boolean =>
  kind === "price" || kind === "promotion" || kind === "competitor";

/** Per cent as a share, exactly: "12.5" is "0.125". Null where it is no number of at most four decimals. */
export function shareOfPercent(text: string): string | null {
  const match = /^([+-]?)(\d{1,6})(?:[.,](\d{1,4}))?$/.exec(text.trim().replace(/\s?%$/, ""));
  if (!match) return null;
  const [, sign, whole, fraction = "0"] = match;
  return decimal(micros(`${sign === "-" ? "-" : ""}${whole}.${fraction}`) / 100n);
}

type SignalIn = Schemas["SignalIn"];

/** What is asked of the service; what a person has not filled is left for it to name. */
export function bodyOf(draft: SignalDraft, external_id: string): SignalIn {
  const [what, ...rest] = draft.covers.split(":");
  const covered = rest.join(":");
  const share = draft.change.trim() === "" ? null : shareOfPercent(draft.change);
  return {
    source: "console",
    external_id,
    kind: draft.kind,
    ...(what === "product" && { product: covered }),
    ...(what === "family" && { family: covered }),
    ...(draft.region && { region: draft.region }),
    begins: draft.begins,
    ends: draft.ends,
    ...(share !== null && { strength: share }),
    ...(draft.value.trim() !== "" && { value: draft.value.trim() }),
    ...(draft.note.trim() !== "" && { note: draft.note.trim() }),
  };
}

/** The same signal again, which brings back a withdrawn one. */
export const again = (signal: Signal): SignalIn => ({
  source: signal.source,
  external_id: signal.external_id,
  kind: signal.kind,
  product: signal.product ?? null,
  family: signal.family ?? null,
  region: signal.region ?? null,
  begins: signal.begins,
  ends: signal.ends,
  strength: signal.strength ?? null,
  value: signal.value ?? null,
  note: signal.note ?? null,
});

interface FieldError {
  field: string;
  problem: string;
  remedy: string;
}

const FIELDS: Record<string, keyof SignalDraft> = {
  kind: "kind",
  product: "covers",
  family: "covers",
  region: "region",
  begins: "begins",
  ends: "ends",
  strength: "change",
  value: "value",
  note: "note",
};

/** What a problem says of each field of the form; `rest` where it says anything else too. */
export function told(problem: Problem): { fields: Partial<SignalDraftErrors>; rest: boolean } {
  const errors = Array.isArray(problem.body.errors) ? (problem.body.errors as FieldError[]) : [];
  const fields: Partial<SignalDraftErrors> = {};
  let rest = errors.length === 0;
  for (const { field, problem: what, remedy } of errors) {
    const name = FIELDS[field.split(".").at(-1) ?? ""];
    if (name) fields[name] = remedy.includes(what) ? what : `${what}: ${remedy}`;
    else rest = true;
  }
  return { fields, rest };
}

export type SignalDraftErrors = Record<keyof SignalDraft, string>;
