/** The pipeline's totals by stage, kept as the events say. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { standingQuery } from "../../api/queries";
import { useEvents } from "../../live/live";

const PAUSE_MS = 250;

/** The totals; asked for anew when deals have changed, once for many that change together. */
export function useStanding(pipeline: string) {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((batch) => {
    const about = batch.some((event) => event.type.startsWith("takt.deal."));
    if (!about || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: standingQuery(pipeline).queryKey });
    }, PAUSE_MS);
  });
  return useQuery(standingQuery(pipeline));
}
