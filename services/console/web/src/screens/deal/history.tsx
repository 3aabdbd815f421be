/** Where the deal has been: a bar whose parts sum to its age. */

import { useQuery } from "@tanstack/react-query";
import type { Pipeline } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Card, Chip, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import ui from "../../ui/ui.module.css";
import styles from "./deal.module.css";
import { durations } from "./durations";
import { historyQuery } from "./queries";

const SHADES = ["--deal", "--forecast", "--plan", "--order", "--cash", "--review"];

export function History({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const history = useQuery(historyQuery(deal.id));
  const data = history.data;
  const order = new Map(pipeline.stages.map((stage, index) => [stage.code, index]));
  const nameOf = (code: string) => pipeline.stages[order.get(code) ?? -1]?.name ?? code;
  const shade = (code: string) => `var(${SHADES[(order.get(code) ?? 0) % SHADES.length]})`;
  const shown = durations(data?.age_seconds ?? 0, data?.stays.map((stay) => stay.seconds) ?? []);
  const unit = new Intl.NumberFormat(format.locale, {
    style: "unit",
    unit: shown.unit,
    unitDisplay: "short",
    maximumFractionDigits: 1,
  });
  const lasted = (place: number) => unit.format(shown.parts[place] ?? 0);
  return (
    <Card title={t("history.title")}>
      {!data ? (
        history.error ? (
          <Failure error={history.error} retry={() => void history.refetch()} />
        ) : (
          <Loading>
            <Skeleton height={140} />
          </Loading>
        )
      ) : (
        <>
          <p className={styles.soft}>{t("history.age", { age: unit.format(shown.whole) })}</p>
          <div className={styles.stays} aria-hidden="true">
            {data.stays.map((stay, place) => (
              <span
                key={stay.entered_at}
                title={`${nameOf(stay.stage)}: ${lasted(place)}`}
                // Of less than one in all, a bar would not be filled.
                style={{ flexGrow: stay.seconds * 1_000, background: shade(stay.stage) }}
              />
            ))}
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
          <section className={ui.scroll} tabIndex={0} aria-label={t("history.title")}>
            <table className={ui.table}>
              <thead>
                <tr>
                  <th scope="col">{t("filter.stage")}</th>
                  <th scope="col">{t("history.entered")}</th>
                  <th scope="col" className={ui.end}>
                    {t("history.lasted")}
                  </th>
                  <th scope="col" className={ui.end}>
                    {t("history.share")}
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.stays.map((stay, place) => (
                  <tr key={stay.entered_at}>
                    <th scope="row">
                      <div className={styles.stay}>
                        <span style={{ background: shade(stay.stage) }} />
                        <Given>{nameOf(stay.stage)}</Given>
                        {!stay.in_cycle && <Chip>{t("history.taken-back")}</Chip>}
                        {stay.imported && <Chip>{t("history.imported")}</Chip>}
                      </div>
                    </th>
                    <td>{format.instant(stay.entered_at)}</td>
                    <td className={`${ui.end} number`}>{lasted(place)}</td>
                    <td className={`${ui.end} number`}>
                      {data.age_seconds > 0
                        ? format.percent(stay.seconds / data.age_seconds, 1)
                        : "–"}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </Card>
  );
}
