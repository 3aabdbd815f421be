/** What can be done with a card, in the one menu that all cards share. */

import type { Pipeline, PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { DropdownAt, DropdownItem } from "../../ui/controls";
import type { Card } from "./cards";

export interface Asked {
  card: Card;
  stage: PipelineStage;
  /** The card's button. */
  place: HTMLElement;
}

export function CardMenu({
  asked: { card, stage, place },
  pipeline,
  mayWrite,
  onOpen,
  onEdit,
  onMove,
  onClose,
}: {
  asked: Asked;
  pipeline: Pipeline;
  mayWrite: boolean;
  onOpen: (id: string) => void;
  onEdit: (card: Card) => void;
  onMove: (card: Card, stage: string) => void;
  onClose: () => void;
}) {
  const { t } = useI18n();
  return (
    <DropdownAt
      place={place}
      onClose={onClose}
      aria-label={t("card.menu", { deal: card.name })}
      onAction={(key) => {
        if (key === "open") onOpen(card.id);
        else if (key === "edit") onEdit(card);
        else onMove(card, String(key));
      }}
    >
      <DropdownItem id="open">{t("card.open")}</DropdownItem>
      {mayWrite && <DropdownItem id="edit">{t("card.edit")}</DropdownItem>}
      {mayWrite &&
        pipeline.stages
          .filter((one) => stage.moves_to.includes(one.code))
          .map((one) => (
            <DropdownItem key={one.code} id={one.code} icon="arrow">
              {t("card.move-to", { stage: one.name })}
            </DropdownItem>
          ))}
    </DropdownAt>
  );
}
