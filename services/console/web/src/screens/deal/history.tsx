/** Where the deal has been: a bar whose parts sum to its age. */

import { useQuery } from "@tanstack/react-query";
import type { Pipeline } from "../../api/queries";
import type { Deal } from "../../deals/api";
import { useI18n } from "../../i18n/i18n";
import { Card, Chip, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import ui from "../../ui/ui.module.css";
import styles from "./deal.module.css";
import { historyQuery } from "./queries";

const DAY_SECONDS = 86_400;
const SHADES = ["--deal", "--forecast", "--plan", "--order", "--cash", "--review"];

export function History({ deal, pipeline }: { deal: Deal; pipeline: Pipeline }) {
  const { t, format } = useI18n();
  const history = useQuery(historyQuery(deal.id));
  const data = history.data;
  const place = new Map(pipeline.stages.map((stage, index) => [stage.code, index]));
  const nameOf = (code: string) => pipeline.stages[place.get(code) ?? -1]?.name ?? code;
  const shade = (code: string) => `var(${SHADES[(place.get(code) ?? 0) % SHADES.length]})`;
  const lasted = (seconds: number) =>
    seconds < DAY_SECONDS
      ? format.delay(seconds * 1000)
      : format.days(Math.floor(seconds / DAY_SECONDS));
  return (
    <Card title={t("history.title")}>
      {history.error ? (
        <Failure error={history.error} retry={() => void history.refetch()} />
      ) : !data ? (
        <Loading>
          <Skeleton height={140} />
        </Loading>
      ) : (
        <>
          <p className={styles.soft}>{t("history.age", { age: lasted(data.age_seconds) })}</p>
          <div className={styles.stays} aria-hidden="true">
            {data.stays.map((stay) => (
              <span
                key={stay.entered_at}
                title={`${nameOf(stay.stage)}: ${lasted(stay.seconds)}`}
                style={{ flexGrow: stay.seconds, background: shade(stay.stage) }}
              />
            ))}
          </div>
          <div className={ui.scroll}>
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
                {data.stays.map((stay) => (
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
                    <td className={`${ui.end} number`}>{lasted(stay.seconds)}</td>
                    <td className={`${ui.end} number`}>
                      {data.age_seconds > 0
                        ? format.percent(stay.seconds / data.age_seconds, 1)
                        : "–"}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Card>
  );
}
