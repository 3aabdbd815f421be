/** What the screens ask the services, by the name under which the answer is remembered. */

import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { setClock } from "../lib/clock";
import { api, expect, NoAnswer, Problem, problemOf, type Schemas } from "./client";

export type Session = Schemas["SessionState"];

async function session(method: "GET" | "POST" | "DELETE", body?: object): Promise<Session | null> {
  const answer = await fetch("/v1/session", {
    method,
    credentials: "same-origin",
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  }).catch((error: unknown) => {
    throw new NoAnswer(error);
  });
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) {
    setClock(said.now);
    return said as Session;
  }
  throw problemOf(answer, said);
}

/** Who is signed in, or null. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    try {
      return await session("GET");
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  meta: { reference: true },
});

/** Whether the session ended while the page was open, which the sign-in then says. */
export const endedKey = ["session", "ended"] as const;

export const signIn = (proof: { key: string } | { ticket: string }) => session("POST", proof);

/** End the session in the door; one that is over already is none. */
export async function signOut(): Promise<void> {
  try {
    await session("DELETE");
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
}

/** The session has ended: ask who is there again, which leads to the sign-in. */
export function sessionEnded(queries: QueryClient): void {
  // Many answers may say so at once.
  if (queries.isFetching({ queryKey: sessionQuery.queryKey, exact: true }) > 0) return;
  queries.setQueryData(endedKey, true);
  void queries.resetQueries({ queryKey: sessionQuery.queryKey, exact: true });
}

/** Who is there now, and nothing of what was read before. */
export function enter(queries: QueryClient, now: Session | null): void {
  queries.setQueryData(endedKey, false);
  queries.setQueryData(sessionQuery.queryKey, now);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
}

/** What changes seldom, and not by the events that are followed. */
const REFERENCE = { staleTime: 300_000, meta: { reference: true } };

export interface PipelineStage {
  code: string;
  name: string;
  kind: "open" | "won" | "lost";
  target_days: string | null;
  moves_to: string[];
}

export interface Pipeline {
  code: string;
  name: string;
  stages: PipelineStage[];
}

export const pipelinesQuery = queryOptions({
  ...REFERENCE,
  queryKey: ["pipelines"],
  queryFn: async () => (await expect(api.GET("/v1/pipelines"))) as unknown as Pipeline[],
});

export const standingQuery = (pipeline: string) =>
  queryOptions({
    queryKey: ["standing", pipeline],
    queryFn: () =>
      expect(api.GET("/v1/pipelines/{code}/standing", { params: { path: { code: pipeline } } })),
  });

export const dealQuery = (id: string) =>
  queryOptions({
    queryKey: ["deal", id],
    queryFn: () => expect(api.GET("/v1/deals/{deal_id}", { params: { path: { deal_id: id } } })),
  });

export const forecastQuery = (product: string, region: string, asOf?: string) =>
  queryOptions({
    queryKey: ["forecast", product, region, asOf ?? "now"],
    queryFn: () =>
      expect(
        api.GET("/v1/forecasts/{product}/{region}", {
          params: { path: { product, region }, query: asOf ? { as_of: asOf } : {} },
        }),
      ),
  });

/** Any forecast, to have one to show before something moves; null where there is none. */
export const firstForecastQuery = queryOptions({
  queryKey: ["forecast", "any"],
  queryFn: async () =>
    (await expect(api.GET("/v1/forecasts", { params: { query: { limit: 1 } } }))).items[0] ?? null,
});

/** The open proposals that are due first. */
export const ordersQuery = queryOptions({
  queryKey: ["orders", "proposed"],
  queryFn: () =>
    expect(
      api.GET("/v1/purchase-orders", { params: { query: { status: ["proposed"], limit: 500 } } }),
    ),
});

export const demandQuery = (deal: string) =>
  queryOptions({
    queryKey: ["demand", deal],
    queryFn: () =>
      expect(api.GET("/v1/pipeline-demand/{deal_id}", { params: { path: { deal_id: deal } } })),
  });

export const cashQuery = queryOptions({
  queryKey: ["cash"],
  queryFn: () => expect(api.GET("/v1/cash")),
});

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => expect(api.GET("/v1/status")),
});

export const traceQuery = (id: string) =>
  queryOptions({
    queryKey: ["trace", id],
    queryFn: () =>
      expect(api.GET("/v1/traces/{correlation_id}", { params: { path: { correlation_id: id } } })),
  });

interface Page<T> {
  items: T[];
  next: string | null;
}

const PAGE = 1000;

/** All pages of a list, which must be a short one: reference data, not facts. */
async function all<T>(page: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page(cursor);
    found.push(...items);
    cursor = next ?? undefined;
  } while (cursor);
  return found;
}

const listed = <T>(
  name: string,
  page: (query: { cursor?: string; limit: number }) => Promise<unknown>,
) =>
  queryOptions({
    queryKey: [name],
    queryFn: () =>
      all((cursor) => page({ limit: PAGE, ...(cursor && { cursor }) }) as Promise<Page<T>>),
    ...REFERENCE,
  });

export const ownersQuery = listed<Schemas["OwnerRow"]>("owners", (query) =>
  expect(api.GET("/v1/owners", { params: { query } })),
);
export const teamsQuery = listed<Schemas["TeamRow"]>("teams", (query) =>
  expect(api.GET("/v1/teams", { params: { query } })),
);
export const regionsQuery = listed<Schemas["RegionRow"]>("regions", (query) =>
  expect(api.GET("/v1/regions", { params: { query } })),
);
export const productsQuery = listed<Schemas["ProductRow"]>("products", (query) =>
  expect(api.GET("/v1/products", { params: { query } })),
);
export const accountsQuery = listed<{ id: string; name: string }>("accounts", (query) =>
  expect(api.GET("/v1/accounts", { params: { query } })),
);
