/** How the parts of Takt are: up, how far behind, what waits. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { statusQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { useConnection } from "../../live/live";
import { Chip, Failure } from "../../ui/pieces";
import styles from "./beat.module.css";

const LOOK_MS = 10_000;

export function Parts() {
  const { t } = useI18n();
  const may = useMay("events:read");
  const { state } = useConnection();
  const status = useQuery({ ...statusQuery, enabled: may, refetchInterval: LOOK_MS });
  const { refetch } = status;
  useEffect(() => {
    if (may && state === "live") void refetch();
  }, [may, state, refetch]);
  if (!may) return null;
  if (status.error && !status.data) {
    return <Failure error={status.error} retry={() => void refetch()} />;
  }
  return (
    <section className={styles.parts} aria-label={t("beat.parts")}>
      {status.data?.services.map((service) => {
        const waits = service.outbox_unsent ?? 0;
        const letters = service.dead_letters ?? 0;
        const lag = service.lag ?? 0;
        return (
          <a key={service.name} href="/status" className={styles.part}>
            <span className={styles.dot} data-up={service.up} />
            <span>{service.name}</span>
            <span className={styles.partSays}>
              {service.up
                ? t("beat.parts.lag", { lag, waits })
                : (service.problem ?? t("beat.parts.down"))}
            </span>
            {letters > 0 && <Chip tone="bad">{t("beat.parts.letters", { count: letters })}</Chip>}
          </a>
        );
      })}
    </section>
  );
}
