/** An edit made on the deal's screen: told with its Undo, which shows the deal as it was at once. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { dealQuery, type PipelineStage } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { editedFrom, useEditNotices } from "../../deals/edit-notices";

/** The deal as it is, but for what an edit can change, which is as it was. */
export function asBefore(now: Deal, before: Deal): Deal {
  const { expected_close, account_id, manual_probability, lines, value } = before;
  return { ...now, expected_close, account_id, manual_probability, lines, value };
}

/** Tell that a deal is saved, `before` as the edit found it. */
export function useEdited(stages: readonly PipelineStage[]): (deal: Deal, before: Deal) => void {
  const queries = useQueryClient();
  const { edited, takeBack } = useEditNotices(stages);
  return useCallback(
    (deal, before) => {
      const { queryKey } = dealQuery(deal.id);
      const made = editedFrom(before, deal);
      const newest = (deal: Deal) =>
        queries.setQueryData(queryKey, (known) =>
          known && known.sequence > deal.sequence ? known : deal,
        );
      newest(deal);
      edited(made, () => {
        queries.setQueryData(queryKey, (known) =>
          known?.sequence === made.sequence ? asBefore(known, before) : known,
        );
        void takeBack(made).then((back) => {
          if (back) newest(back);
          void queries.invalidateQueries({ queryKey });
        });
      });
    },
    [queries, edited, takeBack],
  );
}
