/** The orders that changed last, each beside what it was. */

import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { productsQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Card, Chip, Empty, Given, type Tone } from "../../ui/pieces";
import styles from "./beat.module.css";
import { type ChangedOrder, KEPT_CHANGED } from "./chains";
import type { Beat } from "./use-beat";

const SHOWN = 4;

const TONES: Partial<Record<string, Tone>> = {
  proposed: "accent",
  cancelled: "bad",
  confirmed: "good",
  received: "good",
};

export const Purchasing = memo(function Purchasing({ changed }: Pick<Beat, "changed">) {
  const { t } = useI18n();
  // An item of the same code as a product is that product; of others, only supply knows the unit.
  const products = useQuery({ ...productsQuery, enabled: useMay("deals:read") });
  const units = new Map(products.data?.map(({ code, unit }) => [code, unit]));
  const more = changed.length - SHOWN;
  const beyond = changed.length < KEPT_CHANGED ? "beat.orders.more" : "beat.orders.at-least";
  return (
    <Card title={t("beat.orders")}>
      {!useMay("supply:read") ? (
        <Empty>{t("beat.forbidden", { scope: "supply:read" })}</Empty>
      ) : changed.length === 0 ? (
        <Empty>{t("beat.orders.none")}</Empty>
      ) : (
        <ul className={styles.orders} aria-live="off">
          {changed.slice(0, SHOWN).map((one) => (
            <ChangedRow
              key={`${one.order.order_id} ${one.at}`}
              {...one}
              unit={units.get(one.order.item)}
            />
          ))}
          {more > 0 && <li className={styles.orderMore}>{t(beyond, { count: more })}</li>}
        </ul>
      )}
    </Card>
  );
});

const STATUSES = [
  "proposed",
  "approved",
  "released",
  "confirmed",
  "received",
  "cancelled",
] as const;

function ChangedRow({ order, before, unit }: ChangedOrder & { unit: string | undefined }) {
  const { t, format } = useI18n();
  const status = STATUSES.find((known) => known === order.status);
  const cancelled = status === "cancelled";
  const was = before && before.quantity !== order.quantity ? before : null;
  return (
    <li className={styles.order}>
      <span className={styles.orderItem}>
        <Given>{order.item}</Given>
        <Chip tone={TONES[order.status]}>{status ? t(`order.${status}`) : order.status}</Chip>
      </span>
      <span className={`${styles.orderAmount} number`}>
        {cancelled ? <s>{format.money(order.amount)}</s> : format.money(order.amount)}
      </span>
      <span className={styles.orderWhere}>
        <Given>{order.supplier}</Given> → <Given>{order.site}</Given>
      </span>
      <span className={`${styles.orderQuantity} number`}>
        {was && (
          <>
            <s>{format.quantity(was.quantity)}</s> →{" "}
          </>
        )}
        {t("beat.orders.units", {
          quantity: format.quantity(order.quantity),
          unit: unit ?? "unknown",
        })}{" "}
        · {t("beat.orders.due", { date: format.dateShort(order.due_on) })}
      </span>
    </li>
  );
}
