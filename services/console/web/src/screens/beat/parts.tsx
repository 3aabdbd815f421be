/** How the parts of Takt are: up, how far behind, what waits. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Schemas } from "../../api/client";
import { statusQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { type I18n, useI18n } from "../../i18n/i18n";
import { useConnection } from "../../live/live";
import { Chip, Failure } from "../../ui/pieces";
import styles from "./beat.module.css";

const LOOK_MS = 10_000;

export function Parts() {
  const { t, format } = useI18n();
  const may = useMay("events:read");
  const { state } = useConnection();
  const status = useQuery({ ...statusQuery, enabled: may, refetchInterval: LOOK_MS });
  const { refetch } = status;
  useEffect(() => {
    if (may && state === "live") void refetch();
  }, [may, state, refetch]);
  if (!may) {
    return (
      <section className={styles.parts} aria-label={t("beat.parts")}>
        {t("beat.parts")}: {t("beat.forbidden", { scope: "events:read" })}
      </section>
    );
  }
  if (status.error && !status.data) {
    return <Failure error={status.error} retry={() => void refetch()} />;
  }
  return (
    <section className={styles.parts} aria-label={t("beat.parts")}>
      {status.data?.services.map((service) => {
        const letters = service.dead_letters ?? 0;
        return (
          <a key={service.name} href="/status" className={styles.part}>
            <span className={styles.dot} data-up={service.up} />
            <span>{service.name}</span>
            <span className={styles.partSays}>
              {service.up
                ? behind(service, { t, format })
                : (service.problem ?? t("beat.parts.down"))}
            </span>
            {letters > 0 && <Chip tone="bad">{t("beat.parts.letters", { count: letters })}</Chip>}
          </a>
        );
      })}
    </section>
  );
}

/** How far behind a part is: what it has yet to read, what it has yet to send and for how long. */
export function behind(
  { lag, outbox_unsent: unsent = 0, outbox_oldest_seconds: oldest }: Schemas["ServiceStatus"],
  { t, format }: Pick<I18n, "t" | "format">,
): string {
  return [
    lag === null || lag === undefined ? t("beat.parts.lag-unknown") : t("beat.parts.lag", { lag }),
    unsent > 0 && typeof oldest === "number"
      ? t("beat.parts.waits-since", { waits: unsent, age: format.delay(oldest * 1000) })
      : t("beat.parts.waits", { waits: unsent }),
  ].join(", ");
}
