/** A chain that this page began: each part lights up as its event arrives, with its milliseconds and what it did. */

import type { ReactNode } from "react";
import { useI18n } from "../../i18n/i18n";
import { micros, minus } from "../../lib/amount";
import type { TaktEvent } from "../../live/stream";
import { type Attempts, useAttempts } from "./attempts";
import styles from "./beat.module.css";
import type { Moved } from "./chains";
import { type Effects, effectsOf } from "./effects";
import { colourOf, type Kind, kindMessage } from "./words";

const BECAUSE = ["lot", "tolerance", "fence", "stock"] as const;
const NAMED_ORDERS = 2;

export function Stopwatch({
  moved,
  events,
  nameOf,
  children,
}: {
  moved: Moved;
  events: readonly TaktEvent[];
  nameOf: (stage: string) => string;
  children: ReactNode;
}) {
  const { t, format } = useI18n();
  const effects = effectsOf(events, moved.orders);
  const attempts = useAttempts(moved.id, events.length || null);
  const parts: Kind[] = ["deal", "forecast", "plan", "order", "cash"];
  if (effects.review) parts.push("review");
  if (attempts) parts.push("webhook");
  const said = useSaid(moved, effects, attempts, nameOf);
  return (
    <div className={styles.watch}>
      <ol className={styles.lights} aria-label={t("watch.label")} aria-live="polite">
        {parts.map((kind) => {
          const ms = kind === "webhook" ? attempts?.last : effects.ms[kind];
          return (
            <li key={kind} className={styles.light} data-lit={ms !== undefined}>
              <span className={styles.lightHead}>
                <span className={styles.lamp} style={{ background: colourOf(kind) }} />
                <strong>{t(kindMessage(kind))}</strong>
                <span className="number">{ms === undefined ? "" : format.delay(ms)}</span>
              </span>
              <span className={styles.lightSays}>{said(kind)}</span>
            </li>
          );
        })}
      </ol>
      <div className={styles.watchFoot}>{children}</div>
    </div>
  );
}

/** In words and numbers, what each part of the chain did. */
function useSaid(
  moved: Moved,
  effects: Effects,
  attempts: Attempts | null,
  nameOf: (stage: string) => string,
) {
  const { t, format } = useI18n();
  const { demand, plans, orders, lowest } = effects;
  const beyond = demand !== null && !demand.inSight;
  return (kind: Kind): string => {
    switch (kind) {
      case "deal":
        return `${nameOf(moved.from)} → ${nameOf(moved.to)}`;
      case "forecast":
        if (!demand) return t("watch.waiting");
        if (beyond) return t("watch.beyond");
        return t("watch.forecast", {
          before: moved.demand ? format.percent(moved.demand.probability) : "–",
          after: format.percent(demand.probability),
          value: format.money(demand.value),
        });
      case "plan": {
        if (plans.changed + plans.unchanged === 0) return t("watch.waiting");
        if (plans.changed > 0) return t("watch.plans", { changed: plans.changed });
        const why = BECAUSE.find((because) => plans.because.includes(because));
        return why ? t(`watch.because.${why}`) : t("watch.unchanged");
      }
      case "order":
        if (orders.length > 0) {
          const named = orders
            .slice(0, NAMED_ORDERS)
            .map(({ item, change }) => `${item} ${format.quantityChange(change)}`);
          const more = orders.length - named.length;
          return named.join(", ") + (more > 0 ? t("watch.more", { more }) : "");
        }
        if (effects.touchedOrders > 0) return t("watch.moved", { count: effects.touchedOrders });
        return plans.changed + plans.unchanged > 0 ? t("watch.no-order") : t("watch.waiting");
      case "cash": {
        if (!lowest) return beyond ? t("watch.unchanged") : t("watch.waiting");
        const change = moved.lowest === null ? "0" : minus(lowest.balance, moved.lowest);
        const said = t("watch.cash", { balance: format.moneyShort(lowest.balance) });
        return micros(change) === 0n ? said : `${said} (${format.moneyChange(change)})`;
      }
      case "webhook":
        return t("watch.webhooks", {
          count: attempts?.count ?? 0,
          delivered: attempts?.delivered ?? 0,
        });
      default:
        return t("watch.review");
    }
  };
}
