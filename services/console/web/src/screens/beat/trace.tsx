/** A chain: all that one id set in motion, as a graph and as a list, each step with its content. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Problem, type Schemas } from "../../api/client";
import { traceQuery } from "../../api/queries";
import { useI18n } from "../../i18n/i18n";
import { useEvents } from "../../live/live";
import { Segments } from "../../ui/controls";
import { CsvButton } from "../../ui/csv-button";
import { Card, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import ui from "../../ui/ui.module.css";
import { csv, download } from "../pipeline/csv";
import { Drawing } from "./drawing";
import type { TraceStep } from "./graph";
import type { TraceSearch } from "./search";
import { StepContent } from "./step-content";
import styles from "./trace.module.css";
import { colourOf, kindOf, shortType } from "./words";

const SETTLED_MS = 400;

export function TracePage() {
  const { id } = useParams({ from: "/traces/$id" });
  const { t } = useI18n();
  const trace = useQuery({ ...traceQuery(id), retry: false, staleTime: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEvents((batch) => {
    if (!batch.some((event) => event.correlations.includes(id))) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void trace.refetch(), SETTLED_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  if (trace.data) return <Chain trace={trace.data} />;
  const unknown = trace.error instanceof Problem && [404, 422].includes(trace.error.status);
  return (
    <Card>
      <div className={styles.state}>
        {unknown ? (
          <Empty action={<Link to="/">{t("trace.to-beat")}</Link>}>{t("trace.unknown")}</Empty>
        ) : trace.error ? (
          <Failure error={trace.error} retry={() => void trace.refetch()} />
        ) : (
          <Loading>
            <Skeleton height={360} />
          </Loading>
        )}
      </div>
    </Card>
  );
}

function Chain({ trace }: { trace: Schemas["Trace"] }) {
  const { t, format } = useI18n();
  const { as = "graph", step: chosen } = useSearch({ from: "/traces/$id" });
  const navigate = useNavigate({ from: "/traces/$id" });
  const show = (change: TraceSearch) =>
    void navigate({
      search: (before) => ({ ...before, ...change }),
      replace: true,
      resetScroll: false,
    });
  const choose = (id: string) => show({ step: id });
  const step = trace.steps.find((one) => one.id === chosen) ?? trace.steps[0];
  const last = Math.max(0, ...trace.steps.map((one) => one.ms));
  return (
    <div className={styles.screen}>
      <Card
        title={t("trace.summary", {
          steps: trace.steps.length,
          ms: format.delay(last),
          time: format.instant(trace.began_at),
        })}
        tools={
          <span className={styles.tools}>
            {as === "list" && (
              <CsvButton
                save={() =>
                  download(`takt-chain-${trace.correlation_id}.csv`, csv(tableOf(trace.steps)))
                }
              />
            )}
            <Segments
              label={t("trace.as")}
              value={as}
              onChange={(to) => show({ as: to === "list" ? to : undefined })}
              choices={[
                { id: "graph", name: t("trace.graph") },
                { id: "list", name: t("trace.list") },
              ]}
            />
          </span>
        }
      >
        {trace.missing.length > 0 && (
          <p role="alert">{t("trace.missing", { services: trace.missing.join(", ") })}</p>
        )}
        {trace.truncated && <p>{t("trace.truncated")}</p>}
        {as === "graph" ? (
          <Drawing trace={trace} chosen={step?.id} onChoose={choose} />
        ) : (
          <List steps={trace.steps} onChoose={choose} />
        )}
      </Card>
      {step && <StepContent key={step.id} step={step} />}
    </div>
  );
}

/** The steps of a chain as rows. */
export function tableOf(steps: readonly TraceStep[]): (string | number)[][] {
  return [
    ["ms", "time", "type", "subject", "service"],
    ...steps.map(({ ms, time, type, subject, service }) => [ms, time, type, subject, service]),
  ];
}

function List({
  steps,
  onChoose,
}: {
  steps: readonly TraceStep[];
  onChoose: (id: string) => void;
}) {
  const { t, format } = useI18n();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className={styles.list} tabIndex={0} aria-label={t("trace.list")}>
      <table className={ui.table}>
        <thead>
          <tr>
            <th scope="col">{t("trace.ms")}</th>
            <th scope="col">{t("trace.type")}</th>
            <th scope="col">{t("trace.subject")}</th>
            <th scope="col">{t("trace.service")}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step.id}>
              <td className="number">{format.delay(step.ms)}</td>
              <td>
                <button type="button" className={styles.link} onClick={() => onChoose(step.id)}>
                  <span
                    className={styles.lamp}
                    style={{ background: colourOf(kindOf(step.type)) }}
                  />
                  {shortType(step.type)}
                </button>
              </td>
              <td>
                <Given>{step.subject}</Given>
              </td>
              <td>{step.service}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
