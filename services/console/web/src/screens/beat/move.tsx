/** Move a deal, and watch what it does, part by part. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { api, expect, Problem } from "../../api/client";
import { demandQuery, type Pipeline } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { useNow } from "../../lib/clock";
import { useHeld } from "../../lib/held";
import { useEvents } from "../../live/live";
import type { TaktEvent } from "../../live/stream";
import { Button, Select } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import {
  cardsQuery,
  changeCards,
  type Card as DealCard,
  useLiveCards,
  usePipelineCards,
} from "../pipeline/cards";
import { cardMoved } from "../pipeline/live";
import styles from "./beat.module.css";
import type { Moved } from "./chains";
import { Stopwatch } from "./stopwatch";
import { destinations, shownDeal, suggestions } from "./suggest";
import type { Beat } from "./use-beat";

export function Move({ beat, pipeline }: { beat: Beat; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const { cards, error, isPending, refetch } = usePipelineCards(pipeline.code);
  const queries = useQueryClient();
  useLiveCards(pipeline.code);
  const mayForecast = useMay("forecast:read");
  const { moved } = beat.own;
  const [shown, show] = useState<string | null>(moved?.card.id ?? null);
  const [target, setTarget] = useState<string | null>(null);
  const [choosing, setChoosing] = useState(false);

  const time = useNow();
  const offered = useMemo(() => suggestions(cards, pipeline, time), [cards, pipeline, time]);
  const card = shownDeal(shown, cards, offered, pipeline);
  const showing = card?.id ?? null;
  // It stays, whichever deal is offered first from now on: it must not change under somebody's pointer.
  useEffect(() => {
    if (showing) show(showing);
  }, [showing]);
  const choices = useHeld(
    card ? [card, ...offered.filter((one) => one.id !== card.id)] : [],
    choosing,
  );
  // The deal that was moved last, as it is now.
  const own = cards.find((one) => one.id === moved?.card.id);
  const goals = card ? destinations(pipeline, card.stage) : [];
  const goal = goals.find((stage) => stage.code === target) ?? goals[0];
  const demand = useQuery({
    ...demandQuery(card?.id ?? ""),
    enabled: card !== undefined && mayForecast,
    retry: false,
  });

  // The forecast answers a move after the deal does: what is shown is read anew when it has spoken.
  useEvents((batch) => {
    const said = ({ type, subject }: TaktEvent) =>
      type === "takt.pipeline_demand.changed.v1" && subject === showing;
    if (showing && batch.some(said)) {
      void queries.invalidateQueries({ queryKey: demandQuery(showing).queryKey });
    }
  });

  const move = useMutation({
    mutationFn: ({ id, card: one, to }: Moved) =>
      expect(
        api.POST("/v1/deals/{deal_id}/stage", {
          params: { path: { deal_id: one.id }, header: { "if-match": `"${one.sequence}"` } },
          headers: { "Correlation-Id": id },
          body: { stage: to },
        }),
      ),
    onSuccess: (answer, { card: one }) => {
      changeCards(queries, pipeline.code, (known) =>
        known.map((each) => (each.id === one.id ? cardMoved(each, answer) : each)),
      );
      void queries.invalidateQueries({ queryKey: demandQuery(one.id).queryKey });
    },
    onError: (problem, { id }) => {
      // Without an answer it may have been done: its events will tell.
      if (problem instanceof Problem && problem.status < 500) beat.unwatch(id);
      // Why it was refused may be that the card is no longer as it was read.
      void queries.invalidateQueries({ queryKey: cardsQuery(pipeline.code).queryKey });
    },
  });

  const begin = (one: DealCard, to: string) => {
    const next: Moved = {
      id: crypto.randomUUID(),
      card: one,
      from: one.stage,
      to,
      demand: demand.data
        ? { probability: demand.data.probability, value: demand.data.expected_value }
        : null,
      lowest: beat.cash.now?.lowest_expected.balance ?? null,
      orders: beat.orders,
    };
    show(one.id);
    setTarget(null);
    // Before the request: its events may be here before its answer.
    beat.watch(next);
    move.mutate(next);
  };

  const nameOf = (code: string) =>
    pipeline.stages.find((stage) => stage.code === code)?.name ?? code;
  return (
    <>
      <p className={styles.lead}>{t("move.lead")}</p>
      {isPending ? (
        <Loading>
          <Skeleton height={56} />
        </Loading>
      ) : error && cards.length === 0 ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !card || !goal ? (
        <Empty>{t("move.none")}</Empty>
      ) : (
        <div className={styles.move}>
          <Select
            label={t("move.deal")}
            value={card.id}
            onOpenChange={setChoosing}
            onChoose={(id) => {
              show(id);
              setTarget(null);
            }}
            choices={choices.map((one) => ({
              id: one.id,
              name: one.name,
              hint: format.moneyShort(one.value),
            }))}
          />
          <span className={styles.from}>
            <span className={styles.fromLabel}>{t("move.from")}</span>
            <span className={styles.fromStage}>{nameOf(card.stage)}</span>
          </span>
          <span className={styles.arrow}>
            <Icon name="arrow" />
          </span>
          <Select
            label={t("move.to")}
            value={goal.code}
            onChoose={setTarget}
            choices={goals.map((stage) => ({ id: stage.code, name: stage.name }))}
          />
          <Button
            look="primary"
            aria-busy={move.isPending}
            onPress={() => !move.isPending && begin(card, goal.code)}
          >
            {t("move.go")}
          </Button>
        </div>
      )}
      {move.error && (
        <>
          <Failure error={move.error} />
          {card && (
            <p className={styles.lead}>
              <Link to="/deals/$id" params={{ id: card.id }}>
                {t("move.see-deal")}
              </Link>
            </p>
          )}
        </>
      )}
      {moved && (!move.error || beat.own.events.length > 0) && (
        <Stopwatch moved={moved} events={beat.own.events} nameOf={nameOf}>
          <Button
            size="small"
            icon="undo"
            isDisabled={move.isPending || own?.stage !== moved.to}
            onPress={() => own && begin(own, moved.from)}
          >
            {t("move.back")}
          </Button>
          <Link to="/traces/$id" params={{ id: moved.id }}>
            {t("move.see-chain")}
          </Link>
        </Stopwatch>
      )}
    </>
  );
}
