/** What hangs on the deal: the forecast, the plan, the orders and the cash, each with its amount. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
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
import { lastChain, type Outlook, outlookOf } from "./outlook";
import { cashOfQuery, lifeQuery, needsQuery } from "./queries";

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
  const life = useInfiniteQuery(lifeQuery(deal.id));
  const chain = lastChain(life.data?.pages.flatMap((page) => page.items) ?? []);
  const outlook = outlookOf(deal, demand.data, demand.error);
  const items = outlook === "in-sight" ? needs.data?.items : undefined;
  const supply: SupplyProps = {
    items,
    outlook,
    chain,
    missing: maySupply ? (mayForecast ? null : "forecast:read") : "supply:read",
    // What is known is shown, also while it cannot be read again.
    error: outlook === "failed" ? demand.error : needs.error,
  };
  return (
    <section className={styles.hangs} aria-label={t("hangs.title")}>
      <ForecastTile
        demand={demand.data}
        outlook={outlook}
        chain={chain}
        error={demand.error}
        missing={mayForecast ? null : "forecast:read"}
      />
      <PlanTile {...supply} />
      <OrdersTile {...supply} />
      <CashTile deal={deal} />
    </section>
  );
}

interface TileProps {
  missing: string | null;
  error: Error | null;
  /** The chain in which this was last made to change. */
  chain: string | undefined;
}

function Tile({
  kind,
  amount,
  unit,
  missing,
  error,
  chain,
  children,
}: TileProps & {
  kind: Kind;
  /** Undefined while it is not known. */
  amount: string | undefined;
  unit?: string;
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
      ) : amount !== undefined ? (
        <>
          <p className={styles.amount}>
            <b className={`number ${glow ?? ""}`}>{amount}</b> <span>{unit}</span>
          </p>
          {children}
          {chain && (
            <Link to="/traces/$id" params={{ id: chain }}>
              {t("hangs.see-chain")}
            </Link>
          )}
        </>
      ) : error ? (
        <Failure error={error} />
      ) : (
        <Loading>
          <Skeleton height={64} />
        </Loading>
      )}
    </article>
  );
}

/** Why nothing is expected of the deal, where that is so. */
function Why({ outlook }: { outlook: Outlook }) {
  const { t } = useI18n();
  if (outlook !== "closed" && outlook !== "no-lines" && outlook !== "beyond") return null;
  return <p className={styles.soft}>{t(`hangs.${outlook}`)}</p>;
}

function ForecastTile({
  demand,
  outlook,
  ...tile
}: TileProps & { demand: Schemas["DealDemandOut"] | undefined; outlook: Outlook }) {
  const { t, format } = useI18n();
  return (
    <Tile
      {...tile}
      kind="forecast"
      amount={demand && format.money(demand.expected_value)}
      unit={t("hangs.expected")}
    >
      <Why outlook={outlook} />
      <ul className={styles.soft}>
        {demand?.lines.slice(0, NAMED).map((line) => (
          <li key={line.line_id}>
            {t("hangs.share", {
              product: line.product,
              quantity: format.quantity(line.expected_quantity),
              pipeline: line.series ? format.quantity(line.series.pipeline) : "–",
            })}{" "}
            <Link
              to="/forecast"
              search={{ product: line.product, region: line.region }}
              aria-label={t("hangs.see-forecast-of", { product: line.product })}
            >
              {t("hangs.see-forecast")}
            </Link>
          </li>
        ))}
      </ul>
    </Tile>
  );
}

interface SupplyProps extends TileProps {
  outlook: Outlook;
  /** What the deal draws on; undefined while that is not known, or where nothing is expected of it. */
  items: readonly Schemas["NeededItem"][] | undefined;
}

const isNothing = (outlook: Outlook): boolean =>
  outlook === "closed" || outlook === "no-lines" || outlook === "beyond";

function PlanTile({ items, outlook, ...tile }: SupplyProps) {
  const { t, format } = useI18n();
  if (isNothing(outlook)) {
    return (
      <Tile {...tile} kind="plan" amount="–">
        <Why outlook={outlook} />
      </Tile>
    );
  }
  return (
    <Tile
      {...tile}
      kind="plan"
      amount={items && format.count(items.length)}
      unit={t("hangs.items", { count: items?.length ?? 0 })}
    >
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

function OrdersTile({ items, outlook, ...tile }: SupplyProps) {
  const { t, format } = useI18n();
  if (isNothing(outlook)) {
    return (
      <Tile {...tile} kind="order" amount="–">
        <Why outlook={outlook} />
      </Tile>
    );
  }
  const bought = (items ?? []).filter((item) => item.orders.count > 0);
  const count = bought.reduce((all, item) => all + item.orders.count, 0);
  return (
    <Tile
      {...tile}
      kind="order"
      amount={items && format.money(sum(bought.map((item) => item.orders.amount)))}
      unit={t("hangs.orders", { count })}
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
      chain={undefined}
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
