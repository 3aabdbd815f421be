/** Reads anew what events have changed: soon what is about the series that is shown, calmly the rest. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import { progressed, type Run } from "./errors";
import type { Node } from "./node";
import { runsQuery } from "./queries";

const SOON_MS = 250;
const CALM_MS = 2_000;

/** What an event of a type may have changed, by the names under which answers are remembered. */
const CHANGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^takt\.forecast\.changed\./, ["forecast", "forecast-sums"]],
  [/^takt\.sale\./, ["demand-history"]],
  [/^takt\.signal\./, ["signals"]],
  [/^takt\.forecast_version\./, ["forecast-versions"]],
  [/^takt\.forecast\.refit_progressed\./, ["refits"]],
];
const AFTER_A_RUN = ["refits", "forecast-models", "backtest", "trials", "forecast"];

export function useRefreshed(node: Node): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const due = useRef(Number.POSITIVE_INFINITY);
  const waiting = useRef(new Set<unknown>());
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((batch) => {
    const changed = batch.flatMap((event) => changedBy(event, queries));
    if (changed.length === 0) return;
    for (const name of changed) waiting.current.add(name);
    const wait = batch.some((event) => isOwn(event, node)) ? SOON_MS : CALM_MS;
    if (due.current <= performance.now() + wait) return;
    clearTimeout(timer.current);
    due.current = performance.now() + wait;
    timer.current = setTimeout(() => {
      due.current = Number.POSITIVE_INFINITY;
      const names = waiting.current;
      waiting.current = new Set();
      void queries.invalidateQueries({
        predicate: ({ queryKey, meta }) => names.has(queryKey[0]) && !meta?.reference,
      });
    }, wait);
  });
}

function changedBy(event: TaktEvent, queries: QueryClient): readonly string[] {
  const names = CHANGES.find(([type]) => type.test(event.type))?.[1] ?? [];
  if (!names.includes("refits") || !event.data) return names;
  if (event.data.state === "done" || event.data.state === "failed") return AFTER_A_RUN;
  // How far it is, is in the event itself.
  const known = queries.getQueryData<Run[]>(runsQuery.queryKey);
  const now = known && progressed(known, event.data);
  if (!now) return names;
  queries.setQueryData(runsQuery.queryKey, now);
  return [];
}

/** Of what is shown, or what somebody has just done here and waits for. */
function isOwn({ type, data }: TaktEvent, { product, region }: Node): boolean {
  if (!type.startsWith("takt.forecast.changed.")) return !type.startsWith("takt.sale.");
  return data !== null && data?.product === product && data?.region === region;
}
