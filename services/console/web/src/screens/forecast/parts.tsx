/** What a sum is made of: each part leads one step down. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useI18n } from "../../i18n/i18n";
import { micros, sum } from "../../lib/amount";
import { Segments } from "../../ui/controls";
import { CsvButton } from "../../ui/csv-button";
import { Card, Empty, Failure, Given, Loading, Skeleton } from "../../ui/pieces";
import { csv, download } from "../pipeline/csv";
import styles from "./forecast.module.css";
import { below, type Catalog, childrenOf, type Node, nameOf, partsOf } from "./node";
import { partsQuery } from "./queries";
import type { ForecastSearch } from "./search";

export function Parts({
  node,
  search,
  catalog,
}: {
  node: Node;
  search: ForecastSearch;
  catalog: Catalog;
}) {
  const { t, format } = useI18n();
  const navigate = useNavigate({ from: "/forecast" });
  const ways = partsOf(node, catalog);
  const by = (search.by && ways.includes("region") ? "region" : ways[0]) ?? "product";
  const parts = useQuery(partsQuery(node, by));
  const rows = childrenOf(parts.data ?? [], node, by, catalog)
    .map((part) => ({
      part,
      units: sum(part.buckets.map((bucket) => bucket.quantity)),
      pipeline: sum(part.buckets.map((bucket) => bucket.pipeline)),
    }))
    .sort((a, b) => Number(micros(b.units) - micros(a.units)));
  const codeOf = (part: { product: string | null; region: string | null }) =>
    by === "region" ? part.region : part.product;
  const name = (code: string | null) =>
    code === null
      ? t("outlook.no-family")
      : (nameOf(
          by === "region" ? catalog.regions : by === "product" ? catalog.products : [],
          code,
        ) ?? code);
  const largest = Number(rows[0]?.units ?? 0);
  return (
    <Card
      title={t("parts.title")}
      tools={
        <span className={styles.tools}>
          <CsvButton
            isDisabled={rows.length === 0}
            save={() =>
              download(
                "takt-forecast-parts.csv",
                csv([
                  [t(`parts.${by}`), t("parts.units"), t("outlook.pipeline")],
                  ...rows.map(({ part, units, pipeline }) => [codeOf(part), units, pipeline]),
                ]),
              )
            }
          />
          {ways.length > 1 && (
            <Segments
              label={t("parts.by")}
              value={by === "region" ? "region" : "product"}
              onChange={(way) =>
                void navigate({
                  search: (before) => ({ ...before, by: way === "region" ? "region" : undefined }),
                  replace: true,
                  resetScroll: false,
                })
              }
              choices={[
                { id: "product", name: t("parts.by-product") },
                { id: "region", name: t("parts.by-region") },
              ]}
            />
          )}
        </span>
      }
    >
      {parts.error && !parts.data ? (
        <Failure error={parts.error} retry={() => void parts.refetch()} />
      ) : !parts.data ? (
        <Loading>
          <Skeleton height={300} />
        </Loading>
      ) : rows.length === 0 ? (
        <Empty>{t("beat.forecast.none")}</Empty>
      ) : (
        <ul className={styles.parts}>
          {rows.map(({ part, units, pipeline }) => {
            const to = below(node, by, part);
            const code = codeOf(part);
            const inside = (
              <>
                <span className={styles.partName}>
                  <Given>{name(code)}</Given>
                </span>
                <b className="number">{format.quantity(Math.round(Number(units)))}</b>
                <span className={styles.partBar} aria-hidden="true">
                  <span style={{ width: share(Number(units) - Number(pipeline), largest) }} />
                  <span data-pipeline style={{ width: share(Number(pipeline), largest) }} />
                </span>
              </>
            );
            return (
              <li key={code ?? ""}>
                {to ? (
                  <Link
                    to="/forecast"
                    search={(before) => ({ ...before, by: undefined, ...clear, ...to })}
                    resetScroll={false}
                    className={styles.part}
                  >
                    {inside}
                  </Link>
                ) : (
                  <span className={styles.part}>{inside}</span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}

const clear = { family: undefined, product: undefined, region: undefined };

const share = (units: number, largest: number): string =>
  `${largest > 0 ? (100 * units) / largest : 0}%`;
