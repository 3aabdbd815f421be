/** Where deals end: won and lost take cards and show what they amount to. */

import { memo } from "react";
import { DropZone } from "react-aria-components";
import type { PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { classes, Given } from "../../ui/pieces";
import { DEAL, type Hands } from "./dragging";
import styles from "./pipeline.module.css";

export const ClosedColumn = memo(function ClosedColumn({
  stage,
  deals,
  value,
  hands,
  able,
}: {
  stage: PipelineStage;
  deals: number;
  value: string;
  hands: Hands;
  /** Nothing is dragged, or it may end here. */
  able: boolean;
}) {
  const { t, format } = useI18n();
  return (
    <DropZone
      className={classes(styles.closed, !able && styles.unable)}
      aria-label={t("column.drop", { stage: stage.name })}
      getDropOperation={(types) =>
        types.has(DEAL) && hands.accepts(stage.code) ? "move" : "cancel"
      }
      onDrop={() => hands.drop(stage.code)}
    >
      <h2>
        <Given>{stage.name}</Given>
      </h2>
      <span>{t("beat.deals", { count: deals })}</span>
      <b className="number">{format.moneyShort(value)}</b>
    </DropZone>
  );
});
