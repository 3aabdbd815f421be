/** How many cards are selected, and where they may go together. */

import type { PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { Button, Dropdown, DropdownItem } from "../../ui/controls";
import type { Chosen } from "./board";
import styles from "./pipeline.module.css";

export function SelectionBar({
  chosen,
  stages,
  onMove,
  onClear,
}: {
  chosen: Chosen;
  stages: readonly PipelineStage[];
  onMove: (to: string) => void;
  onClear: () => void;
}) {
  const { t } = useI18n();
  const count = [...chosen.values()].reduce((all, ids) => all + ids.length, 0);
  const goals = stages.filter((goal) =>
    [...chosen.keys()].every((from) =>
      stages.find((one) => one.code === from)?.moves_to.includes(goal.code),
    ),
  );
  return (
    <div className={styles.selection} role="status">
      <b>{t("board.selected", { count })}</b>
      <Dropdown
        button={<Button icon="arrow">{t("board.move-selected")}</Button>}
        aria-label={t("board.move-selected")}
        onAction={(key) => onMove(String(key))}
      >
        {goals.map((goal) => (
          <DropdownItem key={goal.code} id={goal.code}>
            {goal.name}
          </DropdownItem>
        ))}
      </Dropdown>
      <Button look="quiet" onPress={onClear}>
        {t("board.unselect")}
      </Button>
    </div>
  );
}
