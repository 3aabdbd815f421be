/** The board's cards: all open deals, read once and kept up to date by the events. */

import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { api, expect, type Schemas } from "../../api/client";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import { changedCards } from "./live";

export type Card = Schemas["CardOut"];
export type Cards = Schemas["CardsOut"];

export const cardsQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["cards", pipeline],
    queryFn: () =>
      expect(api.GET("/v1/pipelines/{code}/cards", { params: { path: { code: pipeline } } })),
    staleTime: 300_000,
  });

export function usePipelineCards(pipeline: string) {
  const query = useQuery(cardsQuery(pipeline));
  return { ...query, cards: query.data?.cards ?? [] };
}

/** Change cards that have been read, and leave the others as they are. */
export function changeCards(
  queries: QueryClient,
  pipeline: string,
  change: (cards: readonly Card[]) => readonly Card[],
): void {
  queries.setQueryData(cardsQuery(pipeline).queryKey, (known: Cards | undefined) => {
    if (!known) return known;
    const cards = change(known.cards);
    return cards === known.cards ? known : { ...known, cards: [...cards] };
  });
}

export interface Hold {
  /** From now on the board stands still: what happens waits. */
  hold: () => void;
  /** What has waited happens now. */
  release: () => void;
}

/** Keep the cards as the events say, but for while something is dragged. */
export function useLiveCards(pipeline: string, onChanged?: (ids: readonly string[]) => void): Hold {
  const queries = useQueryClient();
  const held = useRef<TaktEvent[] | null>(null);
  const apply = useCallback(
    (events: readonly TaktEvent[]) => {
      changeCards(queries, pipeline, (cards) => {
        const { cards: after, changed, unknown } = changedCards(cards, events, pipeline);
        if (changed.length > 0) onChanged?.(changed);
        // A new deal's event does not name its account: the board itself does.
        if (unknown) void queries.invalidateQueries({ queryKey: cardsQuery(pipeline).queryKey });
        return after;
      });
    },
    [queries, pipeline, onChanged],
  );
  useEvents((batch) => {
    const about = batch.filter(({ type }) => /^takt\.(deal|pipeline_demand)\./.test(type));
    if (about.length === 0) return;
    if (held.current) held.current.push(...about);
    else apply(about);
  });
  return {
    hold: useCallback(() => {
      held.current ??= [];
    }, []),
    release: useCallback(() => {
      const waited = held.current;
      held.current = null;
      if (waited?.length) apply(waited);
    }, [apply]),
  };
}
