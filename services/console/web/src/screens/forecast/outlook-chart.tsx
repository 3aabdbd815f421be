/** Demand as bars; over it the forecast with its intervals and its pipeline, another version, and signals. */

import { area, line } from "d3-shape";
import charts from "../../charts/charts.module.css";
import { type Column, type Frame, NOTHING, Plot } from "../../charts/plot";
import { useI18n } from "../../i18n/i18n";
import { minus } from "../../lib/amount";
import styles from "./forecast.module.css";
import { type Axis, type Banded, type Bucket, isBanded } from "./outlook";
import { useSignalWords } from "./signal-words";
import { holdsIn, type Signal, windowsOf } from "./signals";

type Value = (week: string) => string | undefined;

export function OutlookChart({
  axis,
  unit,
  label,
  file,
  thisWeek,
  shownName,
  againstName,
  signals,
  height,
}: {
  axis: Axis;
  unit: string;
  label: string;
  file: string;
  thisWeek: string;
  shownName: string;
  /** Null where no other version is drawn. */
  againstName: string | null;
  signals: readonly Signal[];
  height: number;
}) {
  const { t, format } = useI18n();
  const words = useSignalWords();
  const { weeks, actual, ordered, shown, against } = axis;
  const banded = weeks.map((week) => shown.get(week)).filter(isBanded);
  const windows = windowsOf(signals, weeks);
  const told = windows.map((window) => window.signal);

  const column = (name: string, exact: Value, colour?: string): Column => ({
    name,
    exact: [exact],
    value: (week) => {
      const units = exact(week);
      return units === undefined ? NOTHING : format.quantity(units);
    },
    ...(colour && { colour }),
  });
  const interval = (name: string, low: "low80" | "low95", high: "high80" | "high95"): Column => {
    const end = (which: typeof low | typeof high) => (week: string) =>
      shown.get(week)?.[which] ?? undefined;
    return {
      name,
      exact: [end(low), end(high)],
      value: (week) => {
        const [from, to] = [end(low)(week), end(high)(week)];
        return from === undefined || to === undefined
          ? NOTHING
          : `${format.quantity(from)} – ${format.quantity(to)}`;
      },
      colour: low === "low80" ? "forecast-80" : "forecast-95",
    };
  };
  const quantity = (of: ReadonlyMap<string, Bucket>) => (week: string) => of.get(week)?.quantity;
  const published = againstName === null ? shown : against;
  const missed: Value = (week) => {
    const [said, came] = [published.get(week)?.quantity, actual.get(week)];
    return said === undefined || came === undefined ? undefined : minus(said, came);
  };
  const columns: Column[] = [
    column(t("outlook.wanted"), (week) => actual.get(week), "demand"),
    ...(ordered.size > 0
      ? [column(t("outlook.ordered"), (week) => ordered.get(week), "demand-open")]
      : []),
    column(shownName, quantity(shown), "forecast"),
    column(t("outlook.baseline"), (week) => shown.get(week)?.baseline),
    column(t("outlook.pipeline"), (week) => shown.get(week)?.pipeline, "deal"),
    ...(banded.length > 0
      ? [
          interval(t("chart.forecast.80"), "low80", "high80"),
          interval(t("chart.forecast.95"), "low95", "high95"),
        ]
      : []),
    ...(againstName === null ? [] : [column(againstName, quantity(against), "text-muted")]),
    ...(weeks.some((week) => missed(week) !== undefined)
      ? [{ ...column(t("outlook.missed"), missed), value: changeOf(missed, format.quantityChange) }]
      : []),
    ...(told.length > 0
      ? [
          {
            name: t("signals.title"),
            exact: [(week: string) => namesIn(week) || undefined],
            value: (week: string) => namesIn(week) || NOTHING,
            colour: "order",
          },
        ]
      : []),
  ];
  function namesIn(week: string): string {
    return told
      .filter((signal) => holdsIn(signal, week))
      .map(words)
      .join("; ");
  }
  const values = [
    ...[...actual.values(), ...ordered.values()].map(Number),
    ...[...shown.values(), ...against.values()].map((bucket) => Number(bucket.quantity)),
    ...banded.flatMap((bucket) => [Number(bucket.low95), Number(bucket.high95)]),
  ];
  return (
    <Plot
      file={file}
      label={label}
      weeks={weeks}
      values={values}
      unit={t("chart.forecast.unit", { unit: unit === "mixed" ? t("outlook.mixed") : unit })}
      formatY={format.quantity}
      height={height}
      columns={columns}
    >
      {(frame) => (
        <>
          <Windows frame={frame} windows={windows} />
          <Bars frame={frame} bars={actual} className={styles.demand} />
          <Bars frame={frame} bars={ordered} className={styles.ordered} />
          <Forecast frame={frame} axis={axis} banded={banded} />
          <Today frame={frame} week={thisWeek} />
        </>
      )}
    </Plot>
  );
}

const changeOf = (exact: Value, format: (units: string) => string) => (week: string) => {
  const units = exact(week);
  return units === undefined ? NOTHING : format(units);
};

function Forecast({
  frame,
  axis,
  banded,
}: {
  frame: Frame;
  axis: Axis;
  banded: readonly Banded[];
}) {
  const { x, y } = frame;
  const { weeks, shown, against } = axis;
  const buckets = (of: ReadonlyMap<string, Bucket>) => weeks.flatMap((week) => of.get(week) ?? []);
  const place = (bucket: Bucket) => x(bucket.week) ?? 0;
  const band = (low: "low80" | "low95", high: "high80" | "high95") =>
    area<Banded>()
      .x(place)
      .y0((bucket) => y(Number(bucket[low])))
      .y1((bucket) => y(Number(bucket[high])))([...banded]) ?? "";
  const drawn = (of: readonly Bucket[], which: "quantity" | "baseline") =>
    line<Bucket>()
      .x(place)
      .y((bucket) => y(Number(bucket[which])))([...of]) ?? "";
  const now = buckets(shown);
  const pipeline =
    area<Bucket>()
      .x(place)
      .y0((bucket) => y(Number(bucket.baseline)))
      .y1((bucket) => y(Number(bucket.quantity)))(now) ?? "";
  return (
    <>
      <path className={charts.band95} d={band("low95", "high95")} />
      <path className={charts.band80} d={band("low80", "high80")} />
      <path className={styles.pipeline} d={pipeline} />
      <path className={styles.baseline} d={drawn(now, "baseline")} />
      {against.size > 1 && (
        <path className={charts.before} d={drawn(buckets(against), "quantity")} />
      )}
      <path className={charts.line} stroke="var(--forecast)" d={drawn(now, "quantity")} />
    </>
  );
}

const BAR_SHARE = 0.62;

function Bars({
  frame: { x, y },
  bars,
  className,
}: {
  frame: Frame;
  bars: ReadonlyMap<string, string>;
  className: string | undefined;
}) {
  const width = Math.max(1, x.step() * BAR_SHARE);
  return (
    <g className={className}>
      {[...bars].map(([week, units]) => {
        const top = y(Number(units));
        return (
          <rect
            key={week}
            x={(x(week) ?? 0) - width / 2}
            y={top}
            width={width}
            height={Math.max(0, y(0) - top)}
          />
        );
      })}
    </g>
  );
}

const LANE_PX = 6;

/** Where signals hold: a line at the top for each, and a veil down to the axis. */
function Windows({
  frame: { x, top, bottom },
  windows,
}: {
  frame: Frame;
  windows: ReturnType<typeof windowsOf>;
}) {
  const [first = 0] = x.range();
  const step = x.step();
  return (
    <g className={styles.windows}>
      {windows.map(({ signal, from, to, lane }) => {
        const [start, width] = [first + from * step, Math.max(2, (to - from) * step)];
        const y = top + lane * LANE_PX;
        return (
          <g key={signal.signal_id}>
            <rect x={start} y={y} width={width} height={Math.max(0, bottom - y)} data-veil />
            <rect x={start} y={y} width={width} height={3} rx={1.5} />
          </g>
        );
      })}
    </g>
  );
}

/** Where the past ends. */
function Today({ frame: { x, top, bottom }, week }: { frame: Frame; week: string }) {
  const at = (x(week) ?? 0) - x.step() / 2;
  const [first = 0] = x.range();
  if (at <= first) return null;
  return <line className={styles.today} x1={at} x2={at} y1={top} y2={bottom} />;
}
