/** The forecast of a series by week with its 80 and 95 % intervals, and what it was before. */

import { area, line } from "d3-shape";
import type { Schemas } from "../api/client";
import { useI18n } from "../i18n/i18n";
import styles from "./charts.module.css";
import { Plot } from "./plot";

export type Bucket = Schemas["ForecastBucket"];

export interface SeriesShown {
  product: string;
  region: string;
  unit: string;
  buckets: readonly Bucket[];
}

export function ForecastChart({
  series,
  before,
  height,
}: {
  series: SeriesShown;
  before?: readonly Bucket[] | undefined;
  height?: number;
}) {
  const { t, format } = useI18n();
  const weeks = series.buckets.map((bucket) => bucket.week);
  const now = new Map(series.buckets.map((bucket) => [bucket.week, bucket]));
  const then = new Map((before ?? []).map((bucket) => [bucket.week, bucket]));
  const known = weeks.filter((week) => then.has(week));
  const at = (week: string) => now.get(week) as Bucket;
  const values = [
    ...series.buckets.flatMap((bucket) => [Number(bucket.low95), Number(bucket.high95)]),
    ...known.map((week) => Number(then.get(week)?.quantity)),
  ];
  return (
    <Plot
      file={`forecast-${series.product}-${series.region}`}
      label={t("chart.forecast.label", { product: series.product, region: series.region })}
      weeks={weeks}
      values={values}
      unit={t("chart.forecast.unit", { unit: series.unit })}
      formatY={format.quantity}
      {...(height ? { height } : {})}
      columns={[
        {
          name: t("chart.forecast.now"),
          value: (week) => format.quantity(at(week).quantity),
          exact: [(week) => at(week).quantity],
          colour: "forecast",
        },
        ...(known.length
          ? [
              {
                name: t("chart.forecast.before"),
                value: (week: string) => {
                  const bucket = then.get(week);
                  return bucket ? format.quantity(bucket.quantity) : "–";
                },
                exact: [(week: string) => then.get(week)?.quantity],
                colour: "text-muted",
              },
            ]
          : []),
        {
          name: t("chart.forecast.80"),
          value: (week) => range(at(week).low80, at(week).high80),
          exact: [(week) => at(week).low80, (week) => at(week).high80],
          colour: "forecast-80",
        },
        {
          name: t("chart.forecast.95"),
          value: (week) => range(at(week).low95, at(week).high95),
          exact: [(week) => at(week).low95, (week) => at(week).high95],
          colour: "forecast-95",
        },
      ]}
    >
      {({ x, y }) => {
        const place = (week: string) => x(week) ?? 0;
        const band = (low: "low80" | "low95", high: "high80" | "high95") =>
          area<string>()
            .x(place)
            .y0((week) => y(Number(at(week)[low])))
            .y1((week) => y(Number(at(week)[high])))(weeks) ?? "";
        const drawn = (shown: readonly string[], of: ReadonlyMap<string, Bucket>) =>
          line<string>()
            .x(place)
            .y((week) => y(Number(of.get(week)?.quantity)))([...shown]) ?? "";
        return (
          <>
            <path className={styles.band95} d={band("low95", "high95")} />
            <path className={styles.band80} d={band("low80", "high80")} />
            {known.length > 1 && <path className={styles.before} d={drawn(known, then)} />}
            <path className={styles.line} stroke="var(--forecast)" d={drawn(weeks, now)} />
            <Drawn />
          </>
        );
      }}
    </Plot>
  );

  function range(low: string, high: string): string {
    return `${format.quantity(low)} – ${format.quantity(high)}`;
  }
}

/** The first forecast is what a newcomer waits for. */
function Drawn() {
  return null;
}
