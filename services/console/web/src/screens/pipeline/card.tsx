/** A deal on the board. */

import { type ComponentProps, createContext, memo, use } from "react";
import { Button as AriaButton, Checkbox } from "react-aria-components";
import type { PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { Icon } from "../../ui/icon";
import { Chip, Given } from "../../ui/pieces";
import { daysInStage, isOver, probabilityOf } from "./board";
import type { Card } from "./cards";
import styles from "./pipeline.module.css";

export interface CardActs {
  openMenu: (card: Card, stage: PipelineStage, place: HTMLElement) => void;
  editInPlace: (card: Card, field: "price" | "expected_close", place: Element) => void;
}

/** What all cards of a board share. A card reads it where it is drawn: a list need not be built anew for it. */
export interface BoardNow {
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
  const { now, since, mayWrite, acts } = board;
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
        <Plain
          className={styles.more}
          aria-haspopup="menu"
          aria-label={t("card.menu", { deal: card.name })}
          act={(place) => acts.openMenu(card, stage, place)}
        >
          <Icon name="more" />
        </Plain>
      </div>
      <div className={styles.cardAccount}>
        <Given>{card.account ?? t("card.no-account")}</Given>
      </div>
      <div className={styles.cardFacts}>
        <Plain
          className={styles.inline}
          disabled={!mayWrite}
          act={(place) => acts.editInPlace(card, "price", place)}
          aria-label={t("card.edit-value", { value: format.money(card.value) })}
        >
          <b className="number">{format.money(card.value)}</b>
        </Plain>
        <Plain
          className={styles.inline}
          disabled={!mayWrite}
          act={(place) => acts.editInPlace(card, "expected_close", place)}
          aria-label={t("card.edit-date", {
            date: card.expected_close ? format.date(card.expected_close) : "–",
          })}
        >
          {card.expected_close ? format.dateShort(card.expected_close) : "–"}
        </Plain>
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

/**
 * A button as HTML has it. React Aria's takes part in its row, and would be drawn anew whenever any row is dragged
 * or chosen; what is pressed here is not for the row to hear.
 */
function Plain({
  act,
  ...props
}: { act: (place: HTMLElement) => void } & Omit<ComponentProps<"button">, "type" | "onClick">) {
  return (
    <button
      {...props}
      type="button"
      onClick={(event) => {
        event.stopPropagation();
        act(event.currentTarget);
      }}
      onPointerDown={(event) => event.stopPropagation()}
      onMouseDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") event.stopPropagation();
      }}
    />
  );
}
