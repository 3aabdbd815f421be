import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../api/queries";
import { SessionContext } from "../../app/session";
import { LanguageProvider } from "../../i18n/i18n";
import { LiveProvider } from "../../live/live";
import { Toasts } from "../../ui/toasts";
import { Beat } from "./beat";
import { readBeat } from "./search";
import { BeatProvider } from "./use-beat";

const ALL = [
  "deals:read",
  "deals:write",
  "forecast:read",
  "supply:read",
  "cash:read",
  "events:read",
];

let answers: Record<string, () => Response>;
/** One more piece of the stream of events. */
let says: (text: string) => void;

const json =
  (body: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(body), { status });

beforeEach(() => {
  answers = {};
  vi.stubGlobal("fetch", async (input: Request | string) => {
    const path = new URL(typeof input === "string" ? input : input.url, location.origin).pathname;
    if (path === "/v1/events") {
      const body = new ReadableStream<Uint8Array>({
        start(open) {
          says = (text) => open.enqueue(new TextEncoder().encode(text));
          says('id: 0\nevent: state\ndata: {"state":"live"}\n\n');
        },
      });
      return new Response(body);
    }
    const method = typeof input === "string" ? "GET" : input.method;
    return answers[`${method} ${path}`]?.() ?? new Promise(() => {});
  });
  vi.stubGlobal("CSS", { escape: (text: string) => text });
  vi.stubGlobal("scrollTo", () => {});
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function open(scopes: readonly string[], address = "/") {
  const root = createRootRoute();
  const beat = createRoute({
    getParentRoute: () => root,
    path: "/",
    validateSearch: readBeat,
    component: Beat,
  });
  const others = ["/pipeline", "/traces/$id", "/deals/$id"].map((path) =>
    createRoute({ getParentRoute: () => root, path, component: () => null }),
  );
  const router = createRouter({
    routeTree: root.addChildren([beat, ...others]),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <LanguageProvider zone="UTC" currency="EUR">
      <QueryClientProvider client={queries}>
        <SessionContext value={{ scopes } as unknown as Session}>
          <LiveProvider>
            <BeatProvider>
              <RouterProvider router={router as never} />
            </BeatProvider>
          </LiveProvider>
        </SessionContext>
      </QueryClientProvider>
      <Toasts />
    </LanguageProvider>,
  );
  await screen.findByText("Chains as they happen");
  return router;
}

let number = 0;

function event(type: string, correlation: string, data: object, topic = "takt.deals.v1"): string {
  number += 1;
  const fact = {
    id: `e${number}`,
    type,
    topic,
    subject: "s",
    time: new Date(Date.UTC(2026, 10, 24, 9) + number).toISOString(),
    service: "x",
    sequence: number,
    correlations: [correlation],
    more: 0,
    causes: [],
    data,
  };
  return `id: ${number}\ndata: ${JSON.stringify(fact)}\n\n`;
}

const card = (title: string) => {
  const found = screen.getByRole("heading", { name: title }).closest("section");
  if (!found) throw new Error(`no card ${title}`);
  return within(found);
};

test("each part that the key does not open says which scope is missing, and none vanishes", async () => {
  await open([]);
  const lacks = (title: string, scope: string) =>
    expect(card(title).getByText(`This key lacks the scope ${scope}.`)).toBeTruthy();
  lacks("Move a deal", "deals:write");
  lacks("Pipeline now", "deals:read");
  lacks("Forecast touched last", "forecast:read");
  lacks("Orders that changed last", "supply:read");
  lacks("Cash", "cash:read");
  lacks("Chains as they happen", "events:read");
  expect(screen.getByRole("region", { name: "Parts of Takt" }).textContent).toContain(
    "events:read",
  );
});

test("while the pipeline is on its way it says so, and when it fails, why", async () => {
  let answer: (response: Response) => void = () => {};
  answers["GET /v1/pipelines"] = () =>
    new Promise<Response>((resolve) => {
      answer = resolve;
    }) as unknown as Response;
  await open(ALL);
  expect(card("Move a deal").getByText("Loading")).toBeTruthy();
  expect(card("Pipeline now").getByText("Loading")).toBeTruthy();
  await act(async () => answer(json({ title: "Deals is away." }, 503)()));
  expect(await card("Move a deal").findByText("Deals is away.")).toBeTruthy();
  expect(card("Pipeline now").getByText("Deals is away.")).toBeTruthy();
});

test("orders beyond the first four are counted, and quantities have the unit of their product", async () => {
  answers["GET /v1/products"] = json({ items: [{ code: "SEAL", unit: "kg" }], next: null });
  await open(ALL);
  const order = (id: string, item: string) => ({
    order: {
      order_id: id,
      item,
      quantity: "1200",
      amount: "10",
      status: "proposed",
      due_on: "2026-12-01",
      supplier: "A",
      site: "B",
    },
  });
  const proposed = (id: string, item: string) =>
    event("takt.purchase_order.proposed.v1", "c", order(id, item), "takt.purchasing.v1");
  await act(async () => {
    for (const id of ["a", "b", "c", "d", "e"]) says(proposed(id, "BOLT"));
    says(proposed("f", "SEAL"));
  });
  const orders = card("Orders that changed last");
  expect(await orders.findByText("and 2 more")).toBeTruthy();
  expect(await orders.findByText(/1,200 kg/)).toBeTruthy();
  expect(orders.getAllByText(/1,200 units/)).toHaveLength(3);
});

test("which chains are shown is in the address, and is taken from it", async () => {
  const router = await open(ALL, "/?kind=review");
  await act(async () => {
    says(event("takt.sale.closed.v1", "sold", {}));
    says(event("takt.review.opened.v1", "odd", {}, "takt.alerts.v1"));
  });
  const chains = card("Chains as they happen");
  expect(await chains.findAllByRole("listitem")).toHaveLength(1);
  expect(chains.getByText("review.opened")).toBeTruthy();
  await userEvent.click(chains.getByRole("button", { name: /Show chains with/ }));
  await userEvent.click(await screen.findByRole("option", { name: "All chains" }));
  expect(router.state.location.search).toEqual({});
  expect(await chains.findAllByRole("listitem")).toHaveLength(2);
});

const STAGES = [
  { code: "one", name: "Qualify", kind: "open", target_days: null, moves_to: ["two"] },
  { code: "two", name: "Propose", kind: "open", target_days: null, moves_to: ["one"] },
];
const deal = (id: string, value: string) => ({
  id,
  name: `Deal ${id}`,
  stage: "one",
  status: "open",
  stalled: false,
  products: ["P"],
  value,
  expected_close: "2026-12-01",
  sequence: 1,
  account: null,
});

test("the deal to move stays the one that was shown, whatever happens to others", async () => {
  answers["GET /v1/pipelines"] = json([{ code: "default", name: "Sales", stages: STAGES }]);
  answers["GET /v1/pipelines/default/cards"] = json({ cards: [deal("a", "10"), deal("b", "5")] });
  await open(ALL);
  const move = card("Move a deal");
  const button = await move.findByRole("button", { name: /Deal a/ });
  await act(async () =>
    says(
      event("takt.deal.changed.v1", "c", {
        deal: {
          ...deal("b", "5"),
          pipeline: "default",
          lines: [{ product: "P", quantity: "1", price: "900" }],
        },
      }).replace('"subject":"s"', '"subject":"b"'),
    ),
  );
  await screen.findByText(/deal\.changed/);
  expect(button.textContent).toContain("Deal a");
});

test("the pipeline's totals stay when they cannot be read anew", async () => {
  answers["GET /v1/pipelines"] = json([{ code: "default", name: "Sales", stages: STAGES }]);
  answers["GET /v1/pipelines/default/standing"] = json([{ stage: "one", deals: 7, value: "10" }]);
  await open(ALL);
  await screen.findByText("7 deals");
  const failed = vi.fn(json({ title: "Deals is away." }, 503));
  answers["GET /v1/pipelines/default/standing"] = failed;
  await act(async () => says(event("takt.deal.changed.v1", "c", {})));
  await waitFor(() => expect(failed).toHaveBeenCalled());
  await act(async () => {});
  expect(card("Pipeline now").getByText("7 deals")).toBeTruthy();
  expect(card("Pipeline now").queryByRole("alert")).toBeNull();
});

/** Moves the one deal there is, leaves the screen and comes back to it. */
async function moveAndReturn(answer: () => Response) {
  answers["GET /v1/pipelines"] = json([{ code: "default", name: "Sales", stages: STAGES }]);
  answers["GET /v1/pipelines/default/cards"] = json({ cards: [deal("a", "10")] });
  answers["POST /v1/deals/a/stage"] = answer;
  const router = await open(ALL);
  await userEvent.click(await screen.findByRole("button", { name: "Move it" }));
  await screen.findByRole("alert");
  await act(() => router.navigate({ to: "/pipeline" }));
  await act(() => router.navigate({ to: "/" }));
  await screen.findByText("Chains as they happen");
  return screen.queryByRole("list", { name: "What the move did" });
}

test("a move that was refused is no longer waited for", async () => {
  expect(await moveAndReturn(json({ title: "It cannot go there." }, 409))).toBeNull();
});

test("one without an answer is: it may have been done", async () => {
  const lost = () => {
    throw new TypeError("network");
  };
  expect(await moveAndReturn(lost)).toBeTruthy();
});
