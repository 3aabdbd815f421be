/** A deal as somebody edits it, and what becomes of it when somebody else has changed it meanwhile. */

import type { Schemas } from "../api/client";
import { micros, sum, times } from "../lib/amount";
import type { Deal, LineIn, Offer } from "./api";

export interface DraftLine {
  /** A new line has its id from here, so that its price can be approved before it is written. */
  id: string;
  isNew: boolean;
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
      isNew: false,
      reference: line.reference,
      product: line.product,
      quantity: line.quantity,
      price: line.price,
      requested_date: line.requested_date ?? "",
    })),
  };
}

export const newLine = (): DraftLine => ({
  id: crypto.randomUUID(),
  isNew: true,
  reference: null,
  product: "",
  quantity: "",
  price: "",
  requested_date: "",
});

const AMOUNT = /^\d{1,12}(\.\d{1,6})?$/;

export const isAmount = (text: string): boolean => AMOUNT.test(text) && micros(text) > 0n;

/** Whether every line can be sent. */
export const complete = (lines: readonly DraftLine[]): boolean =>
  lines.every((line) => line.product && isAmount(line.quantity) && isAmount(line.price));

/** The exact value of the lines, or null while one cannot be read. */
export function totalOf(lines: readonly DraftLine[]): string | null {
  if (!lines.every((line) => isAmount(line.quantity) && isAmount(line.price))) return null;
  return sum(lines.map((line) => times(line.quantity, line.price)));
}

/** The lines as they are written. */
export const linesIn = (lines: readonly DraftLine[]): LineIn[] =>
  lines.map(({ id, reference, product, quantity, price, requested_date }) => ({
    id,
    ...(reference ? { reference } : {}),
    product,
    quantity,
    price,
    requested_date: requested_date || null,
  }));

/** The lines as somebody may approve them. */
export const offersOf = (
  lines: readonly { id: string; product: string; quantity: string; price: string }[],
): Offer[] =>
  lines.map(({ id, product, quantity, price }) => ({ line_id: id, product, quantity, price }));

/** What to send: the fields that differ from how the deal was when the editing began. */
export function patchOf(before: Draft, after: Draft): Schemas["DealPatch"] {
  const patch: Schemas["DealPatch"] = {};
  if (before.expected_close !== after.expected_close) {
    patch.expected_close = after.expected_close || null;
  }
  if (before.account_id !== after.account_id) patch.account_id = after.account_id || null;
  if (JSON.stringify(before.lines) !== JSON.stringify(after.lines)) {
    patch.lines = linesIn(after.lines);
  }
  return patch;
}

const FIELDS = ["expected_close", "account_id"] as const;
const LINE_FIELDS = ["quantity", "price", "requested_date"] as const;

/** A field that two people have set, each to something else; for `line` the values are its product. */
export interface Clash {
  field: (typeof FIELDS)[number] | (typeof LINE_FIELDS)[number] | "line";
  product?: string;
  theirs: string;
  mine: string;
}

export interface Merged {
  draft: Draft;
  clashes: Clash[];
}

const same = (a: string, b: string): boolean =>
  a === b || (isAmount(a) && isAmount(b) && micros(a) === micros(b));

const sameLine = (a: DraftLine, b: DraftLine): boolean =>
  LINE_FIELDS.every((field) => same(a[field], b[field]));

/**
 * What two people have made of one draft, put together: what only one has changed is as that one wants it.
 *
 * Where both have, it is as the preferred one wants it, and named as a clash.
 */
export function merge(
  base: Draft,
  theirs: Draft,
  mine: Draft,
  preferred: "mine" | "theirs" = "mine",
): Merged {
  const clashes: Clash[] = [];
  const choose = (
    before: string,
    they: string,
    me: string,
    about: Pick<Clash, "field" | "product">,
  ): string => {
    if (same(me, before) || same(me, they)) return they;
    if (same(they, before)) return me;
    clashes.push({ ...about, theirs: they, mine: me });
    return preferred === "mine" ? me : they;
  };
  const fields = Object.fromEntries(
    FIELDS.map((field) => [field, choose(base[field], theirs[field], mine[field], { field })]),
  ) as Pick<Draft, (typeof FIELDS)[number]>;

  const before = new Map(base.lines.map((line) => [line.id, line]));
  const own = new Map(mine.lines.map((line) => [line.id, line]));
  const lines: DraftLine[] = [];
  for (const they of theirs.lines) {
    const me = own.get(they.id);
    const was = before.get(they.id);
    own.delete(they.id);
    if (me) {
      const { product } = they;
      const values = LINE_FIELDS.map((field) => [
        field,
        choose((was ?? they)[field], they[field], me[field], { field, product }),
      ]);
      lines.push({ ...they, ...Object.fromEntries(values) });
    } else if (!was) {
      lines.push(they);
    } else if (!sameLine(was, they)) {
      // I took a line away that they have changed.
      clashes.push({ field: "line", product: they.product, theirs: they.product, mine: "" });
      if (preferred === "theirs") lines.push(they);
    }
  }
  for (const me of own.values()) {
    const was = before.get(me.id);
    if (!was) {
      lines.push(me);
    } else if (!sameLine(was, me)) {
      // They took a line away that I have changed.
      clashes.push({ field: "line", product: me.product, theirs: "", mine: me.product });
      if (preferred === "mine") lines.push(me);
    }
  }
  return { draft: { ...fields, lines }, clashes };
}
