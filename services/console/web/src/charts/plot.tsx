/**
 * The frame of every chart over weeks: axes with their unit, a cursor that pointer and keys move, and a table twin.
 *
 * A chart gives its marks; text in it is text. The cursor goes from week to week with the arrow keys, and what it
 * stands on is said beside the chart, to who sees and to who hears.
 */

import { max, min } from "d3-array";
import { type ScaleLinear, type ScalePoint, scaleLinear, scalePoint } from "d3-scale";
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { type Translate, useI18n } from "../i18n/i18n";
import { csv, download } from "../screens/pipeline/csv";
import { Segments } from "../ui/controls";
import { CsvButton } from "../ui/csv-button";
import ui from "../ui/ui.module.css";
import styles from "./charts.module.css";

export interface Frame {
  x: ScalePoint<string>;
  y: ScaleLinear<number, number>;
  width: number;
  height: number;
  /** Where the highest and the lowest value are. */
  top: number;
  bottom: number;
}

/** Shown where a column has no value in a week. */
export const NOTHING = "–";

export interface Column {
  name: string;
  /** What the table shows for a week, and the cursor says. */
  value: (week: string) => string;
  /** The same as exact decimals: one, or the two ends of an interval. */
  exact: readonly ((week: string) => string | undefined)[];
  /** The colour variable of its mark, without `--`; without one it is told by the table alone. */
  colour?: string;
}

interface PlotProps {
  /** What the chart shows, in a sentence: its accessible name. */
  label: string;
  /** The name of the file that its table is saved as. */
  file: string;
  weeks: readonly string[];
  /** All values that have to be in sight. */
  values: readonly number[];
  unit: string;
  columns: readonly Column[];
  formatY: (value: number) => string;
  height?: number;
  zero?: boolean;
  children: (frame: Frame) => ReactNode;
}

const MARGIN = { top: 22, right: 12, bottom: 26, left: 52 };
const TICK_PX = 44;
const LABEL_PX = 66;
const GAP_PX = 8;

export function Plot({
  label,
  file,
  weeks,
  values,
  unit,
  columns,
  formatY,
  height = 240,
  zero = true,
  children,
}: PlotProps) {
  const { t } = useI18n();
  const [as, setAs] = useState<"chart" | "table">("chart");
  return (
    <figure className={styles.figure} aria-label={label}>
      <figcaption className={styles.caption}>
        <Legend columns={columns} />
        <span className={styles.tools}>
          {as === "table" && (
            <CsvButton save={() => download(`takt-${file}.csv`, csv(tableOf(weeks, columns, t)))} />
          )}
          <Segments
            label={t("chart.as")}
            value={as}
            onChange={setAs}
            choices={[
              { id: "chart", name: t("chart.chart"), icon: "chart" },
              { id: "table", name: t("chart.table"), icon: "table" },
            ]}
          />
        </span>
      </figcaption>
      {as === "chart" ? (
        <Drawing {...{ label, weeks, values, unit, columns, formatY, height, zero, children }} />
      ) : (
        <Twin label={label} weeks={weeks} columns={columns} height={height} />
      )}
    </figure>
  );
}

/** The table of a chart as rows, the weeks as dates and the values as decimals. */
export function tableOf(
  weeks: readonly string[],
  columns: readonly Column[],
  t: Translate,
): (string | undefined)[][] {
  const ends = (name: string) => [
    t("chart.low", { interval: name }),
    t("chart.high", { interval: name }),
  ];
  return [
    [
      t("chart.week"),
      ...columns.flatMap(({ name, exact }) => (exact.length > 1 ? ends(name) : [name])),
    ],
    ...weeks.map((week) => [
      week,
      ...columns.flatMap(({ exact }) => exact.map((value) => value(week))),
    ]),
  ];
}

function Legend({ columns }: { columns: readonly Column[] }) {
  return (
    <ul className={styles.legend}>
      {columns.map(
        (column) =>
          column.colour && (
            <li key={column.name}>
              <span className={styles.swatch} style={{ background: `var(--${column.colour})` }} />
              {column.name}
            </li>
          ),
      )}
    </ul>
  );
}

function Twin({
  label,
  weeks,
  columns,
  height,
}: {
  label: string;
  weeks: readonly string[];
  columns: readonly Column[];
  height: number;
}) {
  const { t, format } = useI18n();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className={styles.twin} style={{ maxHeight: height }} tabIndex={0} aria-label={label}>
      <table className={ui.table}>
        <thead>
          <tr>
            <th scope="col">{t("chart.week")}</th>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={ui.end}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week}>
              <th scope="row">{format.date(week)}</th>
              {columns.map((column) => (
                <td key={column.name} className={ui.end}>
                  {column.value(week)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Drawing({
  label,
  weeks,
  values,
  unit,
  columns,
  formatY,
  height,
  zero,
  children,
}: Required<Omit<PlotProps, "file">>) {
  const { t, format } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [at, setAt] = useState<number | null>(null);
  const told = useId();
  const lowest = Math.min(zero ? 0 : Number.POSITIVE_INFINITY, min(values) ?? 0);
  const highest = Math.max(zero ? 0 : Number.NEGATIVE_INFINITY, max(values) ?? 1);
  const x = scalePoint<string>()
    .domain([...weeks])
    .range([0, 1]);
  const y = scaleLinear()
    .domain([lowest, highest > lowest ? highest : lowest + 1])
    .range([height - MARGIN.bottom, MARGIN.top])
    .nice(Math.max(2, Math.floor(height / TICK_PX)));
  const ticks = y.ticks(Math.max(2, Math.floor(height / TICK_PX)));
  const left = Math.max(MARGIN.left, ...ticks.map((tick) => GAP_PX + roomOf(formatY(tick))));
  x.range([left, Math.max(left + 1, width - MARGIN.right)]);
  const every = Math.max(1, Math.ceil((weeks.length * LABEL_PX) / Math.max(1, width - left)));
  const week = at === null ? undefined : weeks[at];

  const point = (event: PointerEvent<SVGSVGElement>) => {
    const pointed = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const step = x.step() || 1;
    setAt(clamp(Math.round((pointed - left) / step), weeks.length));
  };
  const press = (event: KeyboardEvent) => {
    const last = weeks.length - 1;
    const next = {
      ArrowRight: (at ?? -1) + 1,
      ArrowLeft: (at ?? last + 1) - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Escape" && at !== null) setAt(null);
    else if (next !== undefined) setAt(clamp(next, weeks.length));
    else return;
    event.preventDefault();
  };

  return (
    <div ref={box} className={styles.box} style={{ height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={label}
          aria-describedby={told}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the cursor moves by keys
          tabIndex={0}
          onPointerMove={point}
          onPointerLeave={() => setAt(null)}
          onKeyDown={press}
          onBlur={() => setAt(null)}
        >
          <g className={styles.axis}>
            {ticks.map((tick) => (
              <g key={tick} transform={`translate(0 ${y(tick)})`}>
                <line x1={left} x2={width - MARGIN.right} data-zero={tick === 0} />
                <text x={left - GAP_PX} dy="0.32em" textAnchor="end">
                  {formatY(tick)}
                </text>
              </g>
            ))}
            {weeks.map(
              (name, place) =>
                place % every === 0 &&
                (x(name) ?? 0) + LABEL_PX / 2 <= width + MARGIN.right && (
                  <text key={name} x={x(name)} y={height - 8} textAnchor="middle">
                    {format.dateShort(name)}
                  </text>
                ),
            )}
            <text x={left + 4} y={MARGIN.top - 6} className={styles.unit}>
              {unit}
            </text>
          </g>
          {children({ x, y, width, height, top: MARGIN.top, bottom: height - MARGIN.bottom })}
          {week !== undefined && (
            <line
              className={styles.cursor}
              x1={x(week)}
              x2={x(week)}
              y1={MARGIN.top}
              y2={height - MARGIN.bottom}
            />
          )}
        </svg>
      )}
      {week !== undefined && (
        <div
          className={styles.readout}
          data-side={(x(week) ?? 0) > width / 2 ? "left" : "right"}
          style={{ insetInlineStart: x(week) }}
          aria-hidden="true"
        >
          <strong>{format.date(week)}</strong>
          {columns.filter(has(week)).map((column) => (
            <div key={column.name}>
              <span>{column.name}</span>
              <span>{column.value(week)}</span>
            </div>
          ))}
        </div>
      )}
      <p id={told} className="visually-hidden" aria-live="polite">
        {week === undefined
          ? t("chart.hint")
          : `${format.date(week)}: ${columns
              .filter(has(week))
              .map((c) => `${c.name} ${c.value(week)}`)
              .join(", ")}`}
      </p>
    </div>
  );
}

const has = (week: string) => (column: Column) => column.value(week) !== NOTHING;

/** About how many pixels a label of an axis takes; Chinese characters are twice as wide. */
function roomOf(label: string): number {
  return [...label].reduce((room, one) => room + (one > "\u2e80" ? 12 : 7), 0);
}

function clamp(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place));
}

/** The width that an element has, kept up to date; 0 before it is known. */
function useWidth(box: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
