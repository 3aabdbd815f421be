/** Where deals end: won and lost take cards and show what they amount to. */

import { DropZone } from "react-aria-components";
import type { PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { classes, Given } from "../../ui/pieces";
import { DEAL, type Dragging } from "./dragging";
import styles from "./pipeline.module.css";

export function ClosedColumn({
  stage,
  deals,
  value,
  dragging,
}: {
  stage: PipelineStage;
  deals: number;
  value: string;
  dragging: Dragging;
}) {
  const { t, format } = useI18n();
  const able = !dragging.active || dragging.hands.accepts(stage.code);
  return (
    <DropZone
      className={classes(styles.closed, !able && styles.unable)}
      aria-label={t("column.drop", { stage: stage.name })}
      getDropOperation={(types) =>
        types.has(DEAL) && dragging.hands.accepts(stage.code) ? "move" : "cancel"
      }
      onDrop={() => dragging.hands.drop(stage.code)}
    >
      <h2>
        <Given>{stage.name}</Given>
      </h2>
      <span>{t("beat.deals", { count: deals })}</span>
      <b className="number">{format.moneyShort(value)}</b>
    </DropZone>
  );
}
