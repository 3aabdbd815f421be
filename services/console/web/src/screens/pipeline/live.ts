/** What events change of the cards that a board has read. */

import type { Schemas } from "../../api/client";
import { sum, times } from "../../lib/amount";
import type { TaktEvent } from "../../live/stream";
import type { Card } from "./cards";

export interface Changed {
  cards: readonly Card[];
  /** The ids of cards that changed or came. */
  changed: readonly string[];
  /** Whether a deal came that the board has not read. */
  unknown: boolean;
}

/** A deal as an event or the service tells it, as far as a card shows it. */
type Told = Pick<
  Schemas["DealOut"],
  "name" | "owner" | "region" | "stage" | "status" | "stage_entered_at"
> & {
  lines: readonly { product: string; quantity: string; price: string }[];
} & Partial<
    Pick<Schemas["DealOut"], "team" | "closed_at" | "expected_close" | "manual_probability">
  >;

/** The card of a deal as it is now told; an account that is another has a name that only the board knows. */
export const cardAfter = (card: Card, deal: Told, sequence: number): Card => ({
  ...card,
  name: deal.name,
  owner: deal.owner,
  team: deal.team ?? null,
  region: deal.region,
  stage: deal.stage,
  status: deal.status as Card["status"],
  stage_entered_at: deal.stage_entered_at,
  closed_at: deal.closed_at ?? null,
  expected_close: deal.expected_close ?? null,
  manual_probability: deal.manual_probability ?? null,
  value: sum(deal.lines.map(({ quantity, price }) => times(quantity, price))),
  products: [...new Set(deal.lines.map(({ product }) => product))].sort(),
  sequence,
});

/** The card after its own move, unless something newer has been heard of it. */
export const cardMoved = (card: Card, moved: Partial<Schemas["StageMoved"]>): Card =>
  card.sequence < (moved.sequence ?? 0)
    ? { ...card, ...moved, id: card.id, status: (moved.status ?? card.status) as Card["status"] }
    : card;

/** The cards after these events. One that is no newer than what its card shows changes nothing. */
export function changedCards(
  cards: readonly Card[],
  events: readonly TaktEvent[],
  pipeline: string,
): Changed {
  const place = new Map(cards.map((card, index) => [card.id, index]));
  const after = [...cards];
  const changed = new Set<string>();
  let heard = false;
  let unknown = false;
  for (const event of events) {
    const index = place.get(event.subject);
    const card = index === undefined ? undefined : after[index];
    if (event.type === "takt.pipeline_demand.changed.v1") {
      const sequence = event.sequence ?? 0;
      const newer = sequence > (card?.probability_sequence ?? -1);
      if (card && index !== undefined && newer && event.data.status === "open") {
        const { probability, stalled } = event.data as Pick<Card, "probability" | "stalled">;
        after[index] = { ...card, probability, stalled, probability_sequence: sequence };
        heard = true;
        if (probability !== card.probability || stalled !== card.stalled) changed.add(card.id);
      }
      continue;
    }
    const deal = event.data?.deal;
    if (!deal || deal.pipeline !== pipeline) continue;
    if (!card || index === undefined) {
      unknown ||= deal.status === "open";
      continue;
    }
    if ((event.sequence ?? 0) <= card.sequence) continue;
    after[index] = cardAfter(card, deal, event.sequence ?? card.sequence);
    heard = true;
    changed.add(card.id);
    // Another account has a name that only the board knows.
    unknown ||= (deal.account_id ?? null) !== card.account_id;
  }
  return { cards: heard ? after : cards, changed: [...changed], unknown };
}
