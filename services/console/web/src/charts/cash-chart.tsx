/** The projected balance by week, expected and committed, with the minimum and the lowest point. */

import { line } from "d3-shape";
import type { Schemas } from "../api/client";
import { useI18n } from "../i18n/i18n";
import styles from "./charts.module.css";
import { Plot } from "./plot";

type Projection = Pick<Schemas["CashProjection"], "minimum" | "weeks" | "lowest_expected">;

export function CashChart({
  cash,
  before,
  height,
}: {
  cash: Projection;
  before?: Projection | undefined;
  height?: number;
}) {
  const { t, format } = useI18n();
  const weeks = cash.weeks.map((week) => week.week);
  const now = new Map(cash.weeks.map((week) => [week.week, week]));
  const then = new Map((before?.weeks ?? []).map((week) => [week.week, week]));
  const known = weeks.filter((week) => then.has(week));
  type Line = "balance_expected" | "balance_committed";
  const money = (week: string, which: Line) => format.money(now.get(week)?.[which] ?? "0");
  const values = [
    Number(cash.minimum),
    ...cash.weeks.flatMap((week) => [
      Number(week.balance_expected),
      Number(week.balance_committed),
    ]),
    ...known.map((week) => Number(then.get(week)?.balance_expected)),
  ];
  return (
    <Plot
      file="cash"
      label={t("chart.cash.label", {
        lowest: format.money(cash.lowest_expected.balance),
        week: format.date(cash.lowest_expected.week),
      })}
      weeks={weeks}
      values={values}
      unit={format.currency}
      formatY={format.moneyShort}
      {...(height ? { height } : {})}
      columns={[
        {
          name: t("chart.cash.expected"),
          value: (week) => money(week, "balance_expected"),
          exact: [(week) => now.get(week)?.balance_expected],
          colour: "cash",
        },
        ...(known.length
          ? [
              {
                name: t("chart.cash.before"),
                value: (week: string) => {
                  const was = then.get(week);
                  return was ? format.money(was.balance_expected) : "–";
                },
                exact: [(week: string) => then.get(week)?.balance_expected],
                colour: "text-muted",
              },
            ]
          : []),
        {
          name: t("chart.cash.committed"),
          value: (week) => money(week, "balance_committed"),
          exact: [(week) => now.get(week)?.balance_committed],
          colour: "order",
        },
        {
          name: t("chart.cash.minimum"),
          value: () => format.money(cash.minimum),
          exact: [() => cash.minimum],
          colour: "bad",
        },
      ]}
    >
      {({ x, y, width }) => {
        const drawn = (shown: readonly string[], of: typeof now, which: Line) =>
          line<string>()
            .x((week) => x(week) ?? 0)
            .y((week) => y(Number(of.get(week)?.[which])))([...shown]) ?? "";
        const lowest = {
          x: x(cash.lowest_expected.week) ?? 0,
          y: y(Number(cash.lowest_expected.balance)),
        };
        const right = lowest.x > width * 0.66;
        return (
          <>
            <line
              className={styles.threshold}
              x1={x(weeks[0] ?? "")}
              x2={x(weeks.at(-1) ?? "")}
              y1={y(Number(cash.minimum))}
              y2={y(Number(cash.minimum))}
            />
            <path
              className={styles.line}
              stroke="var(--order)"
              strokeDasharray="2 4"
              d={drawn(weeks, now, "balance_committed")}
            />
            {known.length > 1 && (
              <path className={styles.before} d={drawn(known, then, "balance_expected")} />
            )}
            <path
              className={styles.line}
              stroke="var(--cash)"
              d={drawn(weeks, now, "balance_expected")}
            />
            <circle
              className={styles.lowest}
              stroke="var(--cash)"
              cx={lowest.x}
              cy={lowest.y}
              r={4}
            />
            <text
              className={styles.markText}
              x={lowest.x + (right ? -8 : 8)}
              y={lowest.y + 16}
              textAnchor={right ? "end" : "start"}
            >
              {format.moneyShort(cash.lowest_expected.balance)}
            </text>
          </>
        );
      }}
    </Plot>
  );
}
