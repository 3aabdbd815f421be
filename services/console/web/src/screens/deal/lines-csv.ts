/** A deal's lines as a file: exactly what the screen shows of them. */

import type { Schemas } from "../../api/client";
import { times } from "../../lib/amount";
import { csv } from "../pipeline/csv";

const HEAD = [
  "product",
  "name",
  "requested_date",
  "quantity",
  "unit",
  "list_price",
  "price",
  "discount",
  "floor",
  "inside",
  "approved",
  "margin",
  "margin_share",
  "value",
  "currency",
];

/** Prices are of a unit; margin and value are of the whole line. */
export const linesCsv = (
  { lines, currency }: Pick<Schemas["PricesOut"], "lines" | "currency">,
  requested: ReadonlyMap<string, string | null>,
): string =>
  csv([
    HEAD,
    ...lines.map((line) => [
      line.product,
      line.name,
      requested.get(line.line_id),
      line.quantity,
      line.unit,
      line.list_price,
      line.price,
      line.discount,
      line.floor?.price,
      String(line.inside),
      String(line.approved),
      line.margin && times(line.margin, line.quantity),
      line.margin_share,
      times(line.price, line.quantity),
      currency,
    ]),
  ]);
