/** Which model is published, how wrong each was about the past, and what was decided between them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { useMay } from "../../app/session";
import { type I18n, useI18n } from "../../i18n/i18n";
import { Button, Segments } from "../../ui/controls";
import { CsvButton } from "../../ui/csv-button";
import { Card, Chip, Empty, Failure, Loading, Skeleton } from "../../ui/pieces";
import { notifyFailure } from "../../ui/toasts";
import ui from "../../ui/ui.module.css";
import { csv, download } from "../pipeline/csv";
import { type ErrorLine, type ErrorTable, errorTable, undoable } from "./errors";
import shared from "./forecast.module.css";
import { useModelName } from "./model-words";
import styles from "./models.module.css";
import { backtestQuery, modelsQuery, undoDecision } from "./queries";
import { GROUPINGS, type Grouping } from "./search";

export function Models({ grouping }: { grouping: Grouping }) {
  const { t, format } = useI18n();
  const navigate = useNavigate({ from: "/forecast" });
  const models = useQuery(modelsQuery);
  const backtest = useQuery(backtestQuery);
  const error = (models.data ? null : models.error) ?? (backtest.data ? null : backtest.error);
  const { week, rows = [] } = backtest.data ?? {};
  const table = errorTable(rows, grouping);
  // Since classes have methods of their own, what is published is a line of its own.
  const published = table.methods.includes("published") ? "published" : models.data?.champion;
  const save = () => download(`takt-errors-${grouping}.csv`, errorsCsv(table, published, { t }));
  return (
    <Card
      title={t("models.title")}
      label={t("models.title")}
      tools={
        <span className={shared.tools}>
          <CsvButton isDisabled={rows.length === 0} save={save} />
          <Segments
            label={t("models.by")}
            value={grouping}
            onChange={(errors) =>
              void navigate({
                search: (before) => ({ ...before, errors: errors === "lag" ? undefined : errors }),
                replace: true,
                resetScroll: false,
              })
            }
            choices={GROUPINGS.map((id) => ({ id, name: t(`models.by.${id}`) }))}
          />
        </span>
      }
    >
      {error ? (
        <Failure
          error={error}
          retry={() => {
            void models.refetch();
            void backtest.refetch();
          }}
        />
      ) : !models.data || !backtest.data ? (
        <Loading>
          <Skeleton height={300} />
        </Loading>
      ) : (
        <div className={styles.models}>
          <div className={styles.measured}>
            {rows.length === 0 ? (
              <Empty>{t("models.none")}</Empty>
            ) : (
              <>
                <Errors
                  table={table}
                  grouping={grouping}
                  published={published ?? models.data.champion}
                />
                <p className={shared.soft}>
                  {week && t("models.measured", { week: format.date(week) })}
                </p>
              </>
            )}
          </div>
          <div className={styles.measured}>
            <Published models={models.data} />
            <Decisions models={models.data} />
          </div>
        </div>
      )}
    </Card>
  );
}

function Published({ models: { champion, challenger } }: { models: Schemas["ForecastModels"] }) {
  const { t } = useI18n();
  const name = useModelName();
  return (
    <p className={styles.published}>
      <span>
        {t("models.champion")} <Chip tone="good">{name(champion)}</Chip>
      </span>
      <span>
        {t("models.challenger")} <Chip>{name(challenger)}</Chip>
      </span>
    </p>
  );
}

function useLabels(grouping: Grouping): (label: string) => string {
  const { t } = useI18n();
  return (label) => {
    if (grouping === "lag") return t("models.lag", { weeks: Number(label) });
    const known = LABELS.find((one) => one === label);
    return known ? t(`models.label.${known}`) : label;
  };
}

const LABELS = [
  "smooth",
  "erratic",
  "intermittent",
  "lumpy",
  "all",
  "family",
  "region",
  "product",
  "series",
] as const;

const share = (value: number | null | undefined, { format }: Pick<I18n, "format">, digits = 0) =>
  value === null || value === undefined ? "–" : format.percent(value, digits);

function Errors({
  table,
  grouping,
  published,
}: {
  table: ErrorTable;
  grouping: Grouping;
  published: string;
}) {
  const { t, format } = useI18n();
  const name = useModelName();
  const label = useLabels(grouping);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className={styles.errors} tabIndex={0} aria-label={t("models.errors")}>
      <table className={ui.table}>
        <thead>
          <tr>
            <th scope="col">{t(`models.by.${grouping}`)}</th>
            {table.methods.map((method) => (
              <th key={method} scope="col" className={ui.end}>
                {t("models.wape", { method: name(method) })}
              </th>
            ))}
            <th scope="col" className={ui.end}>
              {t("models.bias")}
            </th>
            <th scope="col" className={ui.end}>
              {t("models.in80")}
            </th>
            <th scope="col" className={ui.end}>
              {t("models.in95")}
            </th>
          </tr>
        </thead>
        <tbody>
          {table.lines.map((line) => (
            <tr key={line.label}>
              <th scope="row">{label(line.label)}</th>
              {table.methods.map((method) => (
                <td key={method} className={ui.end}>
                  <Wape line={line} method={method} largest={table.largest} />
                </td>
              ))}
              <td className={`${ui.end} number`}>{bias(line.by[published]?.bias, format)}</td>
              <td className={`${ui.end} number`}>
                {share(line.by[published]?.coverage80, { format }, 1)}
              </td>
              <td className={`${ui.end} number`}>
                {share(line.by[published]?.coverage95, { format }, 1)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const bias = (value: number | null | undefined, format: I18n["format"]): string =>
  value === null || value === undefined ? "–" : format.percentChange(value);

function Wape({ line, method, largest }: { line: ErrorLine; method: string; largest: number }) {
  const { format } = useI18n();
  const wape = line.by[method]?.wape;
  return (
    <span className={styles.wape} data-best={line.best === method}>
      <span className="number">{share(wape, { format }, 1)}</span>
      <span aria-hidden="true">
        <span style={{ width: `${largest ? (100 * (wape ?? 0)) / largest : 0}%` }} />
      </span>
    </span>
  );
}

function errorsCsv(
  table: ErrorTable,
  champion: string | undefined,
  { t }: Pick<I18n, "t">,
): string {
  const of = (line: ErrorLine) => line.by[champion ?? ""];
  return csv([
    [
      t("models.group"),
      ...table.methods.map((method) => `WAPE ${method}`),
      t("models.bias"),
      t("models.in80"),
      t("models.in95"),
    ],
    ...table.lines.map((line) => [
      line.label,
      ...table.methods.map((method) => line.by[method]?.wape),
      of(line)?.bias,
      of(line)?.coverage80,
      of(line)?.coverage95,
    ]),
  ]);
}

function Decisions({ models: { decisions } }: { models: Schemas["ForecastModels"] }) {
  const { t, format } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("forecast:write");
  const words = useDecisionWords();
  const open = undoable(decisions);
  const undo = useMutation({
    mutationFn: undoDecision,
    onError: (error) => notifyFailure(error, t),
    onSettled: () => queries.invalidateQueries({ queryKey: modelsQuery.queryKey }),
  });
  if (decisions.length === 0) return null;
  return (
    <div>
      <h3>{t("models.decisions")}</h3>
      <ul className={styles.decisions}>
        {decisions.map((one) => (
          <li key={one.decision}>
            <time dateTime={one.at}>{format.instant(one.at)}</time>
            <span>{words(one)}</span>
            {mayWrite && open === one.decision && (
              <Button
                size="small"
                icon="undo"
                isDisabled={undo.isPending}
                onPress={() => undo.mutate(one.decision)}
              >
                {t("action.undo")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A decision in a sentence, made of the numbers of its test. */
function useDecisionWords(): (decision: Schemas["ModelDecision"]) => string {
  const { t, format } = useI18n();
  const name = useModelName();
  return (one) => {
    const who = { champion: name(one.champion), challenger: name(one.challenger) };
    if (one.outcome === "undone") {
      return t("decision.undone", { ...who, by: one.decided_by, decision: one.undoes ?? 0 });
    }
    const { p_value, origins, fast_loss, combination_loss, better, worse } = one;
    if (p_value === null || fast_loss === null || combination_loss === null) {
      return t("decision.early", { ...who, origins: origins ?? 0 });
    }
    // Of a promotion, who was champion before is the challenger from then on.
    const before = one.outcome === "promoted" ? one.challenger : one.champion;
    const [old, young] =
      before === "fast" ? [fast_loss, combination_loss] : [combination_loss, fast_loss];
    return t(`decision.${one.outcome}`, {
      ...who,
      origins: origins ?? 0,
      old: format.quantity(old),
      young: format.quantity(young),
      p: format.quantity(p_value),
      better: better ?? 0,
      worse: worse ?? 0,
    });
  };
}
