/** A deal on the board. */

import { createContext, memo, use } from "react";
import { Button as AriaButton, Checkbox } from "react-aria-components";
import type { Pipeline, PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { Button, Dropdown, DropdownItem } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { Chip, Given } from "../../ui/pieces";
import { daysInStage, isOver, probabilityOf } from "./board";
import type { Card } from "./cards";
import styles from "./pipeline.module.css";

export interface CardActs {
  open: (id: string) => void;
  edit: (card: Card) => void;
  editInPlace: (card: Card, field: "price" | "expected_close", place: Element) => void;
  move: (card: Card, stage: string) => void;
}

/** What all cards of a board share. A card reads it where it is drawn: a list need not be built anew for it. */
export interface BoardNow {
  pipeline: Pipeline;
  /** The names of owners by code. */
  owners: ReadonlyMap<string, string>;
  now: number;
  /** When this browser looked last. */
  since: string | null;
  mayWrite: boolean;
  acts: CardActs;
}

export const BoardContext = createContext<BoardNow | null>(null);

/** What comes and goes with each change. */
export interface Changing {
  /** Cards that have just changed. */
  fresh: ReadonlySet<string>;
  /** Cards of which the service has still to agree to what is shown. */
  pending: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();
export const ChangingContext = createContext<Changing>({ fresh: NOTHING, pending: NOTHING });

export function DealCard({ card, stage }: { card: Card; stage: PipelineStage }) {
  const { t } = useI18n();
  const { fresh, pending } = use(ChangingContext);
  return (
    <div
      className={styles.face}
      data-fresh={fresh.has(card.id) || undefined}
      data-pending={pending.has(card.id) || undefined}
    >
      <Face card={card} stage={stage} />
      {pending.has(card.id) && <span className="visually-hidden">{t("card.pending")}</span>}
    </div>
  );
}

const Face = memo(function Face({ card, stage }: { card: Card; stage: PipelineStage }) {
  const board = use(BoardContext);
  if (!board) throw new Error("DealCard outside of a board");
  const { pipeline, now, since, mayWrite, acts } = board;
  const ownerName = board.owners.get(card.owner) ?? card.owner;
  const { t, format } = useI18n();
  const days = daysInStage(card, now);
  const target = stage.target_days === null ? null : Number(stage.target_days);
  const over = isOver(card, stage, now);
  const probability = probabilityOf(card);
  const initials = ownerName
    .split(/[\s.]+/)
    .map((part) => part.charAt(0).toUpperCase())
    .slice(0, 2)
    .join("");
  return (
    <>
      <div className={styles.cardTop}>
        {mayWrite && (
          <AriaButton
            slot="drag"
            className={styles.grip}
            aria-label={t("card.drag", { deal: card.name })}
          >
            ⠿
          </AriaButton>
        )}
        <strong className={styles.cardName} title={card.name}>
          <Given>{card.name}</Given>
        </strong>
        {mayWrite && (
          <Checkbox slot="selection" className={styles.check ?? ""}>
            <span className={styles.checkBox}>
              <Icon name="check" size={12} />
            </span>
          </Checkbox>
        )}
        <Dropdown
          button={
            <Button
              look="quiet"
              size="small"
              icon="more"
              aria-label={t("card.menu", { deal: card.name })}
            />
          }
          aria-label={t("card.menu", { deal: card.name })}
          onAction={(key) => {
            if (key === "open") acts.open(card.id);
            else if (key === "edit") acts.edit(card);
            else acts.move(card, String(key));
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
        </Dropdown>
      </div>
      <div className={styles.cardAccount}>
        <Given>{card.account ?? t("card.no-account")}</Given>
      </div>
      <div className={styles.cardFacts}>
        <AriaButton
          className={styles.inline ?? ""}
          isDisabled={!mayWrite}
          onPress={(event) => acts.editInPlace(card, "price", event.target)}
          aria-label={t("card.edit-value", { value: format.money(card.value) })}
        >
          <b className="number">{format.money(card.value)}</b>
        </AriaButton>
        <AriaButton
          className={styles.inline ?? ""}
          isDisabled={!mayWrite}
          onPress={(event) => acts.editInPlace(card, "expected_close", event.target)}
          aria-label={t("card.edit-date", {
            date: card.expected_close ? format.date(card.expected_close) : "–",
          })}
        >
          {card.expected_close ? format.dateShort(card.expected_close) : "–"}
        </AriaButton>
      </div>
      <div className={styles.cardFoot}>
        <span className={styles.owner} title={ownerName}>
          {initials}
          <span className="visually-hidden">{ownerName}</span>
        </span>
        <span
          className={styles.age}
          data-over={over}
          title={
            target === null
              ? t("card.age.no-target", { days })
              : t("card.age.title", { days, target })
          }
        >
          {target === null ? format.days(days) : t("card.age", { days, target })}
          {over && <Icon name="warning" size={12} />}
        </span>
        {card.stalled && <Chip tone="bad">{t("card.stalled")}</Chip>}
        {since !== null && card.stage_entered_at > since && (
          <Chip tone="accent">{t("card.moved")}</Chip>
        )}
        {probability !== null && (
          <span
            className={`${styles.chance} number`}
            title={t(
              card.manual_probability === null ? "card.chance.title" : "card.chance.by-hand",
            )}
          >
            {card.manual_probability !== null && (
              <>
                <Icon name="edit" size={12} />
                <span className="visually-hidden">{t("card.manual")} </span>
              </>
            )}
            {format.percent(probability)}
          </span>
        )}
      </div>
    </>
  );
});
