/** A date or a price edited on its card: at once on the page, then in the service, and back where it refuses. */

import { useCallback } from "react";
import { Problem } from "../../api/client";
import type { PipelineStage } from "../../api/queries";
import { stageNames, whoseWords } from "../../deals/acts";
import { type Deal, lastAct, patchDeal, readDeal } from "../../deals/api";
import { type Draft, draftOf, patchOf } from "../../deals/draft";
import { type Edited, editedFrom, useEditNotices } from "../../deals/edit-notices";
import type { Begun } from "../../deals/editor";
import { useMoveNotices } from "../../deals/move-notices";
import { type I18n, useI18n } from "../../i18n/i18n";
import { times } from "../../lib/amount";
import { notify } from "../../ui/overlay";
import type { Card, CardChanges, Pending } from "./cards";
import { cardAfter } from "./live";

/** What somebody writes on a card: a new date, or another price of its only line. */
export type Edit =
  | { field: "expected_close"; value: string; sequence: number }
  | { field: "price"; value: string; sequence: number; deal: Deal };

/** The card as it will be if the service agrees. */
export function edited(card: Card, edit: Edit): Card {
  if (edit.field === "expected_close") return { ...card, expected_close: edit.value || null };
  const quantity = edit.deal.lines[0]?.quantity ?? "0";
  return { ...card, value: times(quantity, edit.value) };
}

/** The edit as a change of a whole draft. */
export function changeOf(edit: Edit): (draft: Draft) => Draft {
  const { value } = edit;
  if (edit.field === "expected_close") return (draft) => ({ ...draft, expected_close: value });
  const line = edit.deal.lines[0]?.id;
  return (draft) => ({
    ...draft,
    lines: draft.lines.map((one) => (one.id === line ? { ...one, price: value } : one)),
  });
}

export function bodyOf(edit: Edit) {
  if (edit.field === "expected_close") return { expected_close: edit.value || null };
  const draft = draftOf(edit.deal);
  return patchOf(draft, changeOf(edit)(draft));
}

/** The same edit of the deal as somebody else has left it; null where it has no such line alone any more. */
export function again(edit: Edit, theirs: Deal): Edit | null {
  const { sequence } = theirs;
  if (edit.field === "expected_close") return { ...edit, sequence };
  const [line, ...others] = theirs.lines;
  const same = line?.id === edit.deal.lines[0]?.id && others.length === 0;
  return same ? { ...edit, sequence, deal: theirs } : null;
}

/** What is saved now, and what I wrote, as a person reads them. */
function bothWords(
  edit: Edit,
  before: Card,
  theirs: Deal,
  { t, format }: Pick<I18n, "t" | "format">,
) {
  const day = (value: string | null) => (value ? format.date(value) : "–");
  const priceOf = ({ lines }: Deal) => (lines.length === 1 ? lines[0]?.price : undefined);
  const price = (value: string | undefined) => (value ? format.money(value) : "–");
  const [was, is, mine] =
    edit.field === "expected_close"
      ? [day(before.expected_close), day(theirs.expected_close), day(edit.value)]
      : [price(priceOf(edit.deal)), price(priceOf(theirs)), price(edit.value)];
  return is === was ? t("edit.stale.apart", { mine }) : t("edit.stale", { theirs: is, mine });
}

export function useEdits(
  stages: readonly PipelineStage[],
  { cardOf, change, putBack, readAgain }: CardChanges,
  { has: isPending, during }: Pending,
  /** The price is outside its limits: the dialog has what settles that. */
  onRefused: (card: Card, begun: Begun) => void,
): {
  save: (id: string, edit: Edit) => void;
  /** The dialog has changed a deal, from how it was before. */
  saved: (deal: Deal, before: Deal) => void;
} {
  const { t, format } = useI18n();
  const { failed } = useMoveNotices(stages);
  const { edited: tell, takeBack } = useEditNotices(stages);

  const apply = useCallback(
    (deal: Deal) => {
      const card = cardOf(deal.id);
      change(deal.id, (one) =>
        one.sequence < deal.sequence ? cardAfter(one, deal, deal.sequence) : one,
      );
      // Another account has a name that only the board knows.
      if (card && card.account_id !== deal.account_id) readAgain();
    },
    [cardOf, change, readAgain],
  );

  /** Tell that it is saved; its Undo shows the card as it was at once. */
  const done = useCallback(
    (made: Edited, asBefore: (card: Card) => Card) =>
      tell(made, () => {
        const { id, name, sequence } = made;
        const card = cardOf(id);
        if (isPending(id)) {
          notify({ title: t("board.pending", { deal: name }) });
          return;
        }
        // What somebody has done since stays in sight; the service tells it from the edit.
        change(id, (one) => (one.sequence === sequence ? asBefore(one) : one));
        void during([id], async () => {
          const deal = await takeBack(made);
          if (deal) apply(deal);
          else {
            if (card) putBack(card);
            readAgain();
          }
        });
      }),
    [tell, takeBack, cardOf, isPending, during, change, putBack, readAgain, apply, t],
  );

  const saved = useCallback(
    (deal: Deal, before: Deal) => {
      apply(deal);
      done(editedFrom(before, deal), (card) => cardAfter(card, before, card.sequence));
    },
    [apply, done],
  );

  const save = useCallback(
    (id: string, edit: Edit): void => {
      const before = cardOf(id);
      if (!before) return;
      if (isPending(id)) {
        notify({ title: t("board.pending", { deal: before.name }) });
        return;
      }
      const stale = async () => {
        const [theirs, last] = await Promise.all([readDeal(id), lastAct(id)]);
        apply(theirs);
        const next = again(edit, theirs);
        const whose = whoseWords(last, { stage: stageNames(stages) }, { t, format });
        const both = bothWords(edit, before, theirs, { t, format });
        notify({
          title: t("board.stale", { deal: before.name }),
          detail: [whose, both].filter(Boolean).join(" "),
          tone: "bad",
          action: next ? { name: t("edit.save-mine"), run: () => save(id, next) } : undefined,
        });
      };
      change(id, (card) => edited(card, edit));
      void during([id], async () => {
        try {
          const deal = await patchDeal(id, edit.sequence, bodyOf(edit));
          apply(deal);
          if (edit.field === "price") {
            done(editedFrom(edit.deal, deal), (one) => ({ ...one, value: edit.deal.value }));
          } else {
            const { name, sequence } = deal;
            const { expected_close } = before;
            const made = { id, name, sequence, back: { expected_close } };
            done(made, (one) => ({ ...one, expected_close }));
          }
        } catch (error) {
          putBack(before);
          if (error instanceof Problem && error.status === 412) {
            await stale().catch(() => failed(before, error));
          } else if (error instanceof Problem && error.slug === "price-outside-range") {
            onRefused(before, { change: changeOf(edit), error });
          } else {
            failed(before, error);
            if (!(error instanceof Problem)) readAgain();
          }
        }
      });
    },
    [
      cardOf,
      change,
      putBack,
      readAgain,
      isPending,
      during,
      apply,
      done,
      failed,
      onRefused,
      stages,
      t,
      format,
    ],
  );

  return { save, saved };
}
