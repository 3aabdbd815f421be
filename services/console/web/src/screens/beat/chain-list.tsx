/** The causal chains as they arrive, the newest first; none moves while somebody is on the list. */

import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { memo, useMemo, useState } from "react";
import { type Pipeline, traceQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { dateIn, now } from "../../lib/clock";
import { Button, Select } from "../../ui/controls";
import { Card, Empty, Given } from "../../ui/pieces";
import { csv, download } from "../pipeline/csv";
import { attemptsOf, useAttempts } from "./attempts";
import styles from "./beat.module.css";
import type { Chain, Step } from "./chains";
import { useHeldChains } from "./held-chains";
import { colourOf, KINDS, type Kind, kindMessage, shortType } from "./words";

const SHOWN = 25;

export function ChainList({
  chains,
  pipeline,
}: {
  chains: readonly Chain[];
  pipeline: Pipeline | undefined;
}) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const may = useMay("events:read");
  const { kind } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const held = useHeldChains(chains);
  const wanted = (some: readonly Chain[]) =>
    kind ? some.filter((chain) => chain.steps[kind]) : some;
  const shown = wanted(held.rows).slice(0, SHOWN);
  const waiting = wanted(held.waiting).length;
  const names = useMemo(
    () => new Map(pipeline?.stages.map((stage) => [stage.code, stage.name])),
    [pipeline],
  );
  const save = () => {
    const rows = tableOf(shown, (id) => {
      const trace = queries.getQueryData(traceQuery(id).queryKey);
      return trace && attemptsOf(trace);
    });
    download(`takt-chains-${dateIn(format.zone, now())}.csv`, csv(rows));
  };
  return (
    <div {...held.on}>
      <Card
        title={t("chains.title")}
        tools={
          <span className={styles.chainTools}>
            {waiting > 0 && (
              <Button size="small" onPress={held.release}>
                {t("chains.waiting", { count: waiting })}
              </Button>
            )}
            <Select
              label={t("chains.filter")}
              labelHidden
              value={kind ?? "all"}
              onChoose={(id) =>
                void navigate({
                  search: id === "all" ? {} : { kind: id as (typeof ON_THE_TRACK)[number] },
                  replace: true,
                  resetScroll: false,
                })
              }
              choices={[
                { id: "all", name: t("chains.all") },
                ...ON_THE_TRACK.map((id) => ({ id, name: t(kindMessage(id)) })),
              ]}
            />
            {shown.length > 0 && (
              <Button icon="download" aria-label={t("chains.csv")} onPress={save} />
            )}
          </span>
        }
      >
        {!may ? (
          <Empty>{t("beat.forbidden", { scope: "events:read" })}</Empty>
        ) : shown.length === 0 ? (
          <Empty>{t(kind && chains.length > 0 ? "chains.none-such" : "chains.none")}</Empty>
        ) : (
          <ol className={styles.chains}>
            {shown.map((chain) => (
              <Row key={chain.id} chain={chain} names={names} />
            ))}
          </ol>
        )}
      </Card>
    </div>
  );
}

/** The parts by which chains are told apart as they come; attempts of webhooks are only known afterwards. */
const ON_THE_TRACK = KINDS.filter((kind) => kind !== "webhook");

/** The chains as rows, with their parts' milliseconds. */
export function tableOf(
  chains: readonly Chain[],
  attempts: (id: string) => Step | null | undefined,
): (string | number | undefined)[][] {
  return [
    ["id", "began", "event", "deal", "from_stage", "to_stage", ...KINDS.map(column), "total_ms"],
    ...chains.map(({ id, began, ended, type, deal, steps }) => [
      id,
      new Date(began).toISOString(),
      type,
      deal?.name,
      deal?.from,
      deal?.to,
      ...KINDS.map((kind) => (kind === "webhook" ? attempts(id) : steps[kind])?.last),
      ended - began,
    ]),
  ];
}

const column = (kind: Kind) => `${kind}_ms`;

const Row = memo(function Row({
  chain,
  names,
}: {
  chain: Chain;
  names: ReadonlyMap<string, string>;
}) {
  const { t, format } = useI18n();
  const [looked, setLooked] = useState(false);
  const attempts = useAttempts(chain.id, looked ? chain.ended : null);
  const { deal } = chain;
  const stage = (code: string) => names.get(code) ?? code;
  const look = () => setLooked(true);
  return (
    <li onPointerEnter={look} onFocus={look}>
      <Link to="/traces/$id" params={{ id: chain.id }} className={styles.chain}>
        <time className="number">{format.time(new Date(chain.began).toISOString())}</time>
        <span className={styles.chainName}>
          {deal ? (
            <>
              <Given>{deal.name}</Given>
              {deal.from && deal.to && (
                <span className={styles.chainWhat}>
                  {stage(deal.from)} → {stage(deal.to)}
                </span>
              )}
              {!deal.to && <span className={styles.chainWhat}>{shortType(chain.type)}</span>}
            </>
          ) : (
            shortType(chain.type)
          )}
        </span>
        <span className={styles.track}>
          {KINDS.map((kind) => {
            const step = kind === "webhook" ? attempts : chain.steps[kind];
            return (
              <span key={kind} className={styles.mark} data-lit={Boolean(step)}>
                <span className={styles.lamp} style={{ background: colourOf(kind) }} />
                <span className={styles.markName}>
                  {t(kindMessage(kind))}
                  {step && step.count > 1 && ` ×${step.count}`}
                </span>
                <span className="number">{step ? format.delay(step.last) : ""}</span>
              </span>
            );
          })}
        </span>
        <b className="number">{format.delay(chain.ended - chain.began)}</b>
      </Link>
    </li>
  );
});
