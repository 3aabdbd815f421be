/** A stage of the board: its sums, and its cards, which can be dragged by pointer, touch and keys. */

import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
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
import { DEAL, type Dragging, type Hands } from "./dragging";
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
  dragging: Dragging;
  mayWrite: boolean;
}

export function BoardColumn({
  column,
  filters,
  selected,
  onSelect,
  onOpen,
  dragging,
  mayWrite,
}: Props) {
  const { t, format } = useI18n();
  const { stage, cards } = column;
  const only = filters.stage?.length === 1 && filters.stage[0] === stage.code;
  const able =
    !dragging.active || dragging.hands.accepts(stage.code) || dragging.from === stage.code;
  return (
    <section
      className={classes(styles.column, !able && styles.unable)}
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
      <CardList
        {...{ stage, cards, selected, onSelect, onOpen, mayWrite }}
        hands={dragging.hands}
      />
    </section>
  );
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
  hands: Hands;
} & Pick<Props, "selected" | "onSelect" | "onOpen" | "mayWrite">) {
  const { t } = useI18n();
  const [count, setCount] = useState(STEP);
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) =>
      [...keys].map((key) => ({
        [DEAL]: String(key),
        "text/plain": cards.find((card) => card.id === key)?.name ?? "",
      })),
    getAllowedDropOperations: () => ["move"],
    acceptedDragTypes: [DEAL],
    getDropOperation: (target) =>
      target.type === "root" && hands.accepts(stage.code) ? "move" : "cancel",
    onDragStart: (event) => hands.start(stage.code, ids(event.keys)),
    onDragEnd: () => hands.end(),
    onRootDrop: () => hands.drop(stage.code),
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
