/** Filling what a stage asks for, step by step, and making the move. */

import type { Problem, Refusal } from "../api/client";
import {
  approve,
  attachDocument,
  type Closing,
  moveDeal,
  patchDeal,
  readDeal,
  readPriceRules,
  type StageMoved,
} from "./api";
import { approvalsMissing, approvalsOf, isApprovable, isLimit } from "./approvals";
import { complete, type DraftLine, linesIn, offersOf } from "./draft";

/** A move that was refused, and the version that the person saw. */
export interface Refused {
  id: string;
  name: string;
  from: string;
  stage: string;
  stageName: string;
  sequence: number;
  closing: Closing;
  problem: Problem;
}

export interface Filled {
  account: string;
  close: string;
  lines: readonly DraftLine[];
  documents: Readonly<Record<string, { name: string; address: string }>>;
}

const isMissing = (refusals: readonly Refusal[], field: string): boolean =>
  refusals.some((one) => one.reason === "field-missing" && one.field === field);

export function isFillable(refusal: Refusal, mayApprove: boolean): boolean {
  const { reason, field } = refusal;
  if (reason === "document-missing") return true;
  if (isApprovable(refusal)) return mayApprove;
  return reason === "field-missing" && ["account", "expected_close", "lines"].includes(field);
}

export function isFilled({ reason, field, value }: Refusal, filled: Filled): boolean {
  if (reason === "document-missing") return Boolean(filled.documents[value]?.name.trim());
  if (reason !== "field-missing") return true;
  if (field === "account") return filled.account !== "";
  if (field === "expected_close") return filled.close !== "";
  return filled.lines.length > 0 && complete(filled.lines);
}

/**
 * What is still missing after another refusal. What was refused while the lines were written leaves them
 * unwritten, so that what was asked before is still asked.
 */
export function stillMissing(before: readonly Refusal[], problem: Problem): readonly Refusal[] {
  if (problem.slug !== "price-outside-range") return problem.refusals;
  return [...before.filter((one) => !isLimit(one)), ...problem.refusals];
}

/**
 * Fill what was missing and make the move, each step under the version that the step before made.
 *
 * `seen` follows the own steps, so that what somebody else does meanwhile is met and not overwritten.
 */
export async function fillAndMove(
  { id, stage, closing }: Refused,
  refusals: readonly Refusal[],
  filled: Filled,
  seen: { sequence: number },
): Promise<StageMoved> {
  const writesLines = isMissing(refusals, "lines");
  if (refusals.some(isLimit)) {
    const offers = offersOf(writesLines ? filled.lines : (await readDeal(id)).lines);
    for (const one of approvalsOf(refusals, await readPriceRules(), offers)) {
      seen.sequence = await approve(id, seen.sequence, one.role, one.offers ?? offers);
    }
  }
  const patch = {
    ...(isMissing(refusals, "account") ? { account_id: filled.account } : {}),
    ...(isMissing(refusals, "expected_close") ? { expected_close: filled.close } : {}),
    ...(writesLines ? { lines: linesIn(filled.lines) } : {}),
  };
  if (Object.keys(patch).length > 0) {
    seen.sequence = (await patchDeal(id, seen.sequence, patch)).sequence;
  }
  for (const { reason, value } of refusals) {
    const document = filled.documents[value];
    if (reason !== "document-missing" || !document) continue;
    const { name, address } = document;
    const attached = await attachDocument(id, seen.sequence, value, name.trim(), address.trim());
    seen.sequence = attached.sequence;
  }
  for (const { role } of approvalsMissing(refusals)) {
    seen.sequence = await approve(id, seen.sequence, role);
  }
  return moveDeal(id, seen.sequence, stage, closing);
}
