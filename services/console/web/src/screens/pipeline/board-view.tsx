/** The board with its filters, its selection, and the dialogs that a move or an edit may need. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  startTransition,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { setInteractionModality } from "react-aria-components";
import { ownersQuery, type Pipeline, regionsQuery, teamsQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { CloseDialog } from "../../deals/close-dialog";
import { CriteriaDialog } from "../../deals/criteria-dialog";
import { type Begun, EditDialog } from "../../deals/editor";
import { useI18n } from "../../i18n/i18n";
import { dateIn, now, useNow } from "../../lib/clock";
import { Button } from "../../ui/controls";
import { notify } from "../../ui/overlay";
import { Empty } from "../../ui/pieces";
import { useUndoKey } from "../../ui/undo";
import { type Chosen, type Column, columnsOf, oneStep, standing, stillChosen } from "./board";
import { BoardContext, type BoardNow, type CardActs, ChangingContext } from "./card";
import { type Asked, CardMenu } from "./card-menu";
import { type Card, type Hold, useCardChanges, usePending } from "./cards";
import { cardsCsv } from "./cards-csv";
import { ClosedColumn } from "./closed-column";
import { BoardColumn } from "./column";
import { download } from "./csv";
import { useDragging } from "./dragging";
import { type Filters, widened } from "./filters";
import { FiltersBar } from "./filters-bar";
import { type Editing, InPlace } from "./in-place";
import { useSince } from "./news";
import styles from "./pipeline.module.css";
import { SelectionBar } from "./selection-bar";
import { useStanding } from "./standing";
import { useEdits } from "./use-edits";
import { useMoves } from "./use-moves";

const NONE: readonly never[] = [];
const NOTHING_CHOSEN: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/**
 * All rows are drawn anew when React Aria hears that a pointer is used and no keys: by its first press, in the frame
 * in which a card is taken up. Here it hears so as the pointer comes, and draws them between frames.
 */
const expectPointer = () => startTransition(() => setInteractionModality("pointer"));

interface Closed {
  chosen: Chosen;
  names: readonly string[];
  kind: "won" | "lost";
  stage: string;
}

export function Board({
  pipeline,
  cards,
  filters,
  live,
  fresh,
}: {
  pipeline: Pipeline;
  cards: readonly Card[];
  filters: Filters;
  live: Hold;
  fresh: ReadonlySet<string>;
}) {
  const { t, format } = useI18n();
  const navigate = useNavigate();
  const mayWrite = useMay("deals:write");
  const time = useNow();
  const since = useSince();
  const { stages } = pipeline;
  const [selected, setSelected] = useState(NOTHING_CHOSEN);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [whole, setWhole] = useState<{ card: Card; begun?: Begun } | null>(null);
  const [closing, setClosing] = useState<Closed | null>(null);
  const totals = useStanding(pipeline.code);
  const owners = useQuery(ownersQuery).data;
  const ownerNames = useMemo(() => new Map(owners?.map((one) => [one.code, one.name])), [owners]);
  const teams = useQuery(teamsQuery).data ?? NONE;
  const regions = useQuery(regionsQuery).data ?? NONE;
  const changes = useCardChanges(pipeline.code);
  const pending = usePending();
  const moves = useMoves(pipeline, changes, pending);
  const edits = useEdits(stages, changes, pending, (card, begun) => {
    live.hold();
    setWhole({ card, begun });
  });
  const drawn = useRef<readonly Column[]>([]);
  // Drawn between frames: a drop is answered at once, however many cards there are.
  const drawnCards = useDeferredValue(cards);
  const columns = useMemo(
    () => columnsOf(stages, drawnCards, widened(filters, teams, regions), time, drawn.current),
    [stages, drawnCards, filters, teams, regions, time],
  );
  useEffect(() => {
    drawn.current = columns;
  }, [columns]);
  const visible = useMemo(
    () =>
      filters.stage
        ? columns.filter((column) => filters.stage?.includes(column.stage.code))
        : columns,
    [columns, filters.stage],
  );
  const shownColumns = useOneByOne(visible);
  const chosen = useMemo(() => stillChosen(selected, visible), [selected, visible]);

  const { move: moveNow } = moves;
  const { cardOf } = changes;
  /** Those of the chosen that are still where they were chosen; of the others it is said that they are gone. */
  const still = useCallback(
    (some: Chosen) => {
      const { there, gone } = standing(some, cardOf);
      for (const { name } of gone) notify({ title: t("board.gone", { deal: name }), tone: "bad" });
      return there;
    },
    [cardOf, t],
  );
  const move = useCallback(
    (some: Chosen, to: string) => {
      const ids = still(some);
      setSelected(NOTHING_CHOSEN);
      if (ids.length === 0) return;
      const kind = stages.find((stage) => stage.code === to)?.kind;
      if (kind === "won" || kind === "lost") {
        const names = ids.flatMap((id) => cardOf(id)?.name ?? []);
        setClosing({ chosen: some, names, kind, stage: to });
      } else moveNow(ids, to);
    },
    [stages, still, cardOf, moveNow],
  );
  const dropped = useCallback(
    (ids: readonly string[], from: string, to: string) => move(new Map([[from, ids]]), to),
    [move],
  );
  const dragging = useDragging(stages, live, dropped);
  const { hold, release } = live;
  const open = useCallback(
    (id: string) => void navigate({ to: "/deals/$id", params: { id } }),
    [navigate],
  );
  const acts = useMemo<CardActs>(
    () => ({
      openMenu: (card, stage, place) => setAsked({ card, stage, place }),
      editInPlace: (card, field, place) => {
        hold();
        // What it has of products tells already that it has not one line alone.
        if (field === "price" && card.products.length !== 1) setWhole({ card });
        else setEditing({ card, field, place: { current: place } });
      },
    }),
    [hold],
  );
  const board = useMemo<BoardNow>(
    () => ({
      owners: ownerNames,
      now: time,
      since,
      mayWrite,
      acts,
    }),
    [ownerNames, time, since, mayWrite, acts],
  );
  const changing = useMemo(() => ({ fresh, pending: pending.ids }), [fresh, pending.ids]);
  useUndoKey();
  const endWhole = () => {
    setWhole(null);
    release();
  };
  const openWhole = useCallback(() => {
    setEditing(null);
    setWhole(editing && { card: editing.card });
  }, [editing]);
  const select = useCallback(
    (stage: string, ids: ReadonlySet<string>) =>
      setSelected((before) => new Map(before).set(stage, ids)),
    [],
  );

  const shown = columns.reduce((count, column) => count + column.cards.length, 0);
  const all = useMemo(() => cards.filter((card) => card.status === "open").length, [cards]);
  const csv = useRef<() => string>(() => "");
  useEffect(() => {
    csv.current = () => cardsCsv(visible, format.currency, time);
  });
  const saveCsv = useCallback(
    () => download(`takt-pipeline-${dateIn(format.zone, now())}.csv`, csv.current()),
    [format],
  );
  const [refused, ...alsoRefused] = moves.refused;
  return (
    <div className={styles.screen}>
      <FiltersBar filters={filters} pipeline={pipeline} shown={shown} all={all} onCsv={saveCsv} />
      {chosen.size > 0 && (
        <SelectionBar
          chosen={chosen}
          stages={stages}
          onMove={(to) => move(chosen, to)}
          onClear={() => setSelected(NOTHING_CHOSEN)}
        />
      )}
      {shown === 0 && (
        <Empty
          action={
            <Button
              onPress={() =>
                void navigate({
                  to: "/pipeline",
                  search: filters.sort ? { sort: filters.sort } : {},
                })
              }
            >
              {t("filter.clear")}
            </Button>
          }
        >
          {t("board.none")}
        </Empty>
      )}
      <div className={styles.board} onPointerEnter={expectPointer}>
        <BoardContext value={board}>
          <ChangingContext value={changing}>
            {shownColumns.map((column) => (
              <BoardColumn
                key={column.stage.code}
                column={column}
                filters={filters}
                selected={chosen.get(column.stage.code) ?? NONE}
                onSelect={select}
                onOpen={open}
                hands={dragging.hands}
                able={dragging.able(column.stage.code)}
                mayWrite={mayWrite}
              />
            ))}
          </ChangingContext>
        </BoardContext>
        <div className={styles.ends}>
          {stages
            .filter((stage) => stage.kind !== "open")
            .map((stage) => {
              const row = totals.data?.find((one) => one.stage === stage.code);
              return (
                <ClosedColumn
                  key={stage.code}
                  stage={stage}
                  deals={row?.deals ?? 0}
                  value={row?.value ?? "0"}
                  hands={dragging.hands}
                  able={dragging.able(stage.code)}
                />
              );
            })}
        </div>
      </div>
      {refused && (
        <CriteriaDialog
          key={`${refused.id} ${refused.sequence}`}
          refused={refused}
          stages={stages}
          waiting={alsoRefused.length}
          onClose={() => moves.settleRefused()}
          onMoved={moves.settleRefused}
        />
      )}
      {closing && (
        <CloseDialog
          kind={closing.kind}
          names={closing.names}
          onClose={() => setClosing(null)}
          onDone={(why) => {
            setClosing(null);
            // Somebody may have won or lost one of them while the reason was written.
            moveNow(still(closing.chosen), closing.stage, why);
          }}
        />
      )}
      {asked && (
        <CardMenu
          asked={asked}
          {...{ pipeline, mayWrite }}
          onOpen={open}
          onEdit={(card) => {
            hold();
            setWhole({ card });
          }}
          onMove={(card, to) => move(new Map([[card.stage, [card.id]]]), to)}
          onClose={() => setAsked(null)}
        />
      )}
      {editing && (
        <InPlace
          editing={editing}
          onSave={(edit) => {
            setEditing(null);
            edits.save(editing.card.id, edit);
            release();
          }}
          onWhole={openWhole}
          onClose={() => {
            setEditing(null);
            release();
          }}
        />
      )}
      {whole && (
        <EditDialog
          id={whole.card.id}
          name={whole.card.name}
          begun={whole.begun}
          onClose={endWhole}
          onSaved={(deal, before) => {
            edits.saved(deal, before);
            endWhole();
          }}
        />
      )}
    </div>
  );
}

/** The columns as they are drawn: of those that change together one after the other, each in a frame of its own. */
function useOneByOne(columns: readonly Column[]): readonly Column[] {
  const [drawn, draw] = useState(columns);
  useEffect(() => {
    if (oneStep(drawn, columns) === drawn) return;
    const frame = requestAnimationFrame(() =>
      startTransition(() => draw((now) => oneStep(now, columns))),
    );
    return () => cancelAnimationFrame(frame);
  }, [drawn, columns]);
  return drawn;
}
