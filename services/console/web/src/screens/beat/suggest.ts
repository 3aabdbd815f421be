/** Which deals to offer for a first move, and where they may go. */

import type { Pipeline, PipelineStage } from "../../api/queries";
import { worth } from "../pipeline/board";
import type { Card } from "../pipeline/cards";

const OFFERED = 30;
const NEAR_MS = 20 * 7 * 86_400_000;
const DAY_LETTERS = "2026-11-30".length;

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
  const open = pipeline.stages.filter((stage) => stage.kind === "open").length;
  // One that goes on forward; the last open stage only leads back or out.
  const ranks = new Map(
    pipeline.stages.map((stage, place) => [stage.code, place === open - 1 ? 0 : place]),
  );
  const order = (a: Card, b: Card): number =>
    (ranks.get(b.stage) ?? 0) - (ranks.get(a.stage) ?? 0) ||
    Number(worth(b).value - worth(a).value);
  const near = new Date(now + NEAR_MS).toISOString().slice(0, DAY_LETTERS);
  // There may be thousands, at each event: the best are kept in order, and most are compared with the last of them alone.
  const best: Card[] = [];
  for (const card of cards) {
    const { status, stalled, products, expected_close: close } = card;
    if (status !== "open" || stalled || products.length === 0 || !close || close > near) continue;
    const last = best[OFFERED - 1];
    if (last && order(card, last) >= 0) continue;
    let place = best.length;
    while (place > 0 && order(card, best[place - 1] as Card) < 0) place -= 1;
    best.splice(place, 0, card);
    best.length = Math.min(best.length, OFFERED);
  }
  return best;
}
