/** What is told of a deal's move: where it went, with its Undo, or why it did not. */

import { useCallback, useMemo } from "react";
import { Problem } from "../api/client";
import type { PipelineStage } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { notify } from "../ui/overlay";
import { wordsOf } from "../ui/pieces";
import { notifyDone } from "../ui/undo";
import { stageNames, whoseWords } from "./acts";
import { lastAct } from "./api";

/** A move that was made, and the version that it made: its Undo is of that version alone. */
export interface Done {
  id: string;
  name: string;
  from: string;
  to: string;
  sequence: number;
}

/** Whether a stage asks for something that can be filled before the deal leaves. */
export const isUnmet = (problem: Problem): boolean => problem.slug === "criteria-unmet";

/** Whether the pipeline declares the way back of every move. */
export const canUndo = (done: readonly Done[], stages: readonly PipelineStage[]): boolean =>
  done.length > 0 &&
  done.every(({ from, to }) => stages.find((stage) => stage.code === to)?.moves_to.includes(from));

/** Moves by the stage to which their Undo leads. */
export function byOrigin(done: readonly Done[]): Map<string, Done[]> {
  const groups = new Map<string, Done[]>();
  for (const one of done) groups.set(one.from, [...(groups.get(one.from) ?? []), one]);
  return groups;
}

/** What a change meanwhile has prevented. */
type Attempt = "move" | "undo";

export interface MoveNotices {
  moved: (done: readonly Done[], undo: (done: readonly Done[]) => void) => void;
  /** Somebody else has changed the deal: whose change it was, and what now. */
  stale: (deal: { id: string; name: string }, what?: Attempt) => Promise<void>;
  failed: (deal: { id: string; name: string } | null, error: unknown, what?: Attempt) => void;
}

export function useMoveNotices(stages: readonly PipelineStage[]): MoveNotices {
  const { t, format } = useI18n();
  const moved = useCallback<MoveNotices["moved"]>(
    (done, undo) => {
      const [first] = done;
      if (!first) return;
      const stage = stageNames(stages)(first.to) ?? first.to;
      const back = canUndo(done, stages);
      const title =
        done.length === 1
          ? t("board.moved", { deal: first.name, stage })
          : t("board.moved-many", { count: done.length, stage });
      notifyDone(
        { title, detail: back ? t("board.undo-note") : undefined },
        back ? { name: t("action.undo"), run: () => undo(done) } : null,
      );
    },
    [stages, t],
  );
  const stale = useCallback<MoveNotices["stale"]>(
    async ({ id, name }, what = "move") => {
      const whose = whoseWords(await lastAct(id), { stage: stageNames(stages) }, { t, format });
      notify({
        title: t("board.stale", { deal: name }),
        detail: [whose, t(what === "undo" ? "undo.stale" : "board.stale.detail")]
          .filter(Boolean)
          .join(" "),
        tone: "bad",
      });
    },
    [stages, t, format],
  );
  const failed = useCallback<MoveNotices["failed"]>(
    (deal, error, what) => {
      if (deal && error instanceof Problem && error.status === 412) {
        void stale(deal, what);
        return;
      }
      const words = wordsOf(error, t);
      notify({
        title: deal ? `${deal.name}: ${words.title}` : words.title,
        detail: words.remedy ?? words.detail,
        tone: "bad",
      });
    },
    [stale, t],
  );
  return useMemo(() => ({ moved, stale, failed }), [moved, stale, failed]);
}
