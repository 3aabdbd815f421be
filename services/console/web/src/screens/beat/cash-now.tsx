/** The cash line with its lowest point, before and after. */

import { memo } from "react";
import { useMay } from "../../app/session";
import { CashChart } from "../../charts/cash-chart";
import { useI18n } from "../../i18n/i18n";
import { micros, minus } from "../../lib/amount";
import { useGlow } from "../../ui/glow";
import { Card, Chip, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import styles from "./beat.module.css";
import type { Projection } from "./chains";
import type { Beat } from "./use-beat";

const CHART_PX = 160;

export const CashNow = memo(function CashNow({
  cash: { now, before },
  error,
  retry,
}: { cash: Beat["cash"] } & Beat["cashAnswer"]) {
  const { t } = useI18n();
  return (
    <Card title={t("beat.cash")}>
      {!useMay("cash:read") ? (
        <Empty>{t("beat.forbidden", { scope: "cash:read" })}</Empty>
      ) : error && !now ? (
        <Failure error={error} retry={() => void retry()} />
      ) : !now ? (
        <Loading>
          <Skeleton height={CHART_PX + 90} />
        </Loading>
      ) : (
        <>
          <Lowest now={now} before={before} />
          <CashChart cash={now} before={before ?? undefined} height={CHART_PX} />
        </>
      )}
    </Card>
  );
});

function Lowest({ now, before }: { now: Projection; before: Projection | null }) {
  const { t, format } = useI18n();
  const { week, balance } = now.lowest_expected;
  const change = before ? minus(balance, before.lowest_expected.balance) : "0";
  const short = micros(balance) < micros(now.minimum);
  const glow = useGlow(balance);
  return (
    <p className={styles.series}>
      <span>{t("beat.cash.lowest", { week: format.date(week) })}</span>
      <span className={`${styles.total} number ${glow ?? ""}`}>
        <b>{format.money(balance)}</b>{" "}
        {micros(change) !== 0n && <small>{format.moneyChange(change)}</small>}{" "}
        {short && <Chip tone="bad">{t("beat.cash.short")}</Chip>}
      </span>
    </p>
  );
}
