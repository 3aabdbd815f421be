/** The lines with list price, floor and margin. */

import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useMay } from "../../app/session";
import type { Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { times } from "../../lib/amount";
import { Button } from "../../ui/controls";
import { Card, Chip, classes, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import ui from "../../ui/ui.module.css";
import { download } from "../pipeline/csv";
import styles from "./deal.module.css";
import { linesCsv } from "./lines-csv";
import { pricesQuery, promisesQuery } from "./queries";

export function Lines({ deal }: { deal: Deal }) {
  const { t, format } = useI18n();
  const prices = useQuery(pricesQuery(deal.id));
  const requested = new Map(deal.lines.map((line) => [line.id, line.requested_date]));
  const maySupply = useMay("supply:read");
  const asked = promisesQuery(deal);
  const promises = useQuery({ ...asked, enabled: maySupply && asked.enabled });
  const promised = new Map(promises.data?.lines.map((line) => [line.line_id, line]));
  const data = prices.data;
  const money = (amount: string | null) => (amount === null ? "–" : format.money(amount));
  const share = (part: string | null) => (part === null ? "–" : format.percent(part, 1));
  const save = () => data && download(`takt-deal-${deal.id}.csv`, linesCsv(data, requested));
  return (
    <Card
      title={t("lines.title")}
      tools={
        data && data.lines.length > 0 ? (
          <Button size="small" icon="download" onPress={save}>
            CSV
          </Button>
        ) : undefined
      }
    >
      {!data ? (
        prices.error ? (
          <Failure error={prices.error} retry={() => void prices.refetch()} />
        ) : (
          <Loading>
            <Skeleton height={160} />
          </Loading>
        )
      ) : data.lines.length === 0 ? (
        <Empty>{t("lines.none")}</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <section className={ui.scroll} tabIndex={0} aria-label={t("lines.title")}>
          <table className={ui.table}>
            <thead>
              <tr>
                <th scope="col">{t("edit.product")}</th>
                {(
                  ["quantity", "list", "price", "discount", "floor", "margin", "value"] as const
                ).map((name) => (
                  <th key={name} scope="col" className={ui.end}>
                    {t(`lines.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.lines.map((line) => (
                <tr key={line.line_id}>
                  <th scope="row">
                    <div className={styles.product}>
                      <Given>{line.name}</Given>
                      <span>
                        {line.product}
                        {requested.get(line.line_id) && (
                          <>
                            {" "}
                            ·{" "}
                            {t("lines.for", {
                              date: format.date(requested.get(line.line_id) ?? ""),
                            })}
                          </>
                        )}
                      </span>
                      <Promised quote={promised.get(line.line_id)} />
                    </div>
                  </th>
                  <td className={classes(ui.end, "number")}>
                    {t("lines.amount", {
                      quantity: format.quantity(line.quantity),
                      unit: line.unit,
                    })}
                  </td>
                  <td className={classes(ui.end, "number")}>{money(line.list_price)}</td>
                  <td className={classes(ui.end, "number")}>{money(line.price)}</td>
                  <td className={classes(ui.end, "number")}>{share(line.discount)}</td>
                  <td className={classes(ui.end, "number")}>
                    {line.floor ? (
                      <span
                        title={t("lines.floor.title", {
                          rule: line.floor.rule,
                          role: line.floor.role,
                        })}
                      >
                        {format.money(line.floor.price)}
                      </span>
                    ) : (
                      "–"
                    )}{" "}
                    {!line.inside && (
                      <Chip tone={line.approved ? "good" : "bad"}>
                        {t(line.approved ? "lines.approved" : "lines.outside")}
                      </Chip>
                    )}
                  </td>
                  <td className={classes(ui.end, "number")}>
                    {line.margin === null ? "–" : format.money(times(line.margin, line.quantity))}
                    <span className={styles.under}>{share(line.margin_share)}</span>
                  </td>
                  <td className={classes(ui.end, "number")}>
                    <b>{format.money(times(line.price, line.quantity))}</b>
                  </td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">{t("lines.total")}</th>
                <td />
                <td className={classes(ui.end, "number")}>{money(data.list_value)}</td>
                <td />
                <td className={classes(ui.end, "number")}>{share(data.discount)}</td>
                <td />
                <td className={classes(ui.end, "number")}>
                  {money(data.margin)}
                  <span className={styles.under}>{share(data.margin_share)}</span>
                </td>
                <td className={classes(ui.end, "number")}>
                  <b>{format.money(data.value)}</b>
                </td>
              </tr>
            </tfoot>
          </table>
        </section>
      )}
    </Card>
  );
}

/** What of a line is free, and from when on: of stock and of orders that are agreed. */
function Promised({ quote }: { quote: Schemas["QuotedLine"] | undefined }) {
  const { t, format } = useI18n();
  if (!quote) return null;
  const { promised, promised_on: on, orderable_on: later } = quote;
  return (
    <span>
      {on === null
        ? t("lines.promise.none")
        : t(later === null ? "lines.promise.all" : "lines.promise.some", {
            quantity: format.quantity(promised),
            date: format.date(on),
          })}
      {later !== null && <> {t("lines.promise.later", { date: format.date(later) })}</>}
    </span>
  );
}
