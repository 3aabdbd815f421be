/** What a deal means for what lies ahead, and why it may mean nothing. */

import type { Schemas } from "../../api/client";
import type { Deal, Fact } from "../../deals/api";

/** `beyond`: all of it is due after the forecast's last week. */
export type Outlook = "waiting" | "failed" | "closed" | "no-lines" | "beyond" | "in-sight";

export function outlookOf(
  deal: Pick<Deal, "status" | "lines">,
  demand: Pick<Schemas["DealDemandOut"], "lines"> | undefined,
  error: Error | null,
): Outlook {
  if (!demand) return error ? "failed" : "waiting";
  if (demand.lines.some((line) => line.expected.length > 0)) return "in-sight";
  if (deal.status !== "open") return "closed";
  return deal.lines.length === 0 ? "no-lines" : "beyond";
}

/** The chain of the latest thing that happened to a deal, while its events are kept. */
export const lastChain = (facts: readonly Fact[]): string | undefined =>
  facts.find((fact) => fact.correlation_id)?.correlation_id ?? undefined;
