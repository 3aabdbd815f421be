/** The pipeline as it stands: deals and value by stage, each a way into the board. */

import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Pipeline } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { useGlow } from "../../ui/glow";
import { Card, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import { useStanding } from "../pipeline/standing";
import styles from "./beat.module.css";

export const Stages = memo(function Stages({ pipeline }: { pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const standing = useStanding(pipeline.code);
  const rows = new Map(standing.data?.map((row) => [row.stage, row]));
  const open = pipeline.stages.filter((stage) => stage.kind === "open");
  const most = Math.max(1, ...open.map((stage) => Number(rows.get(stage.code)?.value ?? 0)));
  return (
    <Card title={t("beat.stages")} tools={<Link to="/pipeline">{t("beat.stages.open")}</Link>}>
      {!standing.data ? (
        standing.error ? (
          <Failure error={standing.error} retry={() => void standing.refetch()} />
        ) : (
          <Loading>
            <Skeleton height={260} />
          </Loading>
        )
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
});

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
