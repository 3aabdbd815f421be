/** The board with its filters, its selection, and the dialogs that a move or an edit may need. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ownersQuery, type Pipeline } from "../../api/queries";
import { useMay } from "../../app/session";
import { CloseDialog } from "../../deals/close-dialog";
import { CriteriaDialog } from "../../deals/criteria-dialog";
import { EditDialog } from "../../deals/editor";
import { useI18n } from "../../i18n/i18n";
import { dateIn, now, useNow } from "../../lib/clock";
import { keep, kept } from "../../lib/kept";
import { Button, Dropdown, DropdownItem } from "../../ui/controls";
import { notify } from "../../ui/overlay";
import { Empty } from "../../ui/pieces";
import { columnsOf, daysInStage, probabilityOf } from "./board";
import type { CardActs } from "./card";
import { type Card, useLiveCards } from "./cards";
import { ClosedColumn } from "./closed-column";
import { BoardColumn } from "./column";
import { csv, download } from "./csv";
import { useDragging } from "./dragging";
import type { Filters } from "./filters";
import { FiltersBar } from "./filters-bar";
import styles from "./pipeline.module.css";
import { useStanding } from "./standing";
import { useMoves } from "./use-moves";

const FRESH_MS = 1_600;
const SEEN = "pipeline.seen";
const NOTHING: ReadonlySet<string> = new Set();

export function Board({
  pipeline,
  cards,
  filters,
}: {
  pipeline: Pipeline;
  cards: readonly Card[];
  filters: Filters;
}) {
  const { t, format } = useI18n();
  const navigate = useNavigate();
  const mayWrite = useMay("deals:write");
  const time = useNow();
  const since = useSince();
  const [fresh, markFresh] = useFresh();
  const [selected, setSelected] = useState<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  const [edited, setEdited] = useState<Card | null>(null);
  const [closing, setClosing] = useState<{
    ids: readonly string[];
    kind: "won" | "lost";
    stage: string;
  } | null>(null);
  const standing = useStanding(pipeline.code);
  const owners = useQuery(ownersQuery).data;
  const ownerNames = useMemo(() => new Map(owners?.map((one) => [one.code, one.name])), [owners]);
  const live = useLiveCards(pipeline.code, markFresh);
  const moves = useMoves(pipeline);
  const columns = useMemo(
    () => columnsOf(pipeline.stages, cards, filters, time),
    [pipeline.stages, cards, filters, time],
  );

  const { move: moveNow, undo, cardOf } = moves;
  const move = useCallback(
    (ids: readonly string[], to: string) => {
      const kind = pipeline.stages.find((stage) => stage.code === to)?.kind;
      if (kind === "won" || kind === "lost") setClosing({ ids, kind, stage: to });
      else moveNow(ids, to);
      setSelected(new Map());
    },
    [pipeline.stages, moveNow],
  );
  const dropped = useCallback(
    (ids: readonly string[], from: string, to: string) => {
      const there = ids.filter((id) => {
        const card = cardOf(id);
        if (card && card.stage !== from) {
          notify({ title: t("board.gone", { deal: card.name }), tone: "bad" });
        }
        return card?.stage === from;
      });
      if (there.length > 0) move(there, to);
    },
    [move, cardOf, t],
  );
  const dragging = useDragging(pipeline.stages, live, dropped);
  const acts = useMemo<CardActs>(
    () => ({
      open: (id) => void navigate({ to: "/deals/$id", params: { id } }),
      edit: (card) => {
        live.hold();
        setEdited(card);
      },
      move,
    }),
    [navigate, live.hold, move],
  );
  useUndoKey(undo);
  const select = useCallback(
    (stage: string, ids: ReadonlySet<string>) =>
      setSelected((before) => new Map(before).set(stage, ids)),
    [],
  );

  const chosen = [...selected.values()].flatMap((ids) => [...ids]);
  const from = [...selected].filter(([, ids]) => ids.size > 0).map(([stage]) => stage);
  const goals = pipeline.stages.filter((goal) =>
    from.every((code) =>
      pipeline.stages.find((one) => one.code === code)?.moves_to.includes(goal.code),
    ),
  );
  const shown = columns.reduce((count, column) => count + column.cards.length, 0);
  const visible = filters.stage
    ? columns.filter((column) => filters.stage?.includes(column.stage.code))
    : columns;
  const saveCsv = () =>
    download(
      `takt-pipeline-${dateIn(format.zone, now())}.csv`,
      csv([
        [
          "id",
          "name",
          "account",
          "stage",
          "owner",
          "team",
          "region",
          "value",
          "currency",
          "probability",
          "expected_close",
          "days_in_stage",
          "products",
        ],
        ...visible.flatMap((column) =>
          column.cards.map((card) => [
            card.id,
            card.name,
            card.account,
            card.stage,
            card.owner,
            card.team,
            card.region,
            card.value,
            format.currency,
            probabilityOf(card),
            card.expected_close,
            daysInStage(card, time),
            card.products.join(" "),
          ]),
        ),
      ]),
    );

  return (
    <div className={styles.screen}>
      <FiltersBar
        filters={filters}
        pipeline={pipeline}
        shown={shown}
        all={cards.filter((card) => card.status === "open").length}
        onCsv={saveCsv}
      />
      {chosen.length > 0 && (
        <div className={styles.selection} role="status">
          <b>{t("board.selected", { count: chosen.length })}</b>
          <Dropdown
            button={<Button icon="arrow">{t("board.move-selected")}</Button>}
            aria-label={t("board.move-selected")}
            onAction={(key) => move(chosen, String(key))}
          >
            {goals.map((goal) => (
              <DropdownItem key={goal.code} id={goal.code}>
                {goal.name}
              </DropdownItem>
            ))}
          </Dropdown>
          <Button look="quiet" onPress={() => setSelected(new Map())}>
            {t("board.unselect")}
          </Button>
        </div>
      )}
      {shown === 0 && <Empty>{t("board.none")}</Empty>}
      <div className={styles.board}>
        {visible.map((column) => (
          <BoardColumn
            key={column.stage.code}
            column={column}
            pipeline={pipeline}
            filters={filters}
            owners={ownerNames}
            now={time}
            since={since}
            fresh={fresh}
            selected={selected.get(column.stage.code) ?? NOTHING}
            onSelect={select}
            dragging={dragging}
            mayWrite={mayWrite}
            acts={acts}
          />
        ))}
        <div className={styles.ends}>
          {pipeline.stages
            .filter((stage) => stage.kind !== "open")
            .map((stage) => {
              const row = standing.data?.find((one) => one.stage === stage.code);
              return (
                <ClosedColumn
                  key={stage.code}
                  stage={stage}
                  deals={row?.deals ?? 0}
                  value={row?.value ?? "0"}
                  dragging={dragging}
                />
              );
            })}
        </div>
      </div>
      {moves.refused && (
        <CriteriaDialog
          refused={moves.refused}
          onClose={moves.settleRefused}
          onMoved={moves.settleRefused}
        />
      )}
      {closing && (
        <CloseDialog
          kind={closing.kind}
          names={cards.filter((card) => closing.ids.includes(card.id)).map((card) => card.name)}
          onClose={() => setClosing(null)}
          onDone={(why) => {
            moveNow(closing.ids, closing.stage, why);
            setClosing(null);
          }}
        />
      )}
      {edited && (
        <EditDialog
          id={edited.id}
          name={edited.name}
          onClose={() => {
            setEdited(null);
            live.release();
          }}
          onSaved={() => {
            setEdited(null);
            live.release();
          }}
        />
      )}
    </div>
  );
}

/** When this browser last looked at the board; since then cards may have moved. */
function useSince(): string | null {
  const [since] = useState(() => kept(SEEN));
  useEffect(() => {
    const leave = () => keep(SEEN, new Date(now()).toISOString());
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, []);
  return since;
}

/** Cards that have just changed, for a moment. */
function useFresh(): [ReadonlySet<string>, (ids: readonly string[]) => void] {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(NOTHING);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const mark = useCallback((ids: readonly string[]) => {
    setFresh((before) => new Set([...before, ...ids]));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setFresh(NOTHING), FRESH_MS);
  }, []);
  return [fresh, mark];
}

/** Ctrl+Z takes the last move back, where nobody writes. */
function useUndoKey(undo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || event.shiftKey) return;
      if (target?.closest("input, textarea, [role=dialog]")) return;
      event.preventDefault();
      undo();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [undo]);
}
