/** The errors of the replayed past as a table: a line for each lag, class or level, beside each other the methods. */

import type { Schemas } from "../../api/client";
import type { Grouping } from "./search";

export type Row = Schemas["BacktestRow"];

const METHODS: readonly string[] = ["naive", "fast", "combination", "rate", "published"];
const ORDERS: Record<Exclude<Grouping, "lag">, readonly string[]> = {
  class: ["smooth", "erratic", "intermittent", "lumpy"],
  level: ["all", "family", "region", "product", "series"],
};

export interface ErrorLine {
  label: string;
  weeks: number;
  by: Readonly<Partial<Record<string, Row>>>;
  /** The method of the lowest WAPE; undefined where none is known. */
  best: string | undefined;
}

export interface ErrorTable {
  methods: string[];
  lines: ErrorLine[];
  /** The largest WAPE, for bars. */
  largest: number;
}

/** The lines of one grouping, in its order; what is not known of comes last, as it came. */
export function errorTable(rows: readonly Row[], grouping: Grouping): ErrorTable {
  const lines = new Map<string, Row[]>();
  for (const row of rows.filter((one) => one.grouping === grouping)) {
    lines.set(row.label, [...(lines.get(row.label) ?? []), row]);
  }
  const methods = [...new Set([...lines.values()].flat().map((row) => row.method as string))];
  const order = grouping === "lag" ? null : ORDERS[grouping];
  const place = (label: string) => (order ? known(order, label) : Number(label));
  return {
    methods: methods.sort((a, b) => known(METHODS, a) - known(METHODS, b)),
    lines: [...lines]
      .sort(([a], [b]) => place(a) - place(b))
      .map(([label, of]) => ({
        label,
        weeks: Math.max(...of.map((row) => row.weeks)),
        by: Object.fromEntries(of.map((row) => [row.method, row])),
        best: bestOf(of),
      })),
    largest: Math.max(0, ...[...lines.values()].flat().map((row) => row.wape ?? 0)),
  };
}

function bestOf(rows: readonly Row[]): string | undefined {
  const known = rows.filter((row) => row.wape !== null);
  return known.sort((a, b) => (a.wape ?? 0) - (b.wape ?? 0))[0]?.method;
}

function known(order: readonly string[], name: string): number {
  const place = order.indexOf(name);
  return place < 0 ? order.length : place;
}

type Decision = Schemas["ModelDecision"];

/** The decision that can be undone: the last that changed who is published, where it was a promotion. */
export function undoable(decisions: readonly Decision[]): number | null {
  const last = decisions.find(({ outcome }) => outcome !== "kept");
  return last?.outcome === "promoted" ? last.decision : null;
}

export type Run = Schemas["RefitRun"];

export const isUnderWay = (run: Run | undefined): boolean =>
  run !== undefined && run.state !== "done" && run.state !== "failed";

/** A run as an event has just told of it; one that is not known yet has to be asked for. */
export function progressed(runs: readonly Run[], told: Record<string, unknown>): Run[] | null {
  const known = runs.find((run) => run.id === told.run_id);
  if (!known) return null;
  const { state, series, rows, rows_done, seconds_left, failure } = told as unknown as Run;
  return runs.map((run) =>
    run === known ? { ...run, state, series, rows, rows_done, seconds_left, failure } : run,
  );
}
