/** The forecast of the series that was touched last, before and after. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { firstForecastQuery, forecastQuery, productsQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { type Bucket, ForecastChart } from "../../charts/forecast-chart";
import { useI18n } from "../../i18n/i18n";
import { sum } from "../../lib/amount";
import { useQuiet } from "../../lib/quiet";
import { useGlow } from "../../ui/glow";
import { Card, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./beat.module.css";
import type { TouchedSeries } from "./chains";

const CHART_PX = 392;
/** So long a series must have been the last one before it is asked what it was before. */
const QUIET_MS = 100;

export const ForecastNow = memo(function ForecastNow({
  touched,
}: {
  touched: TouchedSeries | undefined;
}) {
  const { t } = useI18n();
  const may = useMay("forecast:read");
  const first = useQuery({ ...firstForecastQuery, enabled: may && !touched });
  const shown = touched ?? (first.data as TouchedSeries | null | undefined);
  return (
    <Card title={t("beat.forecast")}>
      {!may ? (
        <Empty>{t("beat.forbidden", { scope: "forecast:read" })}</Empty>
      ) : shown === undefined && first.error ? (
        <Failure error={first.error} retry={() => void first.refetch()} />
      ) : shown === undefined ? (
        <Loading>
          <Skeleton height={CHART_PX + 90} />
        </Loading>
      ) : shown === null ? (
        <Empty>{t("beat.forecast.none")}</Empty>
      ) : (
        <Shown series={shown} changed={touched !== undefined} />
      )}
    </Card>
  );
});

function Shown({ series, changed }: { series: TouchedSeries; changed: boolean }) {
  const { t, format } = useI18n();
  const { product, region, unit, buckets } = series;
  const justBefore = new Date(Date.parse(series.as_of) - 1).toISOString();
  const quiet = useQuiet(`${product} ${region} ${series.as_of}`, QUIET_MS);
  const before = useQuery({
    ...forecastQuery(product, region, justBefore),
    enabled: changed && quiet,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5_000,
    placeholderData: keepPreviousData,
  });
  const products = useQuery({ ...productsQuery, enabled: useMay("deals:read") });
  const name = products.data?.find((one) => one.code === product)?.name;
  const was =
    before.data?.product === product && before.data.region === region ? before.data : undefined;
  const total = (some: readonly Bucket[]) => sum(some.map((bucket) => bucket.quantity));
  const after = total(buckets);
  const then = was && total(was.buckets);
  const glow = useGlow(`${product} ${region} ${after}`);
  return (
    <>
      <p className={styles.series}>
        <strong>
          <Link to="/forecast" search={{ product, region }}>
            <Given>{name ?? product}</Given>
          </Link>
        </strong>
        <span>
          <Given>{product}</Given> · <Given>{region}</Given>
        </span>
        <span className={`${styles.total} number ${glow ?? ""}`}>
          {then !== undefined && then !== after && (
            <>
              <s>{format.quantity(then)}</s> →{" "}
            </>
          )}
          <b>{format.quantity(after)}</b>{" "}
          {t("beat.forecast.total", { unit, weeks: buckets.length })}
        </span>
      </p>
      <ForecastChart series={series} before={was?.buckets} height={CHART_PX} />
    </>
  );
}
