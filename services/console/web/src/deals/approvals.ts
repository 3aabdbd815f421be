/** Who has to agree to what, so that a refused price, term or move may pass. */

import type { Refusal } from "../api/client";
import type { Offer, PriceRule } from "./api";

export interface Approval {
  role: string;
  /** Null: all that is offered, as it stands when it is approved. */
  offers: readonly Offer[] | null;
}

const LIMITS = ["below-floor", "above-ceiling", "payment-too-late", "warranty-too-long"];

/** Whether somebody's approval of prices or terms lets it pass. */
export const isLimit = ({ reason }: Refusal): boolean => LIMITS.includes(reason);

/** Whether anybody's approval lets it pass. */
export const isApprovable = (refusal: Refusal): boolean =>
  refusal.reason === "approval-missing" || isLimit(refusal);

/**
 * The approvals that the broken limits ask for: of the refused lines alone, by the role of the rule named.
 *
 * A refusal names its line by its place, and its rule in its remedy; the rule may be one of the stage
 * to which the deal is going, which GET /v1/deals/{id}/prices does not show yet.
 */
export function approvalsOf(
  refusals: readonly Refusal[],
  rules: readonly PriceRule[],
  offers: readonly Offer[],
): Approval[] {
  const byRole = new Map<string, Set<Offer>>();
  for (const refusal of refusals.filter(isLimit)) {
    const rule = rules.find(({ code }) => refusal.remedy.includes(`(rule ${code})`));
    if (!rule) continue;
    const place = /^lines\[(\d+)\]/.exec(refusal.field)?.[1];
    const line = place === undefined ? undefined : offers[Number(place)];
    // Terms are agreed for all lines.
    const meant = place === undefined ? offers : line ? [line] : [];
    const known = byRole.get(rule.role) ?? new Set();
    byRole.set(rule.role, new Set([...known, ...meant]));
  }
  return [...byRole].map(([role, meant]) => ({ role, offers: [...meant] }));
}

/** The approvals that a stage asks for before a deal leaves it: of all as it stands. */
export const approvalsMissing = (refusals: readonly Refusal[]): Approval[] =>
  refusals.flatMap(({ reason, value }) =>
    reason === "approval-missing" ? [{ role: value, offers: null }] : [],
  );
