/** A deal as somebody edits it, and what of it differs from how it stands. */

import type { Schemas } from "../api/client";
import { micros, sum, times } from "../lib/amount";
import type { Deal } from "./api";

export interface DraftLine {
  /** Null for a line that is new. */
  id: string | null;
  key: string;
  reference: string | null;
  product: string;
  quantity: string;
  price: string;
  requested_date: string;
}

export interface Draft {
  expected_close: string;
  account_id: string;
  lines: readonly DraftLine[];
}

export function draftOf(deal: Deal): Draft {
  return {
    expected_close: deal.expected_close ?? "",
    account_id: deal.account_id ?? "",
    lines: deal.lines.map((line) => ({
      id: line.id,
      key: line.id,
      reference: line.reference,
      product: line.product,
      quantity: line.quantity,
      price: line.price,
      requested_date: line.requested_date ?? "",
    })),
  };
}

export const newLine = (key: string): DraftLine => ({
  id: null,
  key,
  reference: null,
  product: "",
  quantity: "",
  price: "",
  requested_date: "",
});

const AMOUNT = /^\d{1,12}(\.\d{1,6})?$/;

export const isAmount = (text: string): boolean => AMOUNT.test(text) && micros(text) > 0n;

/** Whether every field can be sent. */
export const complete = (draft: Draft): boolean =>
  draft.lines.every((line) => line.product && isAmount(line.quantity) && isAmount(line.price));

/** The exact value of the lines, or null while one cannot be read. */
export function totalOf(lines: readonly DraftLine[]): string | null {
  if (!lines.every((line) => isAmount(line.quantity) && isAmount(line.price))) return null;
  return sum(lines.map((line) => times(line.quantity, line.price)));
}

/** What to send: the fields that differ from how the deal was when the editing began. */
export function patchOf(before: Draft, after: Draft): Schemas["DealPatch"] {
  const patch: Schemas["DealPatch"] = {};
  if (before.expected_close !== after.expected_close) {
    patch.expected_close = after.expected_close || null;
  }
  if (before.account_id !== after.account_id) patch.account_id = after.account_id || null;
  if (JSON.stringify(before.lines) !== JSON.stringify(after.lines)) {
    patch.lines = after.lines.map(
      ({ id, reference, product, quantity, price, requested_date }) => ({
        ...(id ? { id } : {}),
        ...(reference ? { reference } : {}),
        product,
        quantity,
        price,
        requested_date: requested_date || null,
      }),
    );
  }
  return patch;
}

export interface Difference {
  field: "expected_close" | "account_id" | "line" | "quantity" | "price" | "requested_date";
  product?: string;
  theirs: string;
  mine: string;
}

/** Where two drafts of one deal differ, for a person who has to choose. */
export function differences(theirs: Draft, mine: Draft): Difference[] {
  const found: Difference[] = [];
  for (const field of ["expected_close", "account_id"] as const) {
    if (theirs[field] !== mine[field]) {
      found.push({ field, theirs: theirs[field], mine: mine[field] });
    }
  }
  const ours = new Map(mine.lines.map((line) => [line.key, line]));
  for (const line of theirs.lines) {
    const own = ours.get(line.key);
    ours.delete(line.key);
    if (!own) {
      found.push({ field: "line", product: line.product, theirs: line.product, mine: "" });
      continue;
    }
    for (const field of ["quantity", "price", "requested_date"] as const) {
      if (line[field] !== own[field]) {
        found.push({ field, product: line.product, theirs: line[field], mine: own[field] });
      }
    }
  }
  for (const line of ours.values()) {
    found.push({ field: "line", product: line.product, theirs: "", mine: line.product });
  }
  return found;
}
