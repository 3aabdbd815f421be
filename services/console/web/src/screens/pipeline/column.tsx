/** A stage of the board: its sums, and its cards, which can be dragged by pointer, touch and keys. */

import { Link } from "@tanstack/react-router";
import { GridList, type Key, ListLayout, useDragAndDrop, Virtualizer } from "react-aria-components";
import type { Pipeline } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { classes, Given } from "../../ui/pieces";
import type { Column } from "./board";
import { type CardActs, DealCard } from "./card";
import type { Card } from "./cards";
import { DEAL, type Dragging } from "./dragging";
import type { Filters } from "./filters";
import styles from "./pipeline.module.css";

const LAYOUT = { rowHeight: 124, gap: 8, padding: 8 };

interface Props {
  column: Column;
  pipeline: Pipeline;
  filters: Filters;
  owners: ReadonlyMap<string, string>;
  now: number;
  since: string | null;
  fresh: ReadonlySet<string>;
  pending: ReadonlySet<string>;
  selected: readonly string[];
  onSelect: (stage: string, ids: ReadonlySet<string>) => void;
  dragging: Dragging;
  mayWrite: boolean;
  acts: CardActs;
}

export function BoardColumn({
  column,
  pipeline,
  filters,
  owners,
  now,
  since,
  fresh,
  pending,
  selected,
  onSelect,
  dragging,
  mayWrite,
  acts,
}: Props) {
  const { t, format } = useI18n();
  const { stage, cards } = column;
  const byId = new Map(cards.map((card) => [card.id, card]));
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) =>
      [...keys].map((key) => ({
        [DEAL]: String(key),
        "text/plain": byId.get(String(key))?.name ?? "",
      })),
    getAllowedDropOperations: () => ["move"],
    acceptedDragTypes: [DEAL],
    getDropOperation: (target) =>
      target.type === "root" && dragging.accepts(stage.code) ? "move" : "cancel",
    onDragStart: (event) => dragging.start(stage.code, ids(event.keys)),
    onDragEnd: () => dragging.end(),
    onRootDrop: () => dragging.drop(stage.code),
    isDisabled: !mayWrite,
  });
  const only = filters.stage?.length === 1 && filters.stage[0] === stage.code;
  const able = !dragging.active || dragging.accepts(stage.code) || dragging.from === stage.code;
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
      <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
        <GridList
          className={styles.list ?? ""}
          aria-label={t("column.label", { stage: stage.name })}
          items={cards}
          dependencies={[now, since, fresh, pending, owners, mayWrite, acts, format]}
          selectionMode={mayWrite ? "multiple" : "none"}
          selectedKeys={selected}
          onSelectionChange={(keys) =>
            onSelect(stage.code, keys === "all" ? new Set(byId.keys()) : ids(keys))
          }
          dragAndDropHooks={dragAndDropHooks}
          renderEmptyState={() => <p className={styles.none}>{t("column.none")}</p>}
        >
          {(card: Card) => (
            <DealCard
              card={card}
              stage={stage}
              pipeline={pipeline}
              ownerName={owners.get(card.owner) ?? card.owner}
              now={now}
              fresh={fresh.has(card.id)}
              pending={pending.has(card.id)}
              since={since}
              mayWrite={mayWrite}
              acts={acts}
            />
          )}
        </GridList>
      </Virtualizer>
    </section>
  );
}

const ids = (keys: Iterable<Key>): Set<string> => new Set([...keys].map(String));
