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
/** Of thousands of sales each changes a bar by little, and all of them have to be read. */
const DEMAND_MS = 10_000;

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
  /** When what was changed is read anew, by name. */
  const due = useRef(new Map<string, number>());
  useEffect(() => () => clearTimeout(timer.current), []);
  const wait = () => {
    clearTimeout(timer.current);
    if (due.current.size === 0) return;
    timer.current = setTimeout(read, Math.min(...due.current.values()) - performance.now());
  };
  const read = () => {
    const now = performance.now();
    const names = [...due.current].flatMap(([name, at]) => (at <= now ? name : []));
    for (const name of names) due.current.delete(name);
    void queries.invalidateQueries({
      predicate: ({ queryKey, meta }) =>
        names.includes(String(queryKey[0])) && meta?.reference !== true,
    });
    wait();
  };
  useEvents((batch) => {
    const now = performance.now();
    for (const event of batch) {
      for (const name of changedBy(event, queries)) {
        const calm = name === "demand-history" ? DEMAND_MS : CALM_MS;
        const at = now + (isOwn(event, node) ? SOON_MS : calm);
        due.current.set(name, Math.min(at, due.current.get(name) ?? at));
      }
    }
    wait();
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
