/** Home: the chain from a deal to the cash, as it happens. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Pipeline, pipelinesQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Card, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import styles from "./beat.module.css";
import { CashNow } from "./cash-now";
import { ChainList } from "./chain-list";
import { ForecastNow } from "./forecast-now";
import { Move } from "./move";
import { Parts } from "./parts";
import { Purchasing } from "./purchasing";
import { Stages } from "./stages";
import { useBeat } from "./use-beat";

export function Beat() {
  const { t } = useI18n();
  const beat = useBeat();
  const maySell = useMay("deals:read");
  const pipelines = useQuery({ ...pipelinesQuery, enabled: maySell });
  const pipeline = pipelines.data?.[0];
  return (
    <div className={styles.screen}>
      <Card title={t("move.title")}>
        <WithPipeline scope="deals:write" pipelines={pipelines} height={56}>
          {(known) => <Move beat={beat} pipeline={known} />}
        </WithPipeline>
      </Card>
      <div className={styles.columns}>
        <div className={styles.left}>
          {pipeline && maySell ? (
            <Stages pipeline={pipeline} />
          ) : (
            <Card title={t("beat.stages")}>
              <WithPipeline scope="deals:read" pipelines={pipelines} height={260} />
            </Card>
          )}
        </div>
        <div className={styles.middle}>
          <ForecastNow touched={beat.touched?.series} />
        </div>
        <div className={styles.right}>
          <Purchasing changed={beat.changed} />
          <CashNow cash={beat.cash} {...beat.cashAnswer} />
        </div>
      </div>
      <ChainList chains={beat.chains} pipeline={pipeline} />
      <Parts />
    </div>
  );
}

/** What is about the pipeline, or why it is not there: the key does not open it, it fails, it is not here yet. */
function WithPipeline({
  scope,
  pipelines,
  height,
  children,
}: {
  scope: string;
  pipelines: { data?: Pipeline[] | undefined; error: Error | null; refetch: () => unknown };
  height: number;
  children?: (pipeline: Pipeline) => ReactNode;
}) {
  const { t } = useI18n();
  const may = useMay(scope);
  const pipeline = pipelines.data?.[0];
  if (!may) return <Empty>{t("beat.forbidden", { scope })}</Empty>;
  if (pipeline) return children?.(pipeline);
  if (pipelines.data) return <Empty>{t("beat.no-pipeline")}</Empty>;
  if (pipelines.error) {
    return <Failure error={pipelines.error} retry={() => void pipelines.refetch()} />;
  }
  return (
    <Loading>
      <Skeleton height={height} />
    </Loading>
  );
}
