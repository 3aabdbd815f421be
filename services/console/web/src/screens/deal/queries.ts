/** What the deal's screen asks, beyond the deal itself. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, expect, type Schemas } from "../../api/client";
import { dealQuery, demandQuery } from "../../api/queries";
import { type Deal, readLife, readPrices } from "../../deals/api";

export const pricesQuery = (id: string) =>
  queryOptions({ queryKey: ["prices", id], queryFn: () => readPrices(id) });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ["history", id],
    queryFn: () =>
      expect(api.GET("/v1/deals/{deal_id}/history", { params: { path: { deal_id: id } } })),
  });

export const approvalsQuery = (id: string) =>
  queryOptions({
    queryKey: ["approvals", id],
    queryFn: () =>
      expect(api.GET("/v1/deals/{deal_id}/approvals", { params: { path: { deal_id: id } } })),
  });

const LIFE_PAGE = 50;

export const lifeQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["life", id],
    queryFn: ({ pageParam }) => readLife(id, LIFE_PAGE, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** The cash of a deal; null when finance knows of none. */
export const cashOfQuery = (id: string) =>
  queryOptions({
    queryKey: ["cash-of", id],
    queryFn: async () => {
      const asked = await api.GET("/v1/cash/sources/{kind}/{source_id}", {
        params: { path: { kind: "deal", source_id: id } },
      });
      return asked.response.status === 404 ? null : expect(Promise.resolve(asked));
    },
  });

export const needsQuery = (demand: Schemas["DealDemandOut"] | undefined) =>
  queryOptions({
    queryKey: ["needs", demand?.deal_id, demand?.lines],
    queryFn: () =>
      expect(
        api.POST("/v1/plans/needs", {
          body: {
            lines: (demand?.lines ?? [])
              .filter((line) => line.expected.length > 0)
              .map(({ product, region, expected }) => ({ product, region, weeks: expected })),
          },
        }),
      ),
    enabled: demand?.lines.some((line) => line.expected.length > 0) ?? false,
  });

/** When what of an open deal's lines could be promised; what they have reserved counts as free. */
export const promisesQuery = (deal: Deal) =>
  queryOptions({
    queryKey: ["promises", deal.id, deal.region, deal.lines],
    queryFn: () =>
      expect(
        api.POST("/v1/available-to-promise/quotes", {
          body: {
            lines: deal.lines.map((line) => ({
              line_id: line.id,
              product: line.product,
              region: deal.region,
              quantity: line.quantity,
              wanted_on: line.requested_date,
            })),
          },
        }),
      ),
    enabled: deal.status === "open" && deal.lines.length > 0,
  });

/** All that a change of the deal may have changed. */
export const dealKeys = (id: string) => [
  dealQuery(id).queryKey,
  demandQuery(id).queryKey,
  pricesQuery(id).queryKey,
  historyQuery(id).queryKey,
  approvalsQuery(id).queryKey,
  cashOfQuery(id).queryKey,
  ["needs", id],
  ["promises", id],
  lifeQuery(id).queryKey,
];
