/** The chart of a node, where one is, and what it comes to. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useI18n } from "../../i18n/i18n";
import { micros, minus, sum } from "../../lib/amount";
import { dateIn, useNow } from "../../lib/clock";
import { useGlow } from "../../ui/glow";
import { Card, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./forecast.module.css";
import { type Catalog, covers, isSeries, type Node, nameOf, reaches, unitOf } from "./node";
import { addWeeks, axisOf, demandByWeek, isBanded, judge, mondayOf } from "./outlook";
import { OutlookChart } from "./outlook-chart";
import { demandRowsQuery, type VersionHead } from "./queries";
import { type Drawn, type ForecastSearch, USUAL_PAST } from "./search";
import type { Signal } from "./signals";
import type { Asked, Outlook } from "./use-outlook";

const CHART_PX = 380;
/** Beside the model of a series, which needs more room than the parts of a sum. */
const SERIES_PX = 480;

export function OutlookCard({
  search,
  node,
  catalog,
  drawn,
  shown,
  against,
  signals,
}: {
  search: ForecastSearch;
  node: Node;
  catalog: Catalog & { known: boolean };
  drawn: Drawn<VersionHead>;
  shown: Asked<Outlook | null>;
  against: Asked<Outlook | null>;
  signals: readonly Signal[];
}) {
  const { t, format } = useI18n();
  const now = useNow();
  const thisWeek = mondayOf(dateIn(format.zone, now));
  const past = search.past ?? USUAL_PAST;
  const alone = isSeries(node, catalog);
  const demand = useQuery(
    demandRowsQuery(
      {
        ...(node.product && { product: node.product }),
        ...(alone && node.region && { region: node.region }),
      },
      addWeeks(thisWeek, -past),
    ),
  );
  // Of which series a family or a larger region consists is not known without the catalog.
  const summable = catalog.known || !(node.family || node.region);
  return (
    <Card title={<Crumbs node={node} catalog={catalog} />}>
      {shown.error && !shown.data ? (
        <Failure error={shown.error} retry={shown.refetch} />
      ) : shown.data === undefined ? (
        <Loading>
          <Skeleton height={CHART_PX + 90} />
        </Loading>
      ) : shown.data === null ? (
        <Empty>{t(drawn.shown ? "outlook.not-in-version" : "beat.forecast.none")}</Empty>
      ) : (
        <Shown
          node={node}
          catalog={catalog}
          drawn={drawn}
          shown={shown.data}
          against={against.data ?? null}
          demand={
            summable ? demandByWeek(demand.data?.rows ?? [], covers(node, catalog)) : new Map()
          }
          thisWeek={thisWeek}
          past={past}
          signals={signals.filter((signal) => reaches(signal, node, catalog))}
        />
      )}
      {against.error && <Failure error={against.error} retry={against.refetch} />}
      {demand.error && !demand.data && (
        <Failure error={demand.error} retry={() => void demand.refetch()} />
      )}
      {(demand.data?.cut || !summable) && (
        <p className={styles.soft}>{t(summable ? "outlook.too-many" : "outlook.no-catalog")}</p>
      )}
    </Card>
  );
}

function Shown({
  node,
  catalog,
  drawn,
  shown,
  against,
  demand,
  thisWeek,
  past,
  signals,
}: {
  node: Node;
  catalog: Catalog;
  drawn: Drawn<VersionHead>;
  shown: Outlook;
  against: Outlook | null;
  demand: ReadonlyMap<string, string>;
  thisWeek: string;
  past: number;
  signals: readonly Signal[];
}) {
  const { t, format } = useI18n();
  const unit = shown.series?.unit ?? unitOf(node, catalog);
  const axis = axisOf(
    { demand, shown: shown.buckets, against: against?.buckets ?? [] },
    thisWeek,
    past,
  );
  const total = sum(shown.buckets.map((bucket) => bucket.quantity));
  const pipeline = sum(shown.buckets.map((bucket) => bucket.pipeline));
  const glow = useGlow(drawn.shown ? undefined : total);
  const units = (quantity: string) =>
    t("outlook.units", { quantity: format.quantity(quantity), unit });
  const judged = judge(against ? axis.against : axis.shown, axis.actual);
  const common = shown.buckets.filter(({ week }) => axis.against.has(week));
  const change = minus(
    sum(common.map((bucket) => bucket.quantity)),
    sum(common.map(({ week }) => axis.against.get(week)?.quantity ?? "0")),
  );
  return (
    <div className={styles.shown}>
      <dl className={styles.facts}>
        <Fact name={t("outlook.expected", { weeks: shown.buckets.length })}>
          <b className={`number ${glow ?? ""}`}>{units(total)}</b>
        </Fact>
        <Fact name={t("outlook.from-pipeline")}>
          {units(pipeline)}
          {micros(total) > 0n && <small>{format.percent(Number(pipeline) / Number(total))}</small>}
        </Fact>
        {against && drawn.against && (
          <Fact
            name={t("outlook.change", { version: drawn.against.version, weeks: common.length })}
          >
            {t("outlook.units", { quantity: format.quantityChange(change), unit })}
          </Fact>
        )}
        {judged && (
          <Fact name={t("outlook.judged", { weeks: judged.weeks })}>
            {t("outlook.said-came", {
              said: format.quantity(judged.said),
              came: format.quantity(judged.came),
            })}
            {judged.banded > 0 && (
              <small>
                {t("outlook.inside", { inside: judged.inside80, weeks: judged.banded })}
              </small>
            )}
          </Fact>
        )}
      </dl>
      <OutlookChart
        axis={axis}
        unit={unit}
        label={t("outlook.chart", {
          what: nameOf(catalog.products, node.product) ?? node.family ?? t("outlook.all-products"),
          where: nameOf(catalog.regions, node.region) ?? t("outlook.all-regions"),
        })}
        file={["forecast", node.product ?? node.family ?? "all", node.region ?? "all"].join("-")}
        thisWeek={thisWeek}
        shownName={drawn.shown ? versionName(drawn.shown, t) : t("chart.forecast.now")}
        againstName={against && drawn.against ? versionName(drawn.against, t) : null}
        signals={signals}
        height={shown.series ? SERIES_PX : CHART_PX}
      />
      {!shown.buckets.some(isBanded) && <p className={styles.soft}>{t("outlook.no-bands")}</p>}
    </div>
  );
}

const versionName = ({ version, name }: VersionHead, t: ReturnType<typeof useI18n>["t"]) =>
  t("outlook.version-name", { version, name });

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** From all products down to this one, and from all regions; each leads back up. */
function Crumbs({ node, catalog }: { node: Node; catalog: Catalog }) {
  const { t } = useI18n();
  const { product, region } = node;
  const family = node.family ?? catalog.products.find((one) => one.code === product)?.family;
  const regions: string[] = [];
  for (let at = region; at && !regions.includes(at); ) {
    regions.unshift(at);
    at = catalog.regions.find((one) => one.code === at)?.parent ?? undefined;
  }
  const steps: { name: string; to: Node }[] = [
    { name: t("outlook.all-products"), to: { region } },
    ...(family ? [{ name: family, to: { family, region } }] : []),
    ...(product ? [{ name: nameOf(catalog.products, product) ?? product, to: node }] : []),
  ];
  const places: { name: string; to: Node }[] = [
    { name: t("outlook.all-regions"), to: { ...node, region: undefined } },
    ...regions.map((code) => ({
      name: nameOf(catalog.regions, code) ?? code,
      to: { ...node, region: code },
    })),
  ];
  return (
    <span className={styles.crumbs}>
      {[steps, places].map((path) => (
        <span key={path[0]?.name} className={styles.path}>
          {path.map(({ name, to }, place) =>
            place === path.length - 1 ? (
              <span key={name} aria-current="location">
                <Given>{name}</Given>
              </span>
            ) : (
              <span key={name}>
                <Link
                  to="/forecast"
                  search={(before) => ({
                    ...before,
                    family: undefined,
                    product: undefined,
                    region: undefined,
                    ...to,
                  })}
                  resetScroll={false}
                >
                  <Given>{name}</Given>
                </Link>
                <span aria-hidden="true"> › </span>
              </span>
            ),
          )}
        </span>
      ))}
    </span>
  );
}
