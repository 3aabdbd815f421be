/** What is told of a deal's edit: that it is saved, with its Undo, or why that could not be. */

import { useCallback, useMemo } from "react";
import type { Schemas } from "../api/client";
import type { PipelineStage } from "../api/queries";
import { useI18n } from "../i18n/i18n";
import { notifyDone } from "../ui/undo";
import { fieldWords } from "./acts";
import { type Deal, patchDeal } from "./api";
import { draftOf, patchOf } from "./draft";
import { useMoveNotices } from "./move-notices";

/** An edit that was made, and the version that it made: its Undo is of that version alone. */
export interface Edited {
  id: string;
  name: string;
  /** The fields that it changed, as they were before. */
  back: Schemas["DealPatch"];
  sequence: number;
}

/** What an edit made of a deal, of which `before` is the version that it changed. */
export function editedFrom(before: Deal, after: Deal): Edited {
  const { manual_probability } = before;
  return {
    id: after.id,
    name: after.name,
    back: {
      ...patchOf(draftOf(after), draftOf(before)),
      ...(manual_probability === after.manual_probability ? {} : { manual_probability }),
    },
    sequence: after.sequence,
  };
}

export interface EditNotices {
  /** Tell that it is saved; `undo` is what a press on Undo does. */
  edited: (done: Edited, undo: () => void) => void;
  /** The deal with the edit taken back; null where that failed, which is told. */
  takeBack: (done: Edited) => Promise<Deal | null>;
}

export function useEditNotices(stages: readonly PipelineStage[]): EditNotices {
  const { t, format } = useI18n();
  const { failed } = useMoveNotices(stages);
  const edited = useCallback<EditNotices["edited"]>(
    ({ name, back }, undo) => {
      const fields = Object.keys(back);
      if (fields.length === 0) return; // it was as it is
      const words = fields.map((field) =>
        field === "lines" ? t("lines.title") : fieldWords(field, { t, format }),
      );
      notifyDone(
        { title: t("edit.saved", { deal: name }), detail: words.join(", ") },
        { name: t("action.undo"), run: undo },
      );
    },
    [t, format],
  );
  const takeBack = useCallback<EditNotices["takeBack"]>(
    async (done) => {
      try {
        return await patchDeal(done.id, done.sequence, done.back);
      } catch (error) {
        failed(done, error, "undo");
        return null;
      }
    },
    [failed],
  );
  return useMemo(() => ({ edited, takeBack }), [edited, takeBack]);
}
