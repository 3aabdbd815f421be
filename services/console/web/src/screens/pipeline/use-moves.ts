/** Moving deals on the board: at once on the page, then in the service, and back where it refuses. */

import { useCallback, useState } from "react";
import { Problem } from "../../api/client";
import type { Pipeline } from "../../api/queries";
import { type Closing, moveDeal, moveDeals, type StageMoved } from "../../deals/api";
import type { Refused } from "../../deals/fill";
import { byOrigin, type Done, isUnmet, useMoveNotices } from "../../deals/move-notices";
import { useI18n } from "../../i18n/i18n";
import { now } from "../../lib/clock";
import { notify } from "../../ui/overlay";
import type { Card, CardChanges, Pending } from "./cards";
import { cardMoved } from "./live";

export interface Moves {
  move: (ids: readonly string[], stage: string, closing?: Closing) => void;
  /** Moves that a stage's criteria refused, the first of them to be filled now. */
  refused: readonly Refused[];
  /** The first of them was filled and made, or is given up. */
  settleRefused: (moved?: StageMoved) => void;
}

export function useMoves(
  { stages }: Pipeline,
  { cardOf, change, putBack, readAgain }: CardChanges,
  pending: Pending,
): Moves {
  const { t } = useI18n();
  const notices = useMoveNotices(stages);
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const { has: isPending, during } = pending;

  /** Move these cards as they were seen; what the service has agreed to. */
  const run = useCallback(
    async (seen: readonly Card[], to: string, closing: Closing): Promise<Done[]> => {
      const goal = stages.find((stage) => stage.code === to);
      const status = goal?.kind ?? "open";
      const stage_entered_at = new Date(now()).toISOString();
      for (const card of seen) {
        change(card.id, (one) => ({ ...one, stage: to, status, stage_entered_at }));
      }
      const agreed: Done[] = [];
      const succeeded = (card: Card, moved: Partial<StageMoved> & { sequence: number }) => {
        const { id, name, stage: from } = card;
        agreed.push({ id, name, from, to, sequence: moved.sequence });
        change(id, (one) => cardMoved(one, moved));
      };
      const failed = (card: Card, error: Problem) => {
        putBack(card);
        const { id, name, stage: from, sequence } = card;
        if (isUnmet(error)) {
          const stageName = goal?.name ?? to;
          const one = { id, name, from, stage: to, stageName, sequence, closing, problem: error };
          setRefused((before) => [...before, one]);
          return;
        }
        notices.failed(card, error);
        if (error.status === 412) readAgain();
      };
      try {
        const [only] = seen;
        if (only && seen.length === 1) {
          try {
            succeeded(only, await moveDeal(only.id, only.sequence, to, closing));
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
            failed(only, error);
          }
        } else if (seen.length > 1) {
          const wishes = seen.map(({ id, sequence }) => ({ deal_id: id, sequence, stage: to }));
          const { items } = await moveDeals(wishes, closing);
          for (const [index, item] of items.entries()) {
            const card = seen[index];
            if (!card) continue;
            if (item.problem) {
              failed(card, new Problem(Number(item.problem.status) || 409, item.problem));
            } else {
              const sequence = item.sequence ?? card.sequence;
              succeeded(card, { stage: to, status, stage_entered_at, sequence });
            }
          }
        }
      } catch (error) {
        // No answer came: what became of it is only known to the service.
        for (const card of seen) putBack(card);
        notices.failed(null, error);
        readAgain();
      }
      return agreed;
    },
    [stages, change, putBack, readAgain, notices],
  );

  const undo = useCallback(
    (done: readonly Done[]) => {
      for (const [from, group] of byOrigin(done)) {
        const cards: Card[] = [];
        for (const one of group) {
          const card = cardOf(one.id);
          // Somebody has changed it since: what they did is not taken back with the own move.
          if (card && card.sequence > one.sequence) void notices.stale(one, "undo");
          else if (card) cards.push(card);
        }
        const ids = cards.map(({ id }) => id);
        void during(ids, () => run(cards, from, {}));
      }
    },
    [cardOf, during, run, notices],
  );
  const finish = useCallback(
    (done: readonly Done[]) => {
      notices.moved(done, undo);
    },
    [notices, undo],
  );

  return {
    move: useCallback(
      (ids, stage, closing = {}) => {
        const seen: Card[] = [];
        for (const card of ids.flatMap((id) => cardOf(id) ?? [])) {
          if (isPending(card.id)) notify({ title: t("board.pending", { deal: card.name }) });
          else if (card.stage !== stage) seen.push(card);
        }
        const work = during(
          seen.map(({ id }) => id),
          () => run(seen, stage, closing),
        );
        void work.then(finish);
      },
      [cardOf, isPending, during, run, finish, t],
    ),
    refused,
    settleRefused: useCallback(
      (moved) => {
        const [first, ...others] = refused;
        setRefused(others);
        if (!first || !moved) return;
        const { id, name, from, stage: to } = first;
        change(id, (card) => cardMoved(card, moved));
        finish([{ id, name, from, to, sequence: moved.sequence }]);
      },
      [refused, change, finish],
    ),
  };
}
