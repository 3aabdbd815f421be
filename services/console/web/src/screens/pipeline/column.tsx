/** A stage of the board: its sums, and its cards, which can be dragged by pointer, touch and keys. */

import { Link } from "@tanstack/react-router";
import { memo, useRef, useState } from "react";
import { useDrop } from "react-aria/useDrop";
import {
  Collection,
  GridList,
  GridListItem,
  GridListLoadMoreItem,
  type Key,
  ListLayout,
  useDragAndDrop,
  Virtualizer,
} from "react-aria-components";
import type { PipelineStage } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { classes, Given } from "../../ui/pieces";
import type { Column } from "./board";
import { DealCard } from "./card";
import type { Card } from "./cards";
import { DEAL, type Hands } from "./dragging";
import type { Filters } from "./filters";
import styles from "./pipeline.module.css";

/** Cards that a list begins with, and by which it grows as one scrolls to its end: each costs at every change. */
const STEP = 40;
const LAYOUT = { rowHeight: 124, gap: 8, padding: 8 };

interface Props {
  column: Column;
  filters: Filters;
  selected: readonly string[];
  onSelect: (stage: string, ids: ReadonlySet<string>) => void;
  onOpen: (id: string) => void;
  hands: Hands;
  /** Nothing is dragged, or it may stand here. */
  able: boolean;
  mayWrite: boolean;
}

/**
 * The whole stage takes what is dropped on it. Were the list itself to, all lists would be drawn anew as a card
 * comes over one and as it lands, each row asks whether it is dropped on, and what comes in is selected unasked.
 */
export const BoardColumn = memo(function BoardColumn({
  column,
  filters,
  selected,
  onSelect,
  onOpen,
  hands,
  able,
  mayWrite,
}: Props) {
  const { t, format } = useI18n();
  const { stage, cards } = column;
  const only = filters.stage?.length === 1 && filters.stage[0] === stage.code;
  const place = useRef<HTMLElement>(null);
  const { dropProps, isDropTarget } = useDrop({
    ref: place,
    getDropOperation: (types) => (types.has(DEAL) && hands.accepts(stage.code) ? "move" : "cancel"),
    onDrop: () => {
      hands.drop(stage.code);
      // Who drops by keys is on the stage, and goes on to its cards.
      if (document.activeElement === place.current) setTimeout(() => focusList(place.current));
    },
  });
  return (
    <section
      {...dropProps}
      ref={place}
      tabIndex={-1}
      className={classes(styles.column, !able && styles.unable)}
      data-drop-target={isDropTarget || undefined}
      aria-label={t("column.label", { stage: stage.name })}
    >
      <header className={styles.columnHead}>
        <h2>
          <Given>{stage.name}</Given>
        </h2>
        <Link
          to="/pipeline"
          search={{ ...filters, stage: only ? undefined : [stage.code] }}
          className={styles.sum}
          aria-label={t(only ? "column.show-all" : "column.show-only", { stage: stage.name })}
        >
          <span>{t("beat.deals", { count: cards.length })}</span>
          <b className="number">{format.money(column.value)}</b>
        </Link>
        <span className={styles.weighted}>
          {t("column.weighted", { value: format.moneyShort(column.weighted) })}
        </span>
      </header>
      <CardList {...{ stage, cards, selected, onSelect, onOpen, hands, mayWrite }} />
    </section>
  );
});

function focusList(column: Element | null): void {
  column?.querySelector<HTMLElement>("[role=grid]")?.focus();
}

/** Drawn anew only for what is in it: with thousands of cards the building of a list is what costs. */
const CardList = memo(function CardList({
  stage,
  cards,
  selected,
  onSelect,
  onOpen,
  hands,
  mayWrite,
}: {
  stage: PipelineStage;
  cards: Column["cards"];
} & Pick<Props, "selected" | "onSelect" | "onOpen" | "hands" | "mayWrite">) {
  const { t } = useI18n();
  const [count, setCount] = useState(STEP);
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) =>
      [...keys].map((key) => ({
        [DEAL]: String(key),
        "text/plain": cards.find((card) => card.id === key)?.name ?? "",
      })),
    getAllowedDropOperations: () => ["move"],
    onDragStart: (event) => hands.start(stage.code, ids(event.keys)),
    onDragEnd: () => hands.end(),
    isDisabled: !mayWrite,
  });
  return (
    <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
      <GridList
        className={styles.list ?? ""}
        aria-label={t("column.label", { stage: stage.name })}
        selectionMode={mayWrite ? "multiple" : "none"}
        selectedKeys={selected}
        onSelectionChange={(keys) =>
          onSelect(stage.code, keys === "all" ? new Set(cards.map((card) => card.id)) : ids(keys))
        }
        onAction={(key) => onOpen(String(key))}
        dragAndDropHooks={dragAndDropHooks}
        renderEmptyState={() => <p className={styles.none}>{t("column.none")}</p>}
      >
        <Collection items={cards.slice(0, count)} dependencies={[stage]}>
          {(card: Card) => (
            <GridListItem id={card.id} textValue={card.name} className={styles.card ?? ""}>
              <DealCard card={card} stage={stage} />
            </GridListItem>
          )}
        </Collection>
        {count < cards.length && (
          <GridListLoadMoreItem onLoadMore={() => setCount((before) => before + STEP)} />
        )}
      </GridList>
    </Virtualizer>
  );
});

const ids = (keys: Iterable<Key>): Set<string> => new Set([...keys].map(String));
