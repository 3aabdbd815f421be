/** A deal: what it is, how it got here, and what hangs on it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Problem } from "../../api/client";
import { dealQuery, pipelinesQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { useEvents } from "../../live/live";
import { Card, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import styles from "./deal.module.css";
import { HangsOn } from "./hangs-on";
import { Head } from "./head";
import { History } from "./history";
import { Life } from "./life";
import { Lines } from "./lines";
import { Papers } from "./papers";
import { Probability } from "./probability";
import { dealKeys } from "./queries";

const SETTLED_MS = 250;
const SHARED_MS = 2_000;
const SHARED = /^takt\.(plan|purchase_order|cash)\./;

export function Deal() {
  const { id } = useParams({ from: "/deals/$id" });
  const { t } = useI18n();
  const may = useMay("deals:read");
  const deal = useQuery({ ...dealQuery(id), enabled: may, retry: false });
  const pipelines = useQuery({ ...pipelinesQuery, enabled: may });
  useRefreshed(id);
  if (!may) {
    return (
      <Card>
        <Empty>{t("beat.forbidden", { scope: "deals:read" })}</Empty>
      </Card>
    );
  }
  const unknown = deal.error instanceof Problem && [404, 422].includes(deal.error.status);
  if (unknown) {
    return (
      <Card>
        <Empty action={<Link to="/pipeline">{t("deal.unknown.go")}</Link>}>
          {t("deal.unknown")}
        </Empty>
      </Card>
    );
  }
  const pipeline = pipelines.data?.find((one) => one.code === deal.data?.pipeline);
  const error = (deal.data ? null : deal.error) ?? (pipelines.data ? null : pipelines.error);
  if (error) {
    const retry = () => {
      void deal.refetch();
      void pipelines.refetch();
    };
    return <Failure error={error} retry={retry} />;
  }
  if (!deal.data || !pipeline) {
    return (
      <Loading>
        <div className={styles.screen}>
          <Skeleton height={170} />
          <Skeleton height={420} />
        </div>
      </Loading>
    );
  }
  return (
    <div className={styles.screen} key={id}>
      <Head deal={deal.data} pipeline={pipeline} />
      <HangsOn deal={deal.data} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <Lines deal={deal.data} />
          <History deal={deal.data} pipeline={pipeline} />
          <Life deal={deal.data} pipeline={pipeline} />
        </div>
        <div className={styles.side}>
          <Probability deal={deal.data} pipeline={pipeline} />
          <Papers deal={deal.data} />
        </div>
      </div>
    </div>
  );
}

/** Read anew what events have changed: soon after the deal's own, calmly after what it only shares. */
function useRefreshed(id: string): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const due = useRef(Number.POSITIVE_INFINITY);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((batch) => {
    const own = batch.some((event) => event.subject === id || event.data?.sale?.deal_id === id);
    if (!own && !batch.some(({ type }) => SHARED.test(type))) return;
    const wait = own ? SETTLED_MS : SHARED_MS;
    if (due.current <= performance.now() + wait) return;
    clearTimeout(timer.current);
    due.current = performance.now() + wait;
    timer.current = setTimeout(() => {
      due.current = Number.POSITIVE_INFINITY;
      for (const queryKey of dealKeys(id)) void queries.invalidateQueries({ queryKey });
    }, wait);
  });
}
