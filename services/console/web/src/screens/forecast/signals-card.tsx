/** What is told of beforehand: the dated signals that reach what is shown, what each does, and the form for one more. */

import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Button } from "../../ui/controls";
import { CsvButton } from "../../ui/csv-button";
import { Card, Chip, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import { notify, notifyFailure } from "../../ui/toasts";
import { csv, download } from "../pipeline/csv";
import styles from "./forecast.module.css";
import { type Catalog, covers, type Node, nameOf, reaches } from "./node";
import { recordSignal, signalQuery, signalsQuery, withdrawSignal } from "./queries";
import { SignalDialog } from "./signal-dialog";
import { again, type Signal } from "./signals";
import type { Asked } from "./use-outlook";

/** So many signals are asked what they do: each is a question of its own. */
const ASKED = 20;

export function Signals({
  node,
  catalog,
  signals,
}: {
  node: Node;
  catalog: Catalog;
  signals: Asked<Signal[]>;
}) {
  const { t } = useI18n();
  const mayWrite = useMay("forecast:write");
  const [adding, setAdding] = useState(false);
  const reaching = (signals.data ?? []).filter((one) => reaches(one, node, catalog));
  const others = (signals.data?.length ?? 0) - reaching.length;
  return (
    <Card
      title={t("signals.title")}
      label={t("signals.title")}
      tools={
        <span className={styles.tools}>
          <CsvButton
            isDisabled={reaching.length === 0}
            save={() => download("takt-signals.csv", signalsCsv(reaching))}
          />
          {mayWrite && (
            <Button size="small" onPress={() => setAdding(true)}>
              {t("signals.add")}
            </Button>
          )}
        </span>
      }
    >
      {signals.error && !signals.data ? (
        <Failure error={signals.error} retry={signals.refetch} />
      ) : !signals.data ? (
        <Loading>
          <Skeleton height={90} />
        </Loading>
      ) : reaching.length === 0 ? (
        <Empty>{t("signals.none")}</Empty>
      ) : (
        <List node={node} catalog={catalog} signals={reaching} />
      )}
      {others > 0 && <p className={styles.soft}>{t("signals.others", { count: others })}</p>}
      {adding && <SignalDialog node={node} catalog={catalog} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function List({
  node,
  catalog,
  signals,
}: {
  node: Node;
  catalog: Catalog;
  signals: readonly Signal[];
}) {
  const { t, format } = useI18n();
  const effects = useQueries({
    queries: signals.slice(0, ASKED).map((signal) => signalQuery(signal.signal_id)),
  });
  const covered = covers(node, catalog);
  return (
    <ul className={styles.signals}>
      {signals.map((signal, place) => (
        <li key={signal.signal_id}>
          <div>
            <b>{t(`signal.${signal.kind}`)}</b>
            {signal.note && (
              <span className={styles.note}>
                <Given>{signal.note}</Given>
              </span>
            )}
          </div>
          <div>
            <Given>
              {nameOf(catalog.products, signal.product) ??
                signal.family ??
                t("outlook.all-products")}
            </Given>
            <span className={styles.note}>
              <Given>{nameOf(catalog.regions, signal.region) ?? t("outlook.all-regions")}</Given>
            </span>
          </div>
          <div>
            {format.date(signal.begins)} – {format.date(signal.ends)}
            <span className={styles.note}>
              {t("signals.by", { by: signal.recorded_by, at: format.instant(signal.recorded_at) })}
            </span>
          </div>
          <div>
            <Effects
              effects={effects[place]?.data?.effects.filter((one) =>
                covered(one.product, one.region),
              )}
            />
            <span className={styles.note}>
              {[
                signal.strength &&
                  t("signals.stated", { change: format.percentChange(signal.strength) }),
                signal.value && t("signals.value-of", { value: format.quantity(signal.value) }),
              ]
                .filter(Boolean)
                .join(", ")}
            </span>
          </div>
          <Withdraw signal={signal} />
        </li>
      ))}
    </ul>
  );
}

/** By what it multiplies demand; of several series, from the least to the most. */
function Effects({ effects }: { effects: readonly Schemas["EffectOut"][] | undefined }) {
  const { t, format } = useI18n();
  if (!effects) return "–";
  const [first] = effects;
  if (!first) return <span className={styles.quiet}>{t("signals.no-effect")}</span>;
  const change = (factor: number) => format.percentChange(factor - 1);
  const factors = effects.map((one) => one.factor);
  const learned = effects.filter((one) => one.origin === "history").length;
  const [low, high] = [Math.min(...factors), Math.max(...factors)];
  return (
    <span className={styles.effect}>
      <span className="number">
        {effects.length === 1
          ? t("signals.interval", {
              change: change(first.factor),
              low: change(first.low),
              high: change(first.high),
            })
          : change(low) === change(high)
            ? t("signals.each", { change: change(low), count: effects.length })
            : t("signals.range", { low: change(low), high: change(high), count: effects.length })}
      </span>
      {learned === effects.length ? (
        <Chip tone="accent">{t("signals.learned")}</Chip>
      ) : (
        <Chip>
          {learned === 0 ? t("signals.as-stated") : t("signals.partly", { count: learned })}
        </Chip>
      )}
    </span>
  );
}

function Withdraw({ signal }: { signal: Signal }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const mayWrite = useMay("forecast:write");
  const settled = () => queries.invalidateQueries({ queryKey: signalsQuery.queryKey });
  const bringBack = useMutation({
    mutationFn: () => recordSignal(again(signal)),
    onError: (error) => notifyFailure(error, t),
    onSettled: settled,
  });
  const withdraw = useMutation({
    mutationFn: () => withdrawSignal(signal.signal_id),
    onSuccess: () =>
      notify({
        title: t("signals.withdrawn", { kind: t(`signal.${signal.kind}`) }),
        action: { name: t("action.undo"), run: () => bringBack.mutate() },
      }),
    onError: (error) => notifyFailure(error, t),
    onSettled: settled,
  });
  if (!mayWrite) return null;
  return (
    <Button
      look="quiet"
      size="small"
      isDisabled={withdraw.isPending}
      aria-label={t("signals.withdraw-one", {
        kind: t(`signal.${signal.kind}`),
        date: signal.begins,
      })}
      onPress={() => withdraw.mutate()}
    >
      {t("signals.withdraw")}
    </Button>
  );
}

const HEAD = [
  "kind",
  "product",
  "family",
  "region",
  "begins",
  "ends",
  "strength",
  "value",
  "note",
  "source",
  "recorded_by",
  "recorded_at",
] as const;

const signalsCsv = (signals: readonly Signal[]): string =>
  csv([HEAD, ...signals.map((signal) => HEAD.map((name) => signal[name]))]);
