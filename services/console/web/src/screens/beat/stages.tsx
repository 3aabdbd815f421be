/** The pipeline as it stands: deals and value by stage, each a way into the board. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { type Pipeline, standingQuery } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { useEvents } from "../../live/live";
import { useGlow } from "../../ui/glow";
import { Card, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import styles from "./beat.module.css";

const PAUSE_MS = 250;

export function Stages({ pipeline }: { pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const standing = useQuery(standingQuery(pipeline.code));
  useRefreshed(pipeline.code);
  const rows = new Map(standing.data?.map((row) => [row.stage, row]));
  const open = pipeline.stages.filter((stage) => stage.kind === "open");
  const most = Math.max(1, ...open.map((stage) => Number(rows.get(stage.code)?.value ?? 0)));
  return (
    <Card title={t("beat.stages")} tools={<Link to="/pipeline">{t("beat.stages.open")}</Link>}>
      {standing.error ? (
        <Failure error={standing.error} retry={() => void standing.refetch()} />
      ) : !standing.data ? (
        <Loading>
          <Skeleton height={260} />
        </Loading>
      ) : (
        <ul className={styles.stages}>
          {pipeline.stages.map((stage) => {
            const row = rows.get(stage.code);
            const value = row?.value ?? "0";
            return (
              <Stage
                key={stage.code}
                code={stage.code}
                name={stage.name}
                open={stage.kind === "open"}
                deals={t("beat.deals", { count: row?.deals ?? 0 })}
                value={format.moneyShort(value)}
                share={Number(value) / most}
              />
            );
          })}
        </ul>
      )}
    </Card>
  );
}

function Stage({
  code,
  name,
  open,
  deals,
  value,
  share,
}: {
  code: string;
  name: string;
  open: boolean;
  deals: string;
  value: string;
  share: number;
}) {
  const glow = useGlow(`${deals} ${value}`);
  const inside = (
    <>
      <span className={styles.stageName}>
        <Given>{name}</Given>
      </span>
      <span className={`${styles.stageValue} number`}>{value}</span>
      <span className={styles.stageDeals}>{deals}</span>
      {open && (
        <span className={styles.bar} aria-hidden="true">
          <span style={{ width: `${Math.min(1, share) * 100}%` }} />
        </span>
      )}
    </>
  );
  return (
    <li className={glow}>
      {open ? (
        <Link to="/pipeline" search={{ stage: [code] }} className={styles.stage}>
          {inside}
        </Link>
      ) : (
        <span className={styles.stage}>{inside}</span>
      )}
    </li>
  );
}

/** Ask for the totals anew when deals have changed, once for many that change together. */
function useRefreshed(pipeline: string): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((batch) => {
    if (
      timer.current !== undefined ||
      !batch.some((event) => event.type.startsWith("takt.deal."))
    ) {
      return;
    }
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: standingQuery(pipeline).queryKey });
    }, PAUSE_MS);
  });
}
