/** By which model a series is forecast, how good that was, and what each model once said beside what came. */

import { useQuery } from "@tanstack/react-query";
import { line } from "d3-shape";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import charts from "../../charts/charts.module.css";
import { NOTHING, Plot } from "../../charts/plot";
import { useI18n } from "../../i18n/i18n";
import { Select } from "../../ui/controls";
import { Card, Chip, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import shared from "./forecast.module.css";
import { useModelName } from "./model-words";
import styles from "./models.module.css";
import type { Node } from "./node";
import { trialsQuery } from "./queries";
import type { Asked, Outlook } from "./use-outlook";

export function SeriesModel({ node, shown }: { node: Node; shown: Asked<Outlook | null> }) {
  const { t, format } = useI18n();
  const name = useModelName();
  const { product = "", region = "" } = node;
  const trials = useQuery(trialsQuery(product, region));
  const model = shown.data?.series?.model;
  const share = (value: number | null, digits = 0) =>
    value === null ? "–" : format.percent(value, digits);
  return (
    <Card title={t("series.title")} label={t("series.title")}>
      {model && (
        <dl className={styles.pairs}>
          <Pair name={t("series.model")}>
            <Chip tone="good">{name(model.model)}</Chip>
          </Pair>
          <Pair name={t("series.methods")}>{model.methods}</Pair>
          <Pair name={t("series.wape")}>
            {share(model.wape, 1)}
            <small>{t("series.naive", { wape: share(model.naive_wape, 1) })}</small>
          </Pair>
          <Pair name={t("series.mase")}>
            {model.mase === null ? "–" : format.quantity(model.mase)}
          </Pair>
          <Pair name={t("models.bias")}>
            {model.bias === null ? "–" : format.percentChange(model.bias)}
          </Pair>
          <Pair name={t("series.coverage")}>
            {share(model.coverage80)} · {share(model.coverage95)}
          </Pair>
        </dl>
      )}
      {model?.weeks === null && <p className={shared.soft}>{t("series.not-measured")}</p>}
      {trials.error && !trials.data ? (
        <Failure error={trials.error} retry={() => void trials.refetch()} />
      ) : trials.isPending ? (
        <Loading>
          <Skeleton height={180} />
        </Loading>
      ) : trials.data.length > 0 ? (
        <Trials trials={trials.data} />
      ) : (
        model?.weeks !== null && <Empty>{t("models.none")}</Empty>
      )}
    </Card>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type Trial = Schemas["Trial"];
type Said = Exclude<keyof Schemas["TrialWeek"], "week" | "actual">;
const LINES: readonly (readonly [Said, string])[] = [
  ["naive", "text-muted"],
  ["fast", "forecast"],
  ["combination", "plan"],
];
/** So many weeks must have come for a trial to be shown first. */
const TELLING = 8;

function Trials({ trials }: { trials: readonly Trial[] }) {
  const { t, format } = useI18n();
  const name = useModelName();
  const came = (trial: Trial) => trial.weeks.filter((week) => week.actual !== null).length;
  const first = trials.find((trial) => came(trial) >= TELLING) ?? trials.at(-1);
  const [origin, setOrigin] = useState(first?.origin);
  const trial = trials.find((one) => one.origin === origin) ?? first;
  if (!trial) return null;
  const at = new Map(trial.weeks.map((week) => [week.week, week]));
  const weeks = trial.weeks.map((week) => week.week);
  const units = (week: string, which: Said | "actual") => {
    const value = at.get(week)?.[which];
    return typeof value === "number" ? value : undefined;
  };
  const column = (which: Said | "actual", title: string, colour: string) => ({
    name: title,
    colour,
    value: (week: string) => {
      const value = units(week, which);
      return value === undefined ? NOTHING : format.quantity(value);
    },
    exact: [(week: string) => units(week, which)?.toString()],
  });
  return (
    <div className={styles.trials}>
      <Select
        label={t("series.trial")}
        value={trial.origin}
        onChoose={setOrigin}
        choices={trials.map((one) => ({ id: one.origin, name: format.date(one.origin) }))}
      />
      <Plot
        file={`trial-${trial.origin}`}
        label={t("series.trial.label", { week: format.date(trial.origin) })}
        weeks={weeks}
        values={trial.weeks.flatMap((week) => [
          week.actual ?? 0,
          ...LINES.map(([which]) => week[which]),
        ])}
        unit=""
        formatY={format.quantity}
        height={200}
        columns={[
          column("actual", t("outlook.wanted"), "demand"),
          ...LINES.map(([which, colour]) => column(which, name(which), colour)),
        ]}
      >
        {({ x, y }) => (
          <>
            <g className={shared.demand}>
              {weeks.map((week) => {
                const value = units(week, "actual");
                if (value === undefined) return null;
                const width = Math.max(1, x.step() * 0.6);
                return (
                  <rect
                    key={week}
                    x={(x(week) ?? 0) - width / 2}
                    y={y(value)}
                    width={width}
                    height={Math.max(0, y(0) - y(value))}
                  />
                );
              })}
            </g>
            {LINES.map(([which, colour]) => (
              <path
                key={which}
                className={charts.line}
                stroke={`var(--${colour})`}
                strokeDasharray={which === "naive" ? "2 4" : undefined}
                d={
                  line<string>()
                    .x((week) => x(week) ?? 0)
                    .y((week) => y(units(week, which) ?? 0))(weeks) ?? ""
                }
              />
            ))}
          </>
        )}
      </Plot>
    </div>
  );
}
