/** The forecast of a node, at present or as a version holds it, and the catalog that nodes are of. */

import { useQuery } from "@tanstack/react-query";
import { Problem, type Schemas } from "../../api/client";
import { productsQuery, regionsQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { type Catalog, isSeries, type Node } from "./node";
import type { Bucket } from "./outlook";
import { seriesQuery, sumQuery, type VersionHead } from "./queries";

/** Names, families and the tree of regions are the sales'; without them codes and sums are shown. */
export function useCatalog(): Catalog & { known: boolean; pending: boolean } {
  const may = useMay("deals:read");
  const products = useQuery({ ...productsQuery, enabled: may });
  const regions = useQuery({ ...regionsQuery, enabled: may });
  return {
    products: products.data ?? [],
    regions: regions.data ?? [],
    known: products.data !== undefined && regions.data !== undefined,
    pending: may && (products.isPending || regions.isPending),
  };
}

export interface Outlook {
  buckets: readonly Bucket[];
  /** Of one series; undefined for a sum. */
  series: { unit: string; as_of: string; model: Schemas["SeriesModel"] | null } | undefined;
  count: number;
}

export interface Asked<T> {
  data: T | undefined;
  error: Error | null;
  refetch: () => void;
}

/** Null where nothing is forecast; at present without a version, not asked at all where that is null. */
export function useOutlook(
  node: Node,
  catalog: Catalog & { known: boolean; pending: boolean },
  version: VersionHead | null | undefined,
): Asked<Outlook | null> {
  const asked = version !== null && !catalog.pending;
  const alone = isSeries(node, catalog);
  const { product = "", region = "" } = node;
  const series = useQuery({
    ...seriesQuery(product, region, version?.as_of),
    enabled: asked && alone,
  });
  const none = isUnknown(series.error);
  // Without the tree of regions, one with others in it is only told by having no series of its own.
  const ofParts = !alone || (none && !catalog.known);
  const sum = useQuery({ ...sumQuery(node, version ?? undefined), enabled: asked && ofParts });
  // What is not asked shares its name with the present forecast, and must not show that.
  if (version === null) return { data: undefined, error: null, refetch: () => {} };
  if (ofParts) {
    return { data: ofSum(sum.data), error: sum.error, refetch: () => void sum.refetch() };
  }
  return {
    data: none ? null : series.data && ofSeries(series.data),
    error: none ? null : series.error,
    refetch: () => void series.refetch(),
  };
}

const isUnknown = (error: Error | null): boolean =>
  error instanceof Problem && error.status === 404;

const ofSeries = ({ buckets, unit, as_of, model }: Schemas["SeriesForecast"]): Outlook => ({
  buckets,
  series: { unit, as_of, model: model ?? null },
  count: 1,
});

const ofSum = (sum: Schemas["ForecastSum"] | null | undefined): Outlook | null | undefined =>
  sum && { buckets: sum.buckets, series: undefined, count: sum.series };
