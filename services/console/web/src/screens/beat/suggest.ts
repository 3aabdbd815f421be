/** Which deals to offer for a first move, and where they may go. */

import type { Pipeline, PipelineStage } from "../../api/queries";
import { micros } from "../../lib/amount";
import type { Card } from "../pipeline/cards";

const OFFERED = 30;
const NEAR_MS = 20 * 7 * 86_400_000;

/** The open stages that a deal may be moved to from this one, those ahead first. */
export function destinations(pipeline: Pipeline, from: string): PipelineStage[] {
  const place = new Map(pipeline.stages.map((stage, index) => [stage.code, index]));
  const here = place.get(from) ?? 0;
  const stage = pipeline.stages[here];
  const ahead = (code: string) => Number((place.get(code) ?? 0) > here);
  return pipeline.stages
    .filter((one) => one.kind === "open" && stage?.moves_to.includes(one.code))
    .sort((a, b) => ahead(b.code) - ahead(a.code));
}

/** The deal to show: the one that was shown, for as long as it can be moved; else the first that is offered. */
export function shownDeal(
  shown: string | null,
  cards: readonly Card[],
  offered: readonly Card[],
  pipeline: Pipeline,
): Card | undefined {
  const able = (card: Card) =>
    card.status === "open" && destinations(pipeline, card.stage).length > 0;
  return cards.find((card) => card.id === shown && able(card)) ?? offered.find(able);
}

/**
 * Open deals whose move shows something: with lines, due within the forecast's sight, not stalled; the late
 * stages first, since their criteria are mostly met, then the most valuable.
 */
export function suggestions(cards: readonly Card[], pipeline: Pipeline, now: number): Card[] {
  const place = new Map(pipeline.stages.map((stage, index) => [stage.code, index]));
  const open = pipeline.stages.filter((stage) => stage.kind === "open").length;
  // One that goes on forward; the last open stage only leads back or out.
  const rank = (card: Card) =>
    place.get(card.stage) === open - 1 ? 0 : (place.get(card.stage) ?? 0);
  return cards
    .filter((card) => card.status === "open" && !card.stalled && card.products.length > 0)
    .filter((card) => card.expected_close && Date.parse(card.expected_close) - now < NEAR_MS)
    .sort((a, b) => rank(b) - rank(a) || Number(micros(b.value) - micros(a.value)))
    .slice(0, OFFERED);
}
