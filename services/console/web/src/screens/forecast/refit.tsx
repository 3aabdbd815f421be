/** The last run that fitted every series anew, how far it is, and the button that asks for one. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { useConnection } from "../../live/live";
import { Button } from "../../ui/controls";
import { Card, Chip, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import { notify, notifyFailure } from "../../ui/toasts";
import { isUnderWay, type Run } from "./errors";
import shared from "./forecast.module.css";
import styles from "./models.module.css";
import { refit, runsQuery } from "./queries";

/** Events tell of each percent; without them it is asked for. */
const LOOK_MS = 2_000;
const SELDOM_MS = 15_000;

export function Refit() {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("forecast:write");
  const { state } = useConnection();
  const runs = useQuery({
    ...runsQuery,
    refetchInterval: ({ state: { data } }) =>
      isUnderWay(data?.[0]) ? (state === "live" ? SELDOM_MS : LOOK_MS) : false,
  });
  const ask = useMutation({
    mutationFn: refit,
    onSuccess: ({ joined }) => joined && notify({ title: t("refit.joined") }),
    onError: (error) => notifyFailure(error, t),
    onSettled: () => queries.invalidateQueries({ queryKey: runsQuery.queryKey }),
  });
  const run = runs.data?.[0];
  return (
    <Card title={t("refit.title")} label={t("refit.title")}>
      {runs.error && !runs.data ? (
        <Failure error={runs.error} retry={() => void runs.refetch()} />
      ) : !runs.data ? (
        <Loading>
          <Skeleton height={90} />
        </Loading>
      ) : (
        <div className={styles.refit}>
          {run ? <Last run={run} /> : <Empty>{t("refit.none")}</Empty>}
          {mayWrite && (
            <span>
              <Button onPress={() => ask.mutate()} isDisabled={ask.isPending || isUnderWay(run)}>
                {t("refit.do")}
              </Button>
            </span>
          )}
          {(runs.data.length ?? 0) > 1 && (
            <ul className={styles.runs} aria-label={t("refit.earlier")}>
              {runs.data.slice(1, 5).map((one) => (
                <li key={one.id}>
                  <span>{format.instant(one.requested_at)}</span>
                  <span>{t(`refit.state.${one.state}`)}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Card>
  );
}

function Last({ run }: { run: Run }) {
  const { t, format } = useI18n();
  const done = run.rows > 0 ? run.rows_done / run.rows : 0;
  const said = t("refit.rows", {
    done: format.count(run.rows_done),
    rows: format.count(run.rows),
  });
  return (
    <>
      <p className={styles.runHead}>
        <Chip tone={run.state === "failed" ? "bad" : run.state === "done" ? "good" : "accent"}>
          {t(`refit.state.${run.state}`)}
        </Chip>
        <span>{format.instant(run.finished_at ?? run.requested_at)}</span>
      </p>
      {isUnderWay(run) ? (
        <div className={styles.progress} aria-live="off">
          <div
            role="progressbar"
            aria-label={t("refit.title")}
            aria-valuemin={0}
            aria-valuemax={run.rows}
            aria-valuenow={run.rows_done}
            aria-valuetext={said}
          >
            <span style={{ width: `${100 * done}%` }} />
          </div>
          <p>
            {said}
            {run.seconds_left !== null &&
              ` · ${t("refit.left", { time: format.delay(run.seconds_left * 1_000) })}`}
          </p>
        </div>
      ) : (
        <p className={shared.soft}>
          {t("refit.what", {
            series: run.series,
            rows: format.count(run.rows),
            by: run.requested_by,
          })}
        </p>
      )}
      {run.failure && <p className={shared.failed}>{run.failure}</p>}
    </>
  );
}
