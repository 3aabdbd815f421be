/** The orders that changed last, each beside what it was. */

import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Card, Chip, Empty, Given, type Tone } from "../../ui/pieces";
import styles from "./beat.module.css";
import type { ChangedOrder } from "./chains";
import type { Beat } from "./use-beat";

const TONES: Partial<Record<string, Tone>> = {
  proposed: "accent",
  cancelled: "bad",
  confirmed: "good",
  received: "good",
};

export function Purchasing({ beat }: { beat: Beat }) {
  const { t } = useI18n();
  return (
    <Card title={t("beat.orders")}>
      {!useMay("supply:read") ? (
        <Empty>{t("beat.forbidden", { scope: "supply:read" })}</Empty>
      ) : beat.changed.length === 0 ? (
        <Empty>{t("beat.orders.none")}</Empty>
      ) : (
        <ul className={styles.orders} aria-live="off">
          {beat.changed.map((changed) => (
            <ChangedRow key={`${changed.order.order_id} ${changed.at}`} {...changed} />
          ))}
        </ul>
      )}
    </Card>
  );
}

const STATUSES = [
  "proposed",
  "approved",
  "released",
  "confirmed",
  "received",
  "cancelled",
] as const;

function ChangedRow({ order, before }: ChangedOrder) {
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
        {t("beat.orders.units", { quantity: format.quantity(order.quantity) })} ·{" "}
        {t("beat.orders.due", { date: format.dateShort(order.due_on) })}
      </span>
    </li>
  );
}
