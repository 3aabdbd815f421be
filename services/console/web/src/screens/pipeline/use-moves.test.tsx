import { act, renderHook, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, expect, test } from "vitest";
import type { Pipeline, PipelineStage } from "../../api/queries";
import { useEvents } from "../../live/live";
import { later, pageWith, problem, Service } from "../../testing-page";
import { type Card, useCardChanges, useLiveCards, usePending, usePipelineCards } from "./cards";
import { useMoves } from "./use-moves";

const stage = (code: string, moves_to: string[], kind = "open") =>
  ({ code, name: code.toUpperCase(), kind, target_days: null, moves_to }) as PipelineStage;
const pipeline: Pipeline = {
  code: "p",
  name: "P",
  stages: [
    stage("a", ["b", "c", "lost"]),
    stage("b", ["a", "c"]),
    stage("c", ["a", "b"]),
    stage("lost", ["a"], "lost"),
  ],
};

const card = (id: string, at: string, sequence = 1): Card =>
  ({
    id,
    name: `Deal ${id}`,
    stage: at,
    status: "open",
    stage_entered_at: "2026-11-01T00:00:00Z",
    value: "10",
    products: ["PUMP"],
    account: "Acme",
    account_id: "x",
    sequence,
  }) as Card;

const moved = (id: string, to: string, sequence: number) => ({
  id,
  stage: to,
  status: "open",
  stage_entered_at: "2026-11-29T12:00:00Z",
  sequence,
});

const event = (id: string, to: string, sequence: number) => ({
  type: "takt.deal.stage_changed.v1",
  topic: "takt.deals.v1",
  subject: id,
  sequence,
  data: {
    deal: {
      pipeline: "p",
      name: `Deal ${id}`,
      owner: "ann",
      region: "EU",
      stage: to,
      status: "open",
      stage_entered_at: "2026-11-29T12:00:00Z",
      account_id: "x",
      lines: [{ product: "PUMP", quantity: "1", price: "10" }],
    },
  },
});

let service: Service;
beforeEach(() => {
  service = new Service();
});

async function board(...cards: Card[]) {
  service.on("GET /v1/pipelines/p/cards", { pipeline: "p", cards });
  const { Page } = pageWith();
  const { result } = renderHook(
    () => {
      const { cards: known } = usePipelineCards("p");
      const live = useLiveCards("p");
      const changes = useCardChanges("p");
      const pending = usePending();
      const moves = useMoves(pipeline, changes, pending);
      return { known, live, changes, pending, moves };
    },
    { wrapper: Page },
  );
  await waitFor(() => expect(result.current.known).toHaveLength(cards.length));
  const at = () => Object.fromEntries(result.current.known.map((one) => [one.id, one.stage]));
  return { result, at };
}

test("a card stands where it is going at once, marked, and the answer is applied whole", async () => {
  const { answer, come } = later();
  service.on("POST /v1/deals/1/stage", () => answer);
  const { result, at } = await board(card("1", "a"));
  act(() => result.current.moves.move(["1"], "b"));
  expect(at()).toEqual({ 1: "b" });
  expect(result.current.pending.has("1")).toBe(true);
  come(moved("1", "b", 2));
  await waitFor(() => expect(result.current.pending.ids.size).toBe(0));
  expect(result.current.known[0]).toMatchObject(moved("1", "b", 2));
});

test("Undo of many moves takes each back to where it came from", async () => {
  service.on("POST /v1/deals/stage-moves", {
    items: [
      { id: "1", sequence: 2 },
      { id: "2", sequence: 2 },
    ],
  });
  service.on("POST /v1/deals/1/stage", moved("1", "a", 3));
  service.on("POST /v1/deals/2/stage", moved("2", "b", 3));
  const { result, at } = await board(card("1", "a"), card("2", "b"));
  act(() => result.current.moves.move(["1", "2"], "c"));
  await waitFor(() => expect(result.current.known.map((one) => one.sequence)).toEqual([2, 2]));
  await waitFor(() => expect(screen.getByText("2 deals are in C")).toBeTruthy());
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(at()).toEqual({ 1: "a", 2: "b" }));
  expect(service.sent("POST /v1/deals/1/stage")).toMatchObject([
    { ifMatch: '"2"', body: { stage: "a" } },
  ]);
  expect(service.sent("POST /v1/deals/2/stage")).toMatchObject([
    { ifMatch: '"2"', body: { stage: "b" } },
  ]);
});

test("Undo does not take back what somebody else has done since, and says who did", async () => {
  service.on("POST /v1/deals/1/stage", moved("1", "b", 2));
  service.on("GET /v1/deals/1/life", {
    items: [
      { kind: "moved", on: "2026-11-29", at: "2026-11-29T12:01:00Z", by: "ben", to_stage: "c" },
    ],
    next: null,
  });
  const { result, at } = await board(card("1", "a"));
  act(() => result.current.moves.move(["1"], "b"));
  await waitFor(() => expect(result.current.known[0]?.sequence).toBe(2));
  service.tell(event("1", "c", 3));
  await waitFor(() => expect(at()).toEqual({ 1: "c" }));
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByText(/Moved by ben, .*: C/)).toBeTruthy();
  expect(service.sent("POST /v1/deals/1/stage")).toHaveLength(1);
  expect(at()).toEqual({ 1: "c" });
});

test("a refused move is put back, and says whose change it met", async () => {
  service.on("POST /v1/deals/1/stage", () => problem(412, "stale"));
  service.on("GET /v1/deals/1/life", {
    items: [
      {
        kind: "changed",
        on: "2026-11-29",
        at: "2026-11-29T12:01:00Z",
        by: "cleo",
        changes: [{ field: "price", before: "1", after: "2" }],
      },
    ],
    next: null,
  });
  const { result, at } = await board(card("1", "a"));
  act(() => result.current.moves.move(["1"], "b"));
  expect(await screen.findByText(/Changed by cleo, .*: Price/)).toBeTruthy();
  expect(at()).toEqual({ 1: "a" });
});

test("unmet criteria of many moves wait to be filled one after the other, and the last can be undone", async () => {
  const unmet = (value: string) => ({
    id: value,
    problem: {
      type: "urn:takt:problem:criteria-unmet",
      title: "unmet",
      status: 409,
      refusals: [{ reason: "field-missing", field: "account", value: "", remedy: "" }],
    },
  });
  service.on("POST /v1/deals/stage-moves", { items: [unmet("1"), unmet("2")] });
  service.on("POST /v1/deals/2/stage", moved("2", "a", 9));
  const { result, at } = await board(card("1", "a"), card("2", "a"));
  act(() => result.current.moves.move(["1", "2"], "b"));
  await waitFor(() => expect(result.current.moves.refused.map(({ id }) => id)).toEqual(["1", "2"]));
  expect(at()).toEqual({ 1: "a", 2: "a" });
  act(() => result.current.moves.settleRefused());
  act(() => result.current.moves.settleRefused(moved("2", "b", 5)));
  expect(result.current.moves.refused).toEqual([]);
  expect(at()).toEqual({ 1: "a", 2: "b" });
  const undo = await screen.findAllByRole("button", { name: "Undo" });
  await userEvent.click(undo.at(0) as HTMLElement);
  await waitFor(() => expect(at()).toEqual({ 1: "a", 2: "a" }));
  expect(service.sent("POST /v1/deals/2/stage")).toMatchObject([{ ifMatch: '"5"' }]);
});

test("a card that is being saved is not moved once more", async () => {
  const { answer, come } = later();
  service.on("POST /v1/deals/1/stage", () => answer);
  const { result, at } = await board(card("1", "a"));
  act(() => result.current.moves.move(["1"], "b"));
  act(() => result.current.moves.move(["1"], "c"));
  expect(await screen.findByText("Deal 1 is still being saved")).toBeTruthy();
  come(moved("1", "b", 2));
  await waitFor(() => expect(result.current.pending.ids.size).toBe(0));
  expect(at()).toEqual({ 1: "b" });
  expect(service.sent("POST /v1/deals/1/stage")).toHaveLength(1);
});

test("where no answer comes, the card is put back and the board read again", async () => {
  service.on("POST /v1/deals/1/stage", () => Promise.reject(new TypeError("network")));
  const { result, at } = await board(card("1", "a"));
  act(() => result.current.moves.move(["1"], "b"));
  await waitFor(() => expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(2));
  expect(at()).toEqual({ 1: "a" });
});

test("an answer that was read before a move does not put the card back", async () => {
  service.on("POST /v1/deals/1/stage", moved("1", "b", 2));
  const { result, at } = await board(card("1", "a"));
  const { answer, come } = later();
  service.on("GET /v1/pipelines/p/cards", () => answer);
  act(() => result.current.changes.readAgain());
  act(() => result.current.moves.move(["1"], "b"));
  await waitFor(() => expect(result.current.known[0]?.sequence).toBe(2));
  come({ pipeline: "p", cards: [card("1", "a"), card("3", "a")] });
  await waitFor(() => expect(result.current.known).toHaveLength(2));
  expect(at()).toEqual({ 1: "b", 3: "a" });
});

test("an event that comes while the cards are first read is not lost", async () => {
  const { answer, come } = later();
  service.on("GET /v1/pipelines/p/cards", () => answer);
  const { Page } = pageWith();
  const { result } = renderHook(
    () => {
      const [heard, hear] = useState(0);
      useLiveCards("p");
      useEvents(() => hear((before) => before + 1));
      return { heard, ...usePipelineCards("p") };
    },
    { wrapper: Page },
  );
  await waitFor(() => expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(1));
  service.tell(event("1", "c", 2));
  await waitFor(() => expect(result.current.heard).toBe(1));
  come({ pipeline: "p", cards: [card("1", "a")] });
  await waitFor(() => expect(result.current.cards[0]?.stage).toBe("c"));
});

test("a screen that is left while the cards are read leaves no old answer to the next", async () => {
  const old = later();
  service.on("GET /v1/pipelines/p/cards", () => old.answer);
  const { Page } = pageWith();
  const first = renderHook(() => usePipelineCards("p"), { wrapper: Page });
  await waitFor(() => expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(1));
  first.unmount();
  service.on("GET /v1/pipelines/p/cards", { pipeline: "p", cards: [card("1", "c", 2)] });
  const next = renderHook(() => usePipelineCards("p"), { wrapper: Page });
  old.come({ pipeline: "p", cards: [card("1", "a")] });
  await waitFor(() => expect(next.result.current.cards[0]?.stage).toBe("c"));
  expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(2);
});

test("deals that are opened one after the other do not have all cards read once for each", async () => {
  const { result } = await board(card("1", "a"));
  const reads = () => service.sent("GET /v1/pipelines/p/cards").length;
  service.on("GET /v1/pipelines/p/cards", {
    pipeline: "p",
    cards: [card("1", "a"), card("2", "a")],
  });
  service.tell(event("2", "a", 1));
  await waitFor(() => expect(result.current.known).toHaveLength(2));
  service.tell(event("3", "a", 1), event("1", "b", 2));
  await waitFor(() => expect(result.current.known[0]?.stage).toBe("b"));
  expect(reads()).toBe(2);
});
