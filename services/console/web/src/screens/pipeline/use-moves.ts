/** Moving deals on the board: at once on the page, then in the service, and back where it refuses. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { Problem } from "../../api/client";
import type { Pipeline } from "../../api/queries";
import { type Closing, moveDeal, moveDeals } from "../../deals/api";
import type { Refused } from "../../deals/criteria-dialog";
import { useI18n } from "../../i18n/i18n";
import { now } from "../../lib/clock";
import { notify } from "../../ui/overlay";
import { wordsOf } from "../../ui/pieces";
import { type Card, type Cards, cardsQuery, changeCards } from "./cards";

export interface Moves {
  /** The card as it is now known, whatever was drawn last. */
  cardOf: (id: string) => Card | undefined;
  move: (ids: readonly string[], stage: string, closing?: Closing) => void;
  undo: () => void;
  refused: Refused | null;
  settleRefused: () => void;
}

interface Done {
  id: string;
  from: string;
  to: string;
}

export function useMoves(pipeline: Pipeline): Moves {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [refused, setRefused] = useState<Refused | null>(null);
  const last = useRef<readonly Done[]>([]);
  const { code, stages } = pipeline;

  const cardOf = useCallback(
    (id: string) =>
      queries.getQueryData<Cards>(cardsQuery(code).queryKey)?.cards.find((card) => card.id === id),
    [queries, code],
  );
  const change = useCallback(
    (id: string, how: (card: Card) => Card) =>
      changeCards(queries, code, (cards) =>
        cards.map((card) => (card.id === id ? how(card) : card)),
      ),
    [queries, code],
  );

  /** Put a card where it is going, before the service has agreed. */
  const place = useCallback(
    (id: string, to: string) => {
      const status = stages.find((stage) => stage.code === to)?.kind ?? "open";
      const stage_entered_at = new Date(now()).toISOString();
      change(id, (card) => ({ ...card, stage: to, status, stage_entered_at }));
    },
    [change, stages],
  );
  /** Put it back, unless something newer has been heard of it. */
  const putBack = useCallback(
    (before: Card) =>
      change(before.id, (card) => (card.sequence > before.sequence ? card : before)),
    [change],
  );

  const finish = useCallback(
    (done: readonly Done[], name: string, undo: (done: readonly Done[]) => void) => {
      if (done.length === 0) return;
      last.current = done;
      const to = stages.find((stage) => stage.code === done[0]?.to);
      const back = done.every((one) => to?.moves_to.includes(one.from));
      notify({
        title:
          done.length === 1
            ? t("board.moved", { deal: name, stage: to?.name ?? "" })
            : t("board.moved-many", { count: done.length, stage: to?.name ?? "" }),
        detail: back ? t("board.undo-note") : undefined,
        action: back ? { name: t("action.undo"), run: () => undo(done) } : undefined,
      });
    },
    [stages, t],
  );

  const run = useCallback(
    async (ids: readonly string[], to: string, closing: Closing, undoing: boolean) => {
      const before = ids.flatMap((id) => cardOf(id) ?? []).filter((card) => card.stage !== to);
      for (const card of before) place(card.id, to);
      const undo = (done: readonly Done[]) => {
        for (const from of new Set(done.map((one) => one.from))) {
          const group = done.filter((one) => one.from === from).map((one) => one.id);
          void run(group, from, {}, true);
        }
      };
      const agreed: Done[] = [];
      const failed = (card: Card, problem: Problem) => {
        putBack(card);
        const stage = stages.find((one) => one.code === to);
        if (
          problem.refusals.length > 0 &&
          before.length === 1 &&
          problem.slug !== "move-not-declared"
        ) {
          setRefused({
            id: card.id,
            name: card.name,
            stage: to,
            stageName: stage?.name ?? to,
            problem,
          });
          return;
        }
        const words = wordsOf(problem, t);
        const stale = problem.status === 412;
        notify({
          title: stale ? t("board.stale", { deal: card.name }) : `${card.name}: ${words.title}`,
          detail: stale ? t("board.stale.detail") : (words.remedy ?? words.detail),
          tone: "bad",
        });
        if (stale) void queries.invalidateQueries({ queryKey: cardsQuery(code).queryKey });
      };
      const succeeded = (card: Card, sequence: number) => {
        agreed.push({ id: card.id, from: card.stage, to });
        change(card.id, (one) => ({ ...one, sequence: Math.max(one.sequence, sequence) }));
      };
      try {
        const [only] = before;
        if (only && before.length === 1) {
          try {
            succeeded(only, (await moveDeal(only.id, only.sequence, to, closing)).sequence);
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
            failed(only, error);
          }
        } else if (before.length > 1) {
          const wishes = before.map((card) => ({
            deal_id: card.id,
            sequence: card.sequence,
            stage: to,
          }));
          const { items } = await moveDeals(wishes, closing);
          for (const [index, item] of items.entries()) {
            const card = before[index];
            if (!card) continue;
            if (item.problem) {
              failed(card, new Problem(Number(item.problem.status) || 409, item.problem));
            } else succeeded(card, item.sequence ?? card.sequence);
          }
        }
      } catch (error) {
        // No answer came: what became of it is only known to the service.
        for (const card of before) putBack(card);
        const words = wordsOf(error, t);
        notify({ title: words.title, detail: words.remedy ?? words.detail, tone: "bad" });
        void queries.invalidateQueries({ queryKey: cardsQuery(code).queryKey });
      }
      if (undoing) last.current = [];
      else finish(agreed, before[0]?.name ?? "", undo);
    },
    [cardOf, place, putBack, change, finish, queries, code, stages, t],
  );

  return {
    cardOf,
    move: useCallback((ids, stage, closing = {}) => void run(ids, stage, closing, false), [run]),
    undo: useCallback(() => {
      const done = last.current;
      const [first] = done;
      const to = stages.find((stage) => stage.code === first?.to);
      if (!first || !to?.moves_to.includes(first.from)) return;
      void run(
        done.map((one) => one.id),
        first.from,
        {},
        true,
      );
    }, [run, stages]),
    refused,
    settleRefused: useCallback(() => setRefused(null), []),
  };
}
