/** What the screen asks. */

import { queryOptions } from "@tanstack/react-query";
import { api, expect, type Schemas } from "../../api/client";
import { forecastQuery } from "../../api/queries";
import type { Language } from "../../i18n/i18n";
import type { By, Node } from "./node";

export type VersionHead = Schemas["VersionHead"];

/** What never changes, and no event moves: a forecast as of the past. */
const FROZEN = { staleTime: Number.POSITIVE_INFINITY, meta: { reference: true } };

const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: NonNullable<T[Name]>;
  };

/** The exact sum of all series of a node: at present, or as a version holds it. */
export const sumQuery = (node: Node, version?: VersionHead) =>
  queryOptions({
    queryKey: [
      "forecast-sums",
      "all",
      node.family,
      node.product,
      node.region,
      version?.version ?? "now",
    ],
    queryFn: async () =>
      (version && (await frozenSum(node, version.version))) ?? (await summed(node, version?.as_of)),
    ...(version ? FROZEN : {}),
  });

/** With its intervals, which a version from before they were measured has not. */
async function frozenSum({ family, product, region }: Node, version: number) {
  const of = product ? { level: "product", product } : family ? { level: "family", family } : {};
  const within = region ? { by_region: true, region } : {};
  const sums = await expect(
    api.GET("/v1/forecast-versions/{version}/sums", {
      params: {
        path: { version },
        query: { ...(of as { level?: "family" | "product" }), ...within },
      },
    }),
  );
  return sums[0];
}

async function summed({ family, product, region }: Node, as_of: string | undefined) {
  const query = given({ family, product, region, as_of });
  return (await expect(api.GET("/v1/forecasts/sums", { params: { query } })))[0] ?? null;
}

/** The forecast of one series, with its model and intervals. */
export const seriesQuery = (product: string, region: string, as_of?: string) => ({
  ...forecastQuery(product, region, as_of),
  ...(as_of ? FROZEN : {}),
});

/** Sums just below a node; by region those of every region within it. */
export const partsQuery = ({ family, product, region }: Node, by: By) =>
  queryOptions({
    queryKey: ["forecast-sums", by, family, product, region],
    queryFn: () =>
      expect(
        api.GET("/v1/forecasts/sums", {
          params: {
            query: {
              ...given({ family, product, region }),
              ...(by === "region" ? { by_region: true } : { level: by }),
            },
          },
        }),
      ),
  });

const PAGE = 1_000;
/** So much is read of a list here; twenty pages of demand are about a hundred series over four years. */
const PAGES = 20;

interface Page<T> {
  items: T[];
  next?: string | null | undefined;
}

/** A list, and whether there is more than is read here. */
async function read<T>(
  page: (query: { cursor?: string; limit: number }) => Promise<Page<T>>,
): Promise<{ rows: T[]; cut: boolean }> {
  const rows: T[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < PAGES; count += 1) {
    const { items, next } = await page({ limit: PAGE, ...(cursor && { cursor }) });
    rows.push(...items);
    if (!next) return { rows, cut: false };
    cursor = next;
  }
  return { rows, cut: true };
}

/** Demand by series and week since a day; none of it where there is more than is summed here. */
export const demandRowsQuery = (filter: { product?: string; region?: string }, since: string) =>
  queryOptions({
    queryKey: ["demand-history", filter.product, filter.region, since],
    queryFn: async () => {
      const { rows, cut } = await read((query) =>
        expect(
          api.GET("/v1/demand-history", { params: { query: { ...filter, since, ...query } } }),
        ),
      );
      return { rows: cut ? [] : rows, cut };
    },
  });

const VERSIONS = 200;

/** The newest first. */
export const versionsQuery = queryOptions({
  queryKey: ["forecast-versions"],
  queryFn: async () =>
    (await expect(api.GET("/v1/forecast-versions", { params: { query: { limit: VERSIONS } } })))
      .items,
});

export const explanationQuery = (newer: number, older: number, node: Node, language: Language) =>
  queryOptions({
    queryKey: ["explanation", newer, older, node.family, node.product, node.region, language],
    queryFn: async () => {
      const { family, product, region } = node;
      const { sums } = await expect(
        api.GET("/v1/forecast-versions/{version}/explanation", {
          params: {
            path: { version: newer },
            query: { against: older, ...given({ family, product, region }) },
          },
          headers: { "Accept-Language": language },
        }),
      );
      return sums[0] ?? null;
    },
    ...FROZEN,
  });

export const modelsQuery = queryOptions({
  queryKey: ["forecast-models"],
  queryFn: () => expect(api.GET("/v1/forecast-models", { params: { query: { limit: 20 } } })),
});

export const backtestQuery = queryOptions({
  queryKey: ["backtest"],
  queryFn: () => expect(api.GET("/v1/forecasts/backtest")),
});

export const trialsQuery = (product: string, region: string) =>
  queryOptions({
    queryKey: ["trials", product, region],
    queryFn: () =>
      expect(
        api.GET("/v1/forecast-models/trials/{product}/{region}", {
          params: { path: { product, region } },
        }),
      ),
  });

export const runsQuery = queryOptions({
  queryKey: ["refits"],
  queryFn: async () =>
    (await expect(api.GET("/v1/forecasts/refits", { params: { query: { limit: 10 } } }))).items,
});

/** By first day. */
export const signalsQuery = queryOptions({
  queryKey: ["signals"],
  queryFn: async () =>
    (await read((query) => expect(api.GET("/v1/signals", { params: { query } })))).rows,
});

export const signalQuery = (id: string) =>
  queryOptions({
    queryKey: ["signals", id],
    queryFn: () =>
      expect(api.GET("/v1/signals/{signal_id}", { params: { path: { signal_id: id } } })),
  });

const once = () => ({ "Idempotency-Key": crypto.randomUUID() });

export const publishVersion = async (): Promise<VersionHead> =>
  // Its answer is kept under its idempotency key, of which OpenAPI says no shape.
  (await expect(api.POST("/v1/forecast-versions", { headers: once(), body: {} }))) as VersionHead;

export const refit = () =>
  expect(api.POST("/v1/forecasts/refits", { body: { combination: true } }));

export const undoDecision = (decision: number) =>
  expect(
    api.POST("/v1/forecast-models/decisions/{decision}/undo", {
      params: { path: { decision } },
      headers: once(),
    }),
  );

export const recordSignal = (signal: Schemas["SignalIn"]) =>
  expect(api.POST("/v1/signals", { headers: once(), body: { items: [signal] } }));

export const withdrawSignal = (id: string) =>
  expect(api.POST("/v1/signals/{signal_id}/withdrawal", { params: { path: { signal_id: id } } }));
