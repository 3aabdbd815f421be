/** What every test of the page may ask for. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import {
  test as base,
  type APIRequestContext,
  expect,
  type Locator,
  type Page,
  type Request,
  type Route,
} from "@playwright/test";
import { begin, end, TAKT } from "./takt";

export { expect } from "@playwright/test";

export const url = (): string => process.env.TAKT_URL ?? "";
export const key = (): string => process.env.TAKT_KEY ?? "";

/** The deals that a test has opened: they are lost after it, so that each test finds the company as it was. */
const opened: string[] = [];
/** Those among them that outweigh the company: they are lost without their lines. */
const dear: string[] = [];

interface Given {
  signedIn: Page;
  faults: string[];
  tidy: void;
}

export const test = base.extend<Given, { takt: void }>({
  /** Each worker has a Takt of its own, which its tests may end and start again. */
  takt: [
    async ({}, use) => {
      await begin();
      await use();
      await end();
    },
    { scope: "worker", auto: true, timeout: 180_000 },
  ],
  baseURL: async ({}, use) => use(url()),
  tidy: [
    async ({ request }, use) => {
      opened.length = dear.length = 0;
      await use();
      for (const id of dear.splice(0)) await changeDeal({ request }, id, { lines: [] });
      const moves = opened.splice(0).map((id) => ({ deal_id: id, stage: "lost", reason: "The test is over" }));
      if (moves.length > 0) await api({ request }, "POST", "/v1/deals/stage-moves", { moves });
    },
    { auto: true },
  ],
  /** What the page itself complained of; empty unless a test expects otherwise. */
  faults: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (/Content Security Policy|Warning:|Maximum update/.test(message.text())) {
          faults.push(message.text());
        }
      });
      await use(faults);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
  /** A page whose browser has a session. */
  signedIn: async ({ page }, use) => {
    await signIn(page);
    await use(page);
  },
});

export async function signIn(page: Page, proof: string = key()): Promise<void> {
  const answer = await page.request.post("/v1/session", {
    data: { key: proof },
    headers: { origin: url() },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** Who can ask beside a page: the page itself, or a context of requests. */
export type Asking = { request: APIRequestContext };

/** The API under the tests' own key, beside the page. */
export async function api<T>(page: Asking, method: string, path: string, data?: unknown): Promise<T> {
  const answer = await page.request.fetch(path, {
    method,
    data,
    headers: { authorization: `Bearer ${key()}`, "if-match": "*", "idempotency-key": crypto.randomUUID() },
  });
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return (answer.status() === 204 ? undefined : await answer.json()) as T;
}

/** What the takt command says on stdout, about the Takt of the tests. */
function takt(...args: string[]): string {
  return execFileSync(TAKT, args, { encoding: "utf8" }).trim();
}

export const oneTimeLink = (): string => takt("open", "--print");

const keyOf = (name: string, scopes: readonly string[]) => [
  ...["keys", "create", name],
  ...scopes.flatMap((scope) => ["--scope", scope]),
];

export function makeKey(name: string, scopes: readonly string[]): { key: string; prefix: string } {
  const key = takt(...keyOf(name, scopes));
  return { key, prefix: key.split("_")[1] ?? "" };
}

/** All that the console's three screens ask for. */
export const SCOPES = [
  "deals:read",
  "deals:write",
  "deals:approve",
  "forecast:read",
  "supply:read",
  "cash:read",
  "events:read",
] as const;
export type Scope = (typeof SCOPES)[number];

// The command's own code, begun once for many keys: its start takes longer than its work.
const MANY = `
import json, sys
from takt.standalone.cli import app
for words in json.load(sys.stdin):
    app(words, standalone_mode=False)
`;

/** For each scope a key that has all of the others, but those that include it: who writes may read. */
export function keysWithoutEach(): Record<Scope, string> {
  const wishes = SCOPES.map((lacking) =>
    keyOf(
      `no ${lacking}`,
      SCOPES.filter((scope) => scope !== lacking && `${scope.split(":")[0]}:read` !== lacking),
    ),
  );
  const python = TAKT.replace(/takt$/, "python");
  const said = execFileSync(python, ["-c", MANY], { encoding: "utf8", input: JSON.stringify(wishes) });
  const made = said.trim().split("\n");
  return Object.fromEntries(SCOPES.map((scope, place) => [scope, made[place]])) as Record<Scope, string>;
}

export const revokeKey = (prefix: string): string => takt("keys", "revoke", prefix);

interface Wish {
  name: string;
  /** The stages it goes through, one after the other. */
  stages?: readonly string[];
  product?: string;
  quantity?: string;
  /** The list price, where none is given. */
  price?: string;
  account?: boolean;
  owner?: string;
  /** Documents that are attached already. */
  documents?: readonly string[];
  /** In how many weeks it is expected to close; it is due four weeks later. */
  weeks?: number;
}

interface Priced {
  code: string;
  list_price: string;
}

let made = 0;
const run = Date.now().toString(36);

/** A name that no other test has, nor this test's next run; no count in it stands before another word. */
export const unique = (name: string): string => {
  made += 1;
  return `${name} ${run}${made}n`;
};

/** Opens a deal beside the page; its id. It is lost when the test is over. */
export async function openDeal(page: Asking, wish: Wish): Promise<string> {
  const { name, stages = [], product = "PMP-S50", quantity = "90", account = true, weeks = 6 } = wish;
  const products = await api<{ items: Priced[] }>(page, "GET", "/v1/products?limit=1000");
  const price = wish.price ?? products.items.find(({ code }) => code === product)?.list_price;
  const [owner] = (await api<{ items: { code: string }[] }>(page, "GET", "/v1/owners")).items;
  const [customer] = (await api<{ items: { id: string }[] }>(page, "GET", "/v1/accounts")).items;
  const { id } = await api<{ id: string }>(page, "POST", "/v1/deals", {
    name,
    owner: wish.owner ?? owner?.code,
    expected_close: inWeeks(weeks),
    ...(account && { account_id: customer?.id }),
    lines: Number(quantity) ? [{ product, quantity, price, requested_date: inWeeks(weeks + 4) }] : [],
    documents: (wish.documents ?? ["requirements"]).map((kind) => ({ kind, name: `${kind}.pdf` })),
  });
  opened.push(id);
  if (wish.price) dear.push(id);
  for (const stage of stages) await moveDeal(page, id, stage);
  return id;
}

export const moveDeal = (page: Asking, id: string, stage: string) =>
  api<{ sequence: number }>(page, "POST", `/v1/deals/${id}/stage`, { stage });

export interface Deal {
  id: string;
  name: string;
  stage: string;
  status: string;
  region: string;
  account_id: string | null;
  expected_close: string;
  sequence: number;
  value: string;
  model_probability: string | null;
  manual_probability: string | null;
  documents: string[];
  lines: { id: string; product: string; quantity: string; price: string; requested_date: string }[];
}

export const readDeal = (page: Asking, id: string) => api<Deal>(page, "GET", `/v1/deals/${id}`);

export const changeDeal = (page: Asking, id: string, change: object) =>
  api<Deal>(page, "PATCH", `/v1/deals/${id}`, change);

export const stageOf = async (page: Asking, id: string) => (await readDeal(page, id)).stage;

/** Give the one line of a deal another price. */
export async function reprice(page: Asking, id: string, price: string): Promise<void> {
  const { lines } = await readDeal(page, id);
  await changeDeal(page, id, { lines: lines.map((line) => ({ ...line, price })) });
}

export function inWeeks(weeks: number): string {
  return new Date(Date.now() + weeks * 7 * 86_400_000).toISOString().slice(0, 10);
}

/** The cards of a stage on the board, as the page shows them, also under a dialog. */
export const cards = (page: Page, stage: string) =>
  page
    .getByRole("grid", { name: `${stage}: deals`, includeHidden: true })
    .getByRole("row", { includeHidden: true })
    // One without a card says that there is none.
    .filter({ has: page.locator("strong") });

export const OPEN_STAGES = [
  "Lead qualification",
  "Needs confirmation",
  "Solution design",
  "Negotiation",
] as const;

/** The names of the cards of each open stage, in their order. */
export async function board(page: Page): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const stage of OPEN_STAGES) {
    found[stage] = await cards(page, stage).locator("strong").allInnerTexts();
  }
  return found;
}

/** Choose from the menu of a card. */
export async function onCard(page: Page, name: string, item: string | RegExp): Promise<void> {
  const card = page.getByRole("row").filter({ hasText: name });
  await card.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

/** Choose a card; its box comes up under the pointer. */
export async function choose(card: Locator): Promise<void> {
  await card.hover();
  await card.locator("label", { has: card.page().getByRole("checkbox") }).click();
}

/** Begin to drag a card, and have it over the middle of something. */
export async function dragOver(page: Page, card: Locator, goal: Locator): Promise<void> {
  await card.hover();
  await page.mouse.down();
  await goal.hover();
  // What lies under the pointer is told of a drag by its second move.
  await goal.hover();
}

export const toast = (page: Page, words: string | RegExp) =>
  page.getByRole("region", { name: "Messages" }).getByRole("alertdialog").filter({ hasText: words });

/** Wait until the page says this of its connection. */
export const connection = (page: Page, state: "live" | "offline" | "catching-up" | "refused") =>
  expect(page.locator("header [role=status][data-state]")).toHaveAttribute("data-state", state);

/** Tell the page that the network is back, as a browser does, so that it does not wait to try again. */
export const backOnline = (page: Page) => page.evaluate(() => void dispatchEvent(new Event("online")));

export interface Gate {
  /** The first request that waits. */
  asked: Promise<Request>;
  /** Let all of them go on, those to come too. */
  open: (how?: (route: Route) => Promise<void>) => void;
}

/** A promise, and what fulfils it. */
function later<T>(): [Promise<T>, (value: T) => void] {
  let fulfil: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    fulfil = resolve;
  });
  return [promise, fulfil];
}

/** Have requests wait before they leave the browser, until the gate is opened. */
export async function gate(page: Page, path: RegExp, method = "GET"): Promise<Gate> {
  const [asked, arrive] = later<Request>();
  const [opened, open] = later<(route: Route) => Promise<void>>();
  await page.route(path, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    arrive(route.request());
    await (await opened)(route);
  });
  return { asked, open: (how = (route) => route.fallback()) => open(how) };
}

/** An answer that refuses, in a problem's words. */
export const PROBLEM = {
  status: 500,
  contentType: "application/problem+json",
  headers: { "correlation-id": "00000000-0000-7000-8000-00000000beef" },
  body: JSON.stringify({
    type: "urn:takt:problem:broken",
    title: "The shelf is empty",
    status: 500,
    detail: "Nothing lies where the answer should lie.",
    remedy: "Fill the shelf, and ask again.",
  }),
};

export interface Door {
  say: (text: string) => void;
  close: () => void;
}

/** A door for the page's events that says what a test tells it to, and stays open as the real one does. */
export async function eventsDoor(page: Page, greeting: string): Promise<Door> {
  const open = new Set<ServerResponse>();
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    answer.write(greeting);
    open.add(answer);
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
  await page.route(/\/v1\/events/, (route) => route.continue({ url: `http://127.0.0.1:${port}/` }));
  return {
    say: (text) => {
      for (const answer of open) answer.write(text);
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const stateOfStream = (state: "live" | "catching-up") =>
  `id: 0\nevent: state\ndata: {"state":"${state}"}\n\n`;

export type Language = "en" | "zh-CN";
const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

/** The page's own words in a language. */
export function wordsIn(language: Language): (key: string, values?: Record<string, string>) => string {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(`messages.${language}.json`))
    .map((file) => JSON.parse(readFileSync(`${SOURCE}/${file}`, "utf8")));
  const messages: Record<string, string> = Object.assign({}, ...files);
  return (key, values = {}) => {
    const message = messages[key];
    if (message === undefined) throw new Error(`no message ${key} in ${language}`);
    return message.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
}

/** Have the page speak a language from its start. */
export const speak = (page: Page, language: Language) =>
  page.addInitScript((chosen) => localStorage.setItem("takt.language", chosen), language);
