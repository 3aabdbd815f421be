/** What a person does to a deal, as requests under the version that they saw. */

import { api, expect, type Schemas } from "../api/client";
import { now } from "../lib/clock";

export type Deal = Schemas["DealOut"];
export type LineIn = Schemas["LineIn"];

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

/** Approve offers by a role for thirty days: those given, as they are about to be written, or all as they stand. */
export const approve = (
  id: string,
  sequence: number,
  role: string,
  offers?: readonly { line_id: string; product: string; quantity: string; price: string }[],
) =>
  expect(
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

export const readDeal = (id: string) =>
  expect(api.GET("/v1/deals/{deal_id}", { params: { path: { deal_id: id } } }));

export const readPrices = (id: string) =>
  expect(api.GET("/v1/deals/{deal_id}/prices", { params: { path: { deal_id: id } } }));
