/** The forecast: what is expected, why it changed, which model says so, and what it is told of beforehand. */

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMay } from "../../app/session";
import { useI18n } from "../../i18n/i18n";
import { Card, Empty } from "../../ui/pieces";
import "./words";
import { Filters } from "./filters";
import styles from "./forecast.module.css";
import { Models } from "./models";
import { isSeries, partsOf } from "./node";
import { OutlookCard } from "./outlook-card";
import { Parts } from "./parts";
import { signalsQuery, versionsQuery } from "./queries";
import { Refit } from "./refit";
import { drawnOf, explainedOf } from "./search";
import { SeriesModel } from "./series-model";
import { Signals } from "./signals-card";
import { useCatalog, useOutlook } from "./use-outlook";
import { useRefreshed } from "./use-refreshed";
import { Why } from "./why";

export function Forecast() {
  const { t } = useI18n();
  if (!useMay("forecast:read")) {
    return (
      <Card>
        <Empty>{t("beat.forbidden", { scope: "forecast:read" })}</Empty>
      </Card>
    );
  }
  return <Read />;
}

function Read() {
  const search = useSearch({ from: "/forecast" });
  const { family, product, region } = search;
  const node = { family, product, region };
  const catalog = useCatalog();
  const versions = useQuery(versionsQuery);
  const signals = useQuery(signalsQuery);
  useRefreshed(node);
  const known = versions.data ?? [];
  const drawn = drawnOf(search, known);
  // A version of the address is waited for; the present forecast is not.
  const waits = search.version !== undefined && versions.isPending;
  const shown = useOutlook(node, catalog, waits ? null : (drawn.shown ?? undefined));
  const against = useOutlook(node, catalog, drawn.against);
  return (
    <div className={styles.screen}>
      <Filters search={search} node={node} catalog={catalog} versions={known} />
      <div className={styles.columns}>
        <OutlookCard
          search={search}
          node={node}
          catalog={catalog}
          drawn={drawn}
          shown={shown}
          against={against}
          signals={signals.data ?? []}
        />
        <div className={styles.side}>
          {partsOf(node, catalog).length > 0 && (
            <Parts node={node} search={search} catalog={catalog} />
          )}
          {isSeries(node, catalog) && <SeriesModel node={node} shown={shown} />}
          <Refit />
        </div>
      </div>
      <Why
        pair={explainedOf(search, known)}
        node={node}
        catalog={catalog}
        versions={versions}
        live={drawn.shown === null}
      />
      <Models grouping={search.errors ?? "lag"} />
      <Signals node={node} catalog={catalog} signals={signals} />
    </div>
  );
}
