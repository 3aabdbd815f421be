/** The board's cards: all open deals, read once and kept up to date by the events. */

import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, expect, type Schemas } from "../../api/client";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import { changedCards } from "./live";

export type Card = Schemas["CardOut"];
export type Cards = Schemas["CardsOut"];

export const cardsQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["cards", pipeline],
    queryFn: async ({ client, queryKey, signal }) => {
      // Who leaves while it is read hears no events any more: with the signal it is read anew the next time.
      const read = await expect(
        api.GET("/v1/pipelines/{code}/cards", { params: { path: { code: pipeline } }, signal }),
      );
      const known = client.getQueryData<Cards>(queryKey);
      return known ? { ...read, cards: newest(known.cards, read.cards) } : read;
    },
    staleTime: 300_000,
  });

/**
 * What was just read, but for cards that are known to be newer: events, or an own move, came meanwhile.
 *
 * A card of the same version may already stand where somebody is moving it; that stays. The
 * model's word has a version of its own; what has none, the account's name, is as it was read.
 */
export function newest(known: readonly Card[], read: readonly Card[]): Card[] {
  const own = new Map(known.map((card) => [card.id, card]));
  return read.map((card) => {
    const mine = own.get(card.id);
    if (!mine) return card;
    const told = wordOf(heardOf(mine) > heardOf(card) ? mine : card);
    const { account, account_id } = card;
    if (mine.sequence < card.sequence) return { ...card, ...told };
    if (mine.sequence > card.sequence) return { ...mine, ...told };
    return { ...mine, ...told, account, account_id };
  });
}

/** How far the forecast's word about a deal has been heard. */
const heardOf = (card: Card): number => card.probability_sequence ?? -1;

/** The forecast's word about a deal, which has a version of its own. */
export const wordOf = ({ probability, stalled, probability_sequence }: Card) => ({
  probability,
  stalled,
  probability_sequence,
});

/** The card as it was before a change that was refused; what the forecast has said meanwhile stays. */
export const cardBefore = (before: Card, card: Card): Card =>
  card.sequence > before.sequence ? card : { ...before, ...wordOf(card) };

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

export interface CardChanges {
  /** The card as it is now known, whatever was drawn last. */
  cardOf: (id: string) => Card | undefined;
  change: (id: string, how: (card: Card) => Card) => void;
  /** Put a card back as it was, unless something newer has been heard of it. */
  putBack: (before: Card) => void;
  /** Ask for all cards anew: what became of one is only known to the service. */
  readAgain: () => void;
}

export function useCardChanges(pipeline: string): CardChanges {
  const queries = useQueryClient();
  return useMemo(() => {
    const { queryKey } = cardsQuery(pipeline);
    const change: CardChanges["change"] = (id, how) =>
      changeCards(queries, pipeline, (cards) =>
        cards.map((card) => (card.id === id ? how(card) : card)),
      );
    return {
      change,
      cardOf: (id) => queries.getQueryData<Cards>(queryKey)?.cards.find((card) => card.id === id),
      putBack: (before) => change(before.id, (card) => cardBefore(before, card)),
      readAgain: () => void queries.invalidateQueries({ queryKey }),
    };
  }, [queries, pipeline]);
}

export interface Pending {
  /** The deals whose change the service has not agreed to yet. */
  ids: ReadonlySet<string>;
  has: (id: string) => boolean;
  during: <T>(ids: readonly string[], work: () => Promise<T>) => Promise<T>;
}

export function usePending(): Pending {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const now = useRef(ids);
  const set = useCallback((next: ReadonlySet<string>) => {
    now.current = next;
    setIds(next);
  }, []);
  const has = useCallback((id: string) => now.current.has(id), []);
  const during = useCallback<Pending["during"]>(
    async (some, work) => {
      set(new Set([...now.current, ...some]));
      try {
        return await work();
      } finally {
        set(new Set([...now.current].filter((id) => !some.includes(id))));
      }
    },
    [set],
  );
  return useMemo(() => ({ ids, has, during }), [ids, has, during]);
}

export interface Hold {
  /** From now on the board stands still: what happens waits. */
  hold: () => void;
  /** What has waited happens now. */
  release: () => void;
}

/** Many deals may be opened one after the other, and each answer is all cards: at most one in so long. */
const READ_EVERY_MS = 2_000;

/** Read all cards anew: at once, or as soon as the last time is long enough ago. */
function useReadAgain(pipeline: string): () => void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    const wait = last.current + READ_EVERY_MS - performance.now();
    timer.current = setTimeout(() => {
      timer.current = undefined;
      last.current = performance.now();
      void queries.invalidateQueries({ queryKey: cardsQuery(pipeline).queryKey });
    }, wait);
  }, [queries, pipeline]);
}

/** Keep the cards as the events say, but for while something is dragged or edited. */
export function useLiveCards(pipeline: string, onChanged?: (ids: readonly string[]) => void): Hold {
  const queries = useQueryClient();
  const { queryKey } = cardsQuery(pipeline);
  const { isFetching: reading } = useQuery({
    ...cardsQuery(pipeline),
    notifyOnChangeProps: ["isFetching"],
  });
  const readAgain = useReadAgain(pipeline);
  const held = useRef<TaktEvent[] | null>(null);
  /** What came while the cards were read: the answer may be from before it. */
  const meanwhile = useRef<TaktEvent[]>([]);
  const apply = useCallback(
    (events: readonly TaktEvent[]) => {
      changeCards(queries, pipeline, (cards) => {
        const { cards: after, changed, unknown } = changedCards(cards, events, pipeline);
        if (changed.length > 0) onChanged?.(changed);
        // A new deal's event does not name its account: the board itself does.
        if (unknown) readAgain();
        return after;
      });
    },
    [queries, pipeline, onChanged, readAgain],
  );
  const take = useCallback(
    (events: readonly TaktEvent[]) => {
      if (held.current) held.current.push(...events);
      else apply(events);
    },
    [apply],
  );
  useEvents((batch) => {
    const about = batch.filter(({ type }) => /^takt\.(deal|pipeline_demand)\./.test(type));
    if (about.length === 0) return;
    if (queries.getQueryState(queryKey)?.fetchStatus === "fetching") {
      meanwhile.current.push(...about);
    }
    take(about);
  });
  useEffect(() => {
    if (!reading && meanwhile.current.length > 0) take(meanwhile.current.splice(0));
  }, [reading, take]);
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
