/** What a person does to a deal, as requests under the version that they saw. */

import { api, expect, type Schemas } from "../api/client";
import { now } from "../lib/clock";

export type Deal = Schemas["DealOut"];
export type LineIn = Schemas["LineIn"];
export type StageMoved = Schemas["StageMoved"];
export type Fact = Schemas["FactOut"];

/** A line as somebody approves it. */
export interface Offer {
  line_id: string;
  product: string;
  quantity: string;
  price: string;
}

export interface Closing {
  reason?: string;
  competitor?: string;
}

const ifMatch = (sequence: number) => ({ "if-match": `"${sequence}"` });

export const moveDeal = (id: string, sequence: number, stage: string, closing: Closing = {}) =>
  expect(
    api.POST("/v1/deals/{deal_id}/stage", {
      params: { path: { deal_id: id }, header: ifMatch(sequence) },
      body: { stage, ...closing },
    }),
  );

export const moveDeals = (
  moves: readonly { deal_id: string; sequence: number; stage: string }[],
  closing: Closing = {},
) =>
  expect(
    api.POST("/v1/deals/stage-moves", {
      body: { moves: moves.map((move) => ({ ...move, ...closing })) },
    }),
  );

export const patchDeal = (id: string, sequence: number, body: Schemas["DealPatch"]) =>
  expect(
    api.PATCH("/v1/deals/{deal_id}", {
      params: { path: { deal_id: id }, header: ifMatch(sequence) },
      body,
    }),
  );

export const attachDocument = (
  id: string,
  sequence: number,
  kind: string,
  name: string,
  address?: string,
) =>
  expect(
    api.PUT("/v1/deals/{deal_id}/documents/{kind}", {
      params: { path: { deal_id: id, kind }, header: ifMatch(sequence) },
      body: { name, ...(address ? { address } : {}) },
    }),
  );

const APPROVED_DAYS = 30;

/**
 * Approve offers by a role for thirty days: those given, as they are about to be written, or all as they stand.
 *
 * What comes back is the deal's version with the approval, which follows the one seen.
 */
export const approve = async (
  id: string,
  sequence: number,
  role: string,
  offers?: readonly Offer[],
): Promise<number> => {
  await expect(
    api.POST("/v1/deals/{deal_id}/approvals", {
      params: { path: { deal_id: id }, header: ifMatch(sequence) },
      headers: { "Idempotency-Key": crypto.randomUUID() },
      body: {
        role,
        expires_at: new Date(now() + APPROVED_DAYS * 86_400_000).toISOString(),
        ...(offers ? { offers: [...offers] } : {}),
      },
    }),
  );
  return sequence + 1;
};

export const readDeal = (id: string) =>
  expect(api.GET("/v1/deals/{deal_id}", { params: { path: { deal_id: id } } }));

export const readPrices = (id: string) =>
  expect(api.GET("/v1/deals/{deal_id}/prices", { params: { path: { deal_id: id } } }));

export const readLife = (id: string, limit: number, cursor?: string) =>
  expect(
    api.GET("/v1/deals/{deal_id}/life", {
      params: { path: { deal_id: id }, query: { limit, ...(cursor ? { cursor } : {}) } },
    }),
  );

const LATEST = 20;

/** The latest thing that somebody did to a deal; null where that is not known. */
export async function lastAct(id: string): Promise<Fact | null> {
  try {
    // What is kept by the day alone, such as a sale, stands before the acts of its day.
    return (await readLife(id, LATEST)).items.find((fact) => fact.at) ?? null;
  } catch {
    return null; // whose change it was is told if it can be; that there was one is told anyway
  }
}

/** A price rule, as far as an approval needs it. */
export interface PriceRule {
  code: string;
  role: string;
}

export async function readPriceRules(): Promise<PriceRule[]> {
  const rules: PriceRule[] = [];
  let cursor: string | undefined;
  do {
    const page = await expect(
      api.GET("/v1/price-rules", { params: { query: { limit: 1000, ...(cursor && { cursor }) } } }),
    );
    rules.push(...(page.items as unknown as PriceRule[]));
    cursor = page.next ?? undefined;
  } while (cursor);
  return rules;
}
