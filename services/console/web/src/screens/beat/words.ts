/** The parts of a causal chain, and which event belongs to which. */

import type { MessageKey } from "../../i18n/i18n";

export const KINDS = ["deal", "forecast", "plan", "order", "cash", "review", "webhook"] as const;
export type Kind = (typeof KINDS)[number] | "other";

const BEGINNINGS: readonly (readonly [string, Kind])[] = [
  ["takt.deal.", "deal"],
  ["takt.sale.", "deal"],
  ["takt.pipeline_demand.", "forecast"],
  ["takt.forecast", "forecast"],
  ["takt.plan.", "plan"],
  ["takt.purchase_order.", "order"],
  ["takt.cash.", "cash"],
  ["takt.alert.", "review"],
  ["takt.review.", "review"],
  ["takt.webhook.", "webhook"],
];

/** The part that an event type belongs to; what people only declare, such as products, is `other`. */
export function kindOf(type: string): Kind {
  return BEGINNINGS.find(([start]) => type.startsWith(start))?.[1] ?? "other";
}

/** `takt.deal.stage_changed.v1` without what all types share. */
export function shortType(type: string): string {
  return type.replace(/^takt\./, "").replace(/\.v\d+$/, "");
}

export const kindMessage = (kind: Kind): MessageKey => `kind.${kind}`;

/** The colour variable of a part. */
export function colourOf(kind: Kind): string {
  return kind === "other"
    ? "var(--text-muted)"
    : kind === "webhook"
      ? "var(--review)"
      : `var(--${kind})`;
}
