import { act, renderHook, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import type { Deal } from "../../deals/api";
import { draftOf } from "../../deals/draft";
import type { Begun } from "../../deals/editor";
import { later, pageWith, problem, Service } from "../../testing-page";
import { type Card, useCardChanges, usePending, usePipelineCards } from "./cards";
import { again, type Edit, useEdits } from "./use-edits";

const card = {
  id: "1",
  name: "Pumps",
  stage: "a",
  status: "open",
  value: "30",
  expected_close: "2026-12-01",
  products: ["PUMP"],
  account: "Acme",
  account_id: "x",
  sequence: 4,
} as Card;

const line = { id: "l", reference: null, product: "PUMP", quantity: "3", requested_date: null };
const deal = (change: Partial<Deal> = {}, price = "10"): Deal =>
  ({
    ...card,
    owner: "ann",
    region: "EU",
    stage_entered_at: "2026-11-01T00:00:00Z",
    lines: [{ ...line, price }],
    ...change,
  }) as unknown as Deal;
const dated = (value: string): Edit => ({ field: "expected_close", value, sequence: 4 });

let service: Service;
beforeEach(() => {
  service = new Service();
  service.on("GET /v1/pipelines/p/cards", { pipeline: "p", cards: [card] });
});

async function board(onRefused: (card: Card, begun: Begun) => void = () => {}) {
  const { Page } = pageWith();
  const { result } = renderHook(
    () => {
      const { cards } = usePipelineCards("p");
      const pending = usePending();
      const edits = useEdits([], useCardChanges("p"), pending, onRefused);
      return { known: cards[0], pending, ...edits };
    },
    { wrapper: Page },
  );
  await waitFor(() => expect(result.current.known).toBeDefined());
  return result;
}

test("a date is on the card at once, and saved under the version that was seen", async () => {
  const { answer, come } = later();
  service.on("PATCH /v1/deals/1", () => answer);
  const result = await board();
  act(() => result.current.save("1", dated("2026-12-24")));
  expect(result.current.known).toMatchObject({ expected_close: "2026-12-24", sequence: 4 });
  expect(result.current.pending.has("1")).toBe(true);
  come(deal({ expected_close: "2026-12-24", sequence: 5 }));
  await waitFor(() => expect(result.current.known?.sequence).toBe(5));
  expect(service.sent("PATCH /v1/deals/1")).toEqual([
    { route: "PATCH /v1/deals/1", ifMatch: '"4"', body: { expected_close: "2026-12-24" } },
  ]);
});

test("a price changes the card's value exactly, and is sent as its whole line", async () => {
  service.on("PATCH /v1/deals/1", deal({ sequence: 5 }, "0.1"));
  const result = await board();
  act(() => result.current.save("1", { field: "price", value: "0.1", sequence: 4, deal: deal() }));
  expect(result.current.known?.value).toBe("0.3");
  await waitFor(() => expect(result.current.known?.sequence).toBe(5));
  expect(service.sent("PATCH /v1/deals/1")[0]?.body).toEqual({
    lines: [{ id: "l", product: "PUMP", quantity: "3", price: "0.1", requested_date: null }],
  });
});

test("a change meanwhile is shown with whose it is, and mine can be saved over it", async () => {
  service.on("PATCH /v1/deals/1", () => problem(412, "stale"));
  service.on("GET /v1/deals/1", deal({ expected_close: "2027-01-05", sequence: 7 }));
  service.on("GET /v1/deals/1/life", {
    items: [
      {
        kind: "changed",
        on: "2026-11-29",
        at: "2026-11-29T12:01:00Z",
        by: "ben",
        changes: [{ field: "expected_close", before: "2026-12-01", after: "2027-01-05" }],
      },
    ],
    next: null,
  });
  const result = await board();
  act(() => result.current.save("1", dated("2026-12-24")));
  expect(
    await screen.findByText(
      /^Changed by ben, .*: Expected close\. It is now .*2027; yours, .*2026, is not/,
    ),
  ).toBeTruthy();
  expect(result.current.known).toMatchObject({ expected_close: "2027-01-05", sequence: 7 });
  service.on("PATCH /v1/deals/1", deal({ expected_close: "2026-12-24", sequence: 8 }));
  await userEvent.click(screen.getByRole("button", { name: "Save mine" }));
  await waitFor(() => expect(result.current.known?.sequence).toBe(8));
  expect(service.sent("PATCH /v1/deals/1").map(({ ifMatch }) => ifMatch)).toEqual(['"4"', '"7"']);
});

test("a price that is refused goes to where it can be approved, with what was written", async () => {
  const refusals = [{ reason: "below-floor", field: "lines[0].price", value: "1", remedy: "" }];
  service.on("PATCH /v1/deals/1", () => problem(409, "price-outside-range", { refusals }));
  const onRefused = vi.fn<(card: Card, begun: Begun) => void>();
  const result = await board(onRefused);
  act(() => result.current.save("1", { field: "price", value: "1", sequence: 4, deal: deal() }));
  await waitFor(() => expect(onRefused).toHaveBeenCalled());
  expect(result.current.known?.value).toBe("30");
  const [, begun] = onRefused.mock.calls[0] ?? [];
  expect(begun?.error.refusals).toEqual(refusals);
  expect(begun?.change(draftOf(deal())).lines[0]?.price).toBe("1");
});

test("mine can only be saved again where the deal still has that line alone", () => {
  const edit: Edit = { field: "price", value: "1", sequence: 4, deal: deal() };
  const theirs = deal({ sequence: 7 });
  expect(again(edit, theirs)).toEqual({ ...edit, sequence: 7, deal: theirs });
  expect(again(edit, deal({ lines: [] }))).toBeNull();
  expect(again(edit, deal({ lines: [...theirs.lines, ...theirs.lines] }))).toBeNull();
});

test("a change of something else is told too, and leaves what I saw as I saw it", async () => {
  service.on("PATCH /v1/deals/1", () => problem(412, "stale"));
  service.on("GET /v1/deals/1", deal({ sequence: 7 }, "11"));
  const result = await board();
  act(() => result.current.save("1", dated("2026-12-24")));
  expect(await screen.findByText(/leaves your field as you saw it; yours, .*2026/)).toBeTruthy();
  expect(result.current.known).toMatchObject({ value: "33", sequence: 7 });
});

test("what the dialog has saved is on the card, and another account's name is read", async () => {
  const result = await board();
  act(() => result.current.saved(deal({ sequence: 5 }, "20"), deal()));
  await waitFor(() => expect(result.current.known).toMatchObject({ value: "60", sequence: 5 }));
  expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(1);
  act(() => result.current.saved(deal({ sequence: 6, account_id: "y" }), deal({ sequence: 5 })));
  await waitFor(() => expect(service.sent("GET /v1/pipelines/p/cards")).toHaveLength(2));
});

const pressUndo = async () => userEvent.click(await screen.findByRole("button", { name: "Undo" }));

test("Undo of an edit shows the card as it was at once, and asks under the version that the edit made", async () => {
  service.on("PATCH /v1/deals/1", deal({ expected_close: "2026-12-24", sequence: 5 }));
  const result = await board();
  act(() => result.current.save("1", dated("2026-12-24")));
  await waitFor(() => expect(result.current.known?.sequence).toBe(5));
  expect(screen.getByText("Pumps is saved")).toBeTruthy();
  const { answer, come } = later();
  service.on("PATCH /v1/deals/1", () => answer);
  await pressUndo();
  expect(result.current.known).toMatchObject({ expected_close: "2026-12-01", sequence: 5 });
  expect(result.current.pending.has("1")).toBe(true);
  come(deal({ sequence: 6 }));
  await waitFor(() => expect(result.current.known?.sequence).toBe(6));
  expect(service.sent("PATCH /v1/deals/1").at(-1)).toMatchObject({
    ifMatch: '"5"',
    body: { expected_close: "2026-12-01" },
  });
});

test("Undo of a price gives its line back, whole", async () => {
  service.on("PATCH /v1/deals/1", deal({ sequence: 5 }, "0.1"));
  const result = await board();
  act(() => result.current.save("1", { field: "price", value: "0.1", sequence: 4, deal: deal() }));
  await waitFor(() => expect(result.current.known?.sequence).toBe(5));
  service.on("PATCH /v1/deals/1", deal({ sequence: 6 }));
  await pressUndo();
  await waitFor(() => expect(result.current.known).toMatchObject({ value: "30", sequence: 6 }));
  expect(service.sent("PATCH /v1/deals/1").at(-1)?.body).toEqual({
    lines: [{ id: "l", product: "PUMP", quantity: "3", price: "10", requested_date: null }],
  });
});

test("Undo of what the dialog saved is told, not made, where somebody has changed it since", async () => {
  const result = await board();
  act(() => result.current.saved(deal({ sequence: 5 }, "20"), deal()));
  service.on("PATCH /v1/deals/1", () => problem(412, "stale"));
  service.on("GET /v1/deals/1/life", {
    items: [{ kind: "moved", on: "2026-11-29", at: "2026-11-29T12:01:00Z", by: "ben" }],
    next: null,
  });
  await pressUndo();
  expect(await screen.findByText(/^Moved by ben, .*nothing was taken back/)).toBeTruthy();
  expect(result.current.known).toMatchObject({ value: "60", sequence: 5 });
  expect(service.sent("PATCH /v1/deals/1")).toHaveLength(1);
});

test("an edit that changed nothing has no Undo", async () => {
  const result = await board();
  act(() => result.current.saved(deal(), deal()));
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
});
