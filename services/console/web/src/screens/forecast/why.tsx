/** Why one version differs from another: a bridge of parts that sum to the difference exactly. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../../api/client";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Button } from "../../ui/controls";
import { Card, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import ui from "../../ui/ui.module.css";
import { csv, download } from "../pipeline/csv";
import { bridgeOf, type Step, TOLD } from "./bridge";
import { Publish } from "./filters";
import styles from "./forecast.module.css";
import { type Catalog, type Node, unitOf } from "./node";
import { usePartWords } from "./part-words";
import { explanationQuery, type VersionHead } from "./queries";
import type { Asked } from "./use-outlook";

type Explained = Schemas["ExplainedSum"];

export function Why({
  pair,
  node,
  catalog,
  versions,
  live,
}: {
  pair: { newer: VersionHead; older: VersionHead } | null;
  node: Node;
  catalog: Catalog;
  versions: Asked<readonly VersionHead[]>;
  /** The chart shows the present forecast, which no version holds yet. */
  live: boolean;
}) {
  const { t, format } = useI18n();
  const mayWrite = useMay("forecast:write");
  return (
    <Card title={t("why.title")} label={t("why.title")}>
      {versions.error && !versions.data ? (
        <Failure error={versions.error} retry={versions.refetch} />
      ) : !versions.data ? (
        <Loading>
          <Skeleton height={220} />
        </Loading>
      ) : pair ? (
        <>
          <p className={styles.soft}>
            {t("why.pair", {
              newer: pair.newer.version,
              newerName: pair.newer.name,
              newerAt: format.instant(pair.newer.as_of),
              older: pair.older.version,
              olderName: pair.older.name,
              olderAt: format.instant(pair.older.as_of),
            })}{" "}
            {live && t("why.live")}
          </p>
          <Explanation pair={pair} node={node} catalog={catalog} />
        </>
      ) : (
        <Empty action={mayWrite ? <Publish /> : undefined}>{t("why.one-version")}</Empty>
      )}
    </Card>
  );
}

function Explanation({
  pair: { newer, older },
  node,
  catalog,
}: {
  pair: { newer: VersionHead; older: VersionHead };
  node: Node;
  catalog: Catalog;
}) {
  const { t, language } = useI18n();
  const explained = useQuery({
    ...explanationQuery(newer.version, older.version, node, language),
    placeholderData: (before, query) => (query?.queryKey[1] === newer.version ? before : undefined),
  });
  if (explained.error && !explained.data) {
    return <Failure error={explained.error} retry={() => void explained.refetch()} />;
  }
  if (explained.data === undefined) {
    return (
      <Loading>
        <Skeleton height={220} />
      </Loading>
    );
  }
  if (explained.data === null) return <Empty>{t("outlook.not-in-version")}</Empty>;
  return (
    <Bridge
      sum={explained.data}
      unit={explained.data.unit ?? unitOf(node, catalog)}
      newer={newer.version}
      older={older.version}
    />
  );
}

function Bridge({
  sum,
  unit,
  newer,
  older,
}: {
  sum: Explained;
  unit: string;
  newer: number;
  older: number;
}) {
  const { t, format } = useI18n();
  const words = usePartWords();
  const [all, setAll] = useState(false);
  const steps = bridgeOf(sum, all ? Number.POSITIVE_INFINITY : TOLD);
  const ends = [sum.before, sum.after, ...steps.flatMap(({ from, to }) => [from, to])].map(Number);
  const [low, high] = scaleOf(ends);
  const place = (units: number) => (100 * (units - low)) / (high - low || 1);
  const bar = (from: string, to: string): [number, number] => {
    const [a, b] = [place(Number(from)), place(Number(to))];
    return [Math.min(a, b), Math.abs(b - a)];
  };
  const share = (quantity: string) =>
    Number(sum.before) > 0 ? format.percentChange(Number(quantity) / Number(sum.before)) : "–";
  const save = () =>
    download(
      `takt-forecast-why-${newer}-${older}.csv`,
      csv([
        [t("why.reason"), t("why.units"), t("why.value", { currency: format.currency })],
        [t("why.version", { version: older }), sum.before, sum.value_before],
        ...steps.map((step) => [words.text(step), step.quantity, step.value]),
        [t("why.version", { version: newer }), sum.after, undefined],
      ]),
    );
  return (
    <div className={styles.why}>
      <p className={styles.sentence}>{sum.sentence}</p>
      <div className={ui.scroll}>
        <table className={`${ui.table} ${styles.bridge}`}>
          <thead>
            <tr>
              <th scope="col">{t("why.reason")}</th>
              <td className={styles.barCell} />
              <th scope="col" className={ui.end}>
                {t("outlook.units", { quantity: "", unit })}
              </th>
              <th scope="col" className={`${ui.end} ${styles.onlyWide}`}>
                %
              </th>
              <th scope="col" className={`${ui.end} ${styles.onlyWide}`}>
                {t("why.value", { currency: format.currency })}
              </th>
            </tr>
          </thead>
          <tbody>
            <Row
              name={t("why.version", { version: older })}
              bar={[place(Math.max(low, 0)), place(Number(sum.before)) - place(Math.max(low, 0))]}
              tone="end"
              units={format.quantity(sum.before)}
              value={format.moneyShort(sum.value_before)}
            />
            {steps.map((step) => (
              <Row
                key={keyOf(step)}
                name={<Reason step={step} text={words.text(step)} />}
                bar={bar(step.from, step.to)}
                tone={Number(step.quantity) > 0 ? "more" : "less"}
                units={format.quantityChange(step.quantity)}
                share={share(step.quantity)}
                value={format.moneyChange(step.value)}
              />
            ))}
            <Row
              name={t("why.version", { version: newer })}
              bar={[place(Math.max(low, 0)), place(Number(sum.after)) - place(Math.max(low, 0))]}
              tone="end"
              units={format.quantity(sum.after)}
              share={share(sum.difference)}
              value={format.moneyChange(sum.value_difference)}
            />
          </tbody>
        </table>
      </div>
      <div className={styles.acts}>
        {low > 0 && (
          <span className={styles.soft}>{t("why.cut", { from: format.quantity(low) })}</span>
        )}
        <Button size="small" icon="download" onPress={save}>
          {t("why.csv")}
        </Button>
        {(all || steps.some(({ of }) => of === "rest")) && (
          <Button size="small" onPress={() => setAll(!all)}>
            {t(all ? "why.fewer" : "why.all")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The part of the scale that is drawn: where the ends lie close together, not from zero on. */
export function scaleOf(ends: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low) * 0.25;
  if (low - room < high * 0.3) return [Math.min(0, low), high];
  // A beginning that can be said.
  const step = 10 ** Math.floor(Math.log10(high - low || 1));
  return [Math.floor((low - room) / step) * step, high];
}

const keyOf = ({ part, of }: Step): string =>
  part === null
    ? of
    : `${part.kind} ${part.deal?.deal_id ?? part.order?.sale_id ?? part.signal?.signal_id ?? ""}`;

function Reason({ step, text }: { step: Step; text: string }) {
  const deal = step.part?.deal;
  return deal ? (
    <Link to="/deals/$id" params={{ id: deal.deal_id }}>
      <Given>{text}</Given>
    </Link>
  ) : (
    text
  );
}

function Row({
  name,
  bar: [start, width],
  tone,
  units,
  share,
  value,
}: {
  name: ReactNode;
  bar: [number, number];
  tone: "end" | "more" | "less";
  units: string;
  share?: string;
  value: string;
}) {
  const drawn = (
    <svg className={styles.bar} aria-hidden="true" data-tone={tone}>
      <rect x={`${start}%`} width={`${Math.max(0.3, width)}%`} height="100%" rx={2} />
    </svg>
  );
  return (
    <tr data-tone={tone}>
      <th scope="row">
        {name}
        <div className={styles.onlyNarrow}>{drawn}</div>
      </th>
      <td className={styles.barCell}>{drawn}</td>
      <td className={`${ui.end} number`}>{units}</td>
      <td className={`${ui.end} number ${styles.onlyWide}`}>{share}</td>
      <td className={`${ui.end} number ${styles.onlyWide}`}>{value}</td>
    </tr>
  );
}
