/** The cards that the board shows, as a file. */

import { type Column, daysInStage, probabilityOf } from "./board";
import { csv } from "./csv";

const HEAD = [
  "id",
  "name",
  "account",
  "stage",
  "owner",
  "team",
  "region",
  "value",
  "currency",
  "probability",
  "expected_close",
  "days_in_stage",
  "products",
];

/** Exactly these columns' cards, in their order. */
export const cardsCsv = (columns: readonly Column[], currency: string, now: number): string =>
  csv([
    HEAD,
    ...columns.flatMap((column) =>
      column.cards.map((card) => [
        card.id,
        card.name,
        card.account,
        card.stage,
        card.owner,
        card.team,
        card.region,
        card.value,
        currency,
        probabilityOf(card),
        card.expected_close,
        daysInStage(card, now),
        card.products.join(" "),
      ]),
    ),
  ]);
