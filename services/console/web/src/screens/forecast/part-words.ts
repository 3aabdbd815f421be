/** The reasons of a difference in words. */

import { useQuery } from "@tanstack/react-query";
import { pipelinesQuery } from "../../api/queries";
import { useMay } from "../../app/session";
import { type Translate, useI18n } from "../../i18n/i18n";
import type { Part, Step } from "./bridge";

const KINDS = [
  "calendar",
  "series",
  "actuals",
  "model",
  "analogue",
  "reconciliation",
  "signal",
  "order",
  "known_share",
  "deal",
  "price",
] as const;

export function usePartWords(): { text: (step: Step) => string } {
  const { t } = useI18n();
  const pipelines = useQuery({ ...pipelinesQuery, enabled: useMay("deals:read") });
  const stages = pipelines.data?.flatMap((pipeline) => pipeline.stages) ?? [];
  const stage = (code: string | null) =>
    stages.find((one) => one.code === code)?.name ?? code ?? "";
  return { text: (step) => wordsOf(step, t, stage) };
}

export function wordsOf(
  { part, of, parts }: Step,
  t: Translate,
  stage: (code: string | null) => string,
): string {
  if (part === null) return t(of === "aged" ? "why.aged" : "why.rest", { count: parts });
  if (part.deal?.name) return ofDeal(part.deal, part.deal.name, t, stage);
  if (part.order) return t(`why.order.${part.order.change}`, { name: part.order.order_line });
  if (part.signal) {
    const { kind, external_id: name, change } = part.signal;
    return t(`why.signal.${change}`, { signal: t(`signal.${kind}`), name });
  }
  const known = KINDS.find((kind) => kind === part.kind);
  // A kind that came after this page was made.
  return known ? t(`why.kind.${known}`) : part.kind;
}

function ofDeal(
  { change, stage_after }: NonNullable<Part["deal"]>,
  name: string,
  t: Translate,
  stage: (code: string | null) => string,
): string {
  return t(`why.deal.${change}`, { name, stage: stage(stage_after) });
}
