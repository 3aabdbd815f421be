/** What hangs on the deal: the forecast, the plan, the orders and the cash, each with its amount. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { demandQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import type { Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { sum } from "../../lib/amount";
import { useGlow } from "../../ui/glow";
import { Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import { colourOf, type Kind, kindMessage } from "../beat/words";
import styles from "./deal.module.css";
import { cashOfQuery, needsQuery } from "./queries";

const NAMED = 3;

export function HangsOn({ deal }: { deal: Deal }) {
  const { t } = useI18n();
  const mayForecast = useMay("forecast:read");
  const maySupply = useMay("supply:read");
  const demand = useQuery({ ...demandQuery(deal.id), enabled: mayForecast, retry: false });
  const needs = useQuery({
    ...needsQuery(demand.data),
    ...(maySupply ? {} : { enabled: false }),
    placeholderData: (known) => known,
  });
  const inSight = demand.data?.lines.some((line) => line.expected.length > 0) ?? false;
  const items = inSight ? (needs.data?.items ?? null) : [];
  const missing = maySupply ? (mayForecast ? null : "forecast:read") : "supply:read";
  return (
    <section className={styles.hangs} aria-label={t("hangs.title")}>
      <ForecastTile demand={demand.data} error={demand.error} may={mayForecast} inSight={inSight} />
      <PlanTile items={items} error={needs.error} missing={missing} inSight={inSight} />
      <OrdersTile items={items} error={needs.error} missing={missing} />
      <CashTile deal={deal} />
    </section>
  );
}

function Tile({
  kind,
  amount,
  unit,
  missing,
  error,
  children,
}: {
  kind: Kind;
  amount: string | undefined;
  unit: string;
  missing?: string | null;
  error?: Error | null;
  children?: ReactNode;
}) {
  const { t } = useI18n();
  const glow = useGlow(amount);
  return (
    <article className={styles.tile}>
      <h2>
        <span style={{ background: colourOf(kind) }} />
        {t(kindMessage(kind))}
      </h2>
      {missing ? (
        <Empty>{t("beat.forbidden", { scope: missing })}</Empty>
      ) : error ? (
        <Failure error={error} />
      ) : amount === undefined ? (
        <Loading>
          <Skeleton height={64} />
        </Loading>
      ) : (
        <>
          <p className={styles.amount}>
            <b className={`number ${glow ?? ""}`}>{amount}</b> <span>{unit}</span>
          </p>
          {children}
        </>
      )}
    </article>
  );
}

function ForecastTile({
  demand,
  error,
  may,
  inSight,
}: {
  demand: Schemas["DealDemandOut"] | undefined;
  error: Error | null;
  may: boolean;
  inSight: boolean;
}) {
  const { t, format } = useI18n();
  return (
    <Tile
      kind="forecast"
      amount={demand && format.money(demand.expected_value)}
      unit={t("hangs.expected")}
      missing={may ? null : "forecast:read"}
      error={error}
    >
      {demand && !inSight && <p className={styles.soft}>{t("hangs.beyond")}</p>}
      <ul className={styles.soft}>
        {demand?.lines.slice(0, NAMED).map((line) => (
          <li key={line.line_id}>
            {t("hangs.share", {
              product: line.product,
              quantity: format.quantity(line.expected_quantity),
              pipeline: line.series ? format.quantity(line.series.pipeline) : "–",
            })}
          </li>
        ))}
      </ul>
    </Tile>
  );
}

type Items = readonly Schemas["NeededItem"][] | null;

function PlanTile({
  items,
  error,
  missing,
  inSight,
}: {
  items: Items;
  error: Error | null;
  missing: string | null;
  inSight: boolean;
}) {
  const { t, format } = useI18n();
  return (
    <Tile
      kind="plan"
      amount={items ? format.count(items.length) : undefined}
      unit={t("hangs.items", { count: items?.length ?? 0 })}
      missing={missing}
      error={error}
    >
      {!inSight && items && <p className={styles.soft}>{t("hangs.beyond")}</p>}
      <ul className={styles.soft}>
        {items?.slice(0, NAMED).map((item) => (
          <li key={`${item.item} ${item.site}`}>
            {t("hangs.need", {
              item: item.item,
              site: item.site,
              quantity: format.quantity(item.quantity),
              gross: format.quantity(item.gross),
              stock: format.quantity(item.on_hand),
            })}
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function OrdersTile({
  items,
  error,
  missing,
}: {
  items: Items;
  error: Error | null;
  missing: string | null;
}) {
  const { t, format } = useI18n();
  const bought = (items ?? []).filter((item) => item.orders.count > 0);
  const count = bought.reduce((all, item) => all + item.orders.count, 0);
  return (
    <Tile
      kind="order"
      amount={items ? format.money(sum(bought.map((item) => item.orders.amount))) : undefined}
      unit={t("hangs.orders", { count })}
      missing={missing}
      error={error}
    >
      <p className={styles.soft}>{t("hangs.shared")}</p>
      <ul className={styles.soft}>
        {bought.slice(0, NAMED).map((item) => (
          <li key={`${item.item} ${item.site}`}>
            <Given>{item.item}</Given>:{" "}
            {t("hangs.order", {
              count: item.orders.count,
              quantity: format.quantity(item.orders.quantity),
              amount: format.moneyShort(item.orders.amount),
            })}
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function CashTile({ deal }: { deal: Deal }) {
  const { t, format } = useI18n();
  const may = useMay("cash:read");
  const cash = useQuery({ ...cashOfQuery(deal.id), enabled: may, retry: false });
  const days = cash.data?.contributions.map((one) => one.due).sort() ?? [];
  const [first, last] = [days[0], days.at(-1)];
  return (
    <Tile
      kind="cash"
      amount={cash.data === undefined ? undefined : format.money(cash.data?.expected ?? "0")}
      unit={t("hangs.cash")}
      missing={may ? null : "cash:read"}
      error={cash.error}
    >
      {cash.data && (
        <p className={styles.soft}>
          {t("hangs.committed", { committed: format.money(cash.data.committed) })}
          {first && last && (
            <> {t("hangs.due", { first: format.date(first), last: format.date(last) })}</>
          )}
        </p>
      )}
      {deal.status === "won" && <p className={styles.soft}>{t("hangs.sold")}</p>}
      <Link to="/">{t("hangs.see-cash")}</Link>
    </Tile>
  );
}
