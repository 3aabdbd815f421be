/** The causal chains as they arrive, the newest first; none moves while somebody is on the list. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Pipeline } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { Button, Select } from "../../ui/controls";
import { Card, Empty, Given } from "../../ui/pieces";
import styles from "./beat.module.css";
import type { Chain } from "./chains";
import { colourOf, KINDS, type Kind, kindMessage, shortType } from "./words";

const SHOWN = 25;
const ON_THE_TRACK = KINDS.filter((kind) => kind !== "webhook");

export function ChainList({
  chains,
  pipeline,
}: {
  chains: readonly Chain[];
  pipeline: Pipeline | undefined;
}) {
  const { t } = useI18n();
  const [kind, setKind] = useState<Kind | "all">("all");
  const [held, setHeld] = useState<ReadonlySet<string> | null>(null);
  const wanted = kind === "all" ? chains : chains.filter((chain) => chain.steps[kind]);
  const shown = (held ? wanted.filter((chain) => held.has(chain.id)) : wanted).slice(0, SHOWN);
  const waiting = held ? wanted.filter((chain) => !held.has(chain.id)).length : 0;
  // The steps of a chain that is shown go on; only new rows wait.
  const hold = () => setHeld((before) => before ?? new Set(chains.map((chain) => chain.id)));
  const names = new Map(pipeline?.stages.map((stage) => [stage.code, stage.name]));
  return (
    <Card
      title={t("chains.title")}
      tools={
        <span className={styles.chainTools}>
          {waiting > 0 && (
            <Button size="small" onPress={() => setHeld(null)}>
              {t("chains.waiting", { count: waiting })}
            </Button>
          )}
          <Select
            label={t("chains.filter")}
            labelHidden
            value={kind}
            onChoose={(id) => setKind(id as Kind | "all")}
            choices={[
              { id: "all", name: t("chains.all") },
              ...ON_THE_TRACK.map((id) => ({ id, name: t(kindMessage(id)) })),
            ]}
          />
        </span>
      }
    >
      {shown.length === 0 ? (
        <Empty>{t("chains.none")}</Empty>
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: it only notices that somebody is here
        <div
          onPointerEnter={hold}
          onPointerLeave={() => setHeld(null)}
          onFocus={hold}
          onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setHeld(null)}
        >
          <ol className={styles.chains}>
            {shown.map((chain) => (
              <Row key={chain.id} chain={chain} names={names} />
            ))}
          </ol>
        </div>
      )}
    </Card>
  );
}

function Row({ chain, names }: { chain: Chain; names: ReadonlyMap<string, string> }) {
  const { t, format } = useI18n();
  const { deal } = chain;
  const stage = (code: string) => names.get(code) ?? code;
  return (
    <li>
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
          {ON_THE_TRACK.map((kind) => {
            const step = chain.steps[kind];
            return (
              <span key={kind} className={styles.mark} data-lit={step !== undefined}>
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
}
