/** What every test of the page may ask for. */

import { execFileSync } from "node:child_process";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { TAKT } from "./takt";

export { expect } from "@playwright/test";

export const url = (): string => process.env.TAKT_URL ?? "";
export const key = (): string => process.env.TAKT_KEY ?? "";

export const test = base.extend<{ signedIn: Page; faults: string[] }>({
  baseURL: async ({}, use) => use(url()),
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

/** The API under the tests' own key, beside the page. */
export async function api<T>(page: Page, method: string, path: string, data?: unknown): Promise<T> {
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

export function makeKey(name: string, scopes: readonly string[]): { key: string; prefix: string } {
  const key = takt("keys", "create", name, ...scopes.flatMap((scope) => ["--scope", scope]));
  return { key, prefix: key.split("_")[1] ?? "" };
}

export const revokeKey = (prefix: string): string => takt("keys", "revoke", prefix);

interface Wish {
  name: string;
  /** The stages it goes through, one after the other. */
  stages?: readonly string[];
  product?: string;
  quantity?: string;
  account?: boolean;
  /** Documents that are attached already. */
  documents?: readonly string[];
}

interface Priced {
  code: string;
  list_price: string;
}

/** Opens a deal beside the page, at list price, due in ten weeks; its id. */
export async function openDeal(page: Page, wish: Wish): Promise<string> {
  const { name, stages = [], product = "PMP-S50", quantity = "90", account = true } = wish;
  const products = await api<{ items: Priced[] }>(page, "GET", "/v1/products?limit=1000");
  const price = products.items.find(({ code }) => code === product)?.list_price;
  const [owner] = (await api<{ items: { code: string }[] }>(page, "GET", "/v1/owners")).items;
  const [customer] = (await api<{ items: { id: string }[] }>(page, "GET", "/v1/accounts")).items;
  const { id } = await api<{ id: string }>(page, "POST", "/v1/deals", {
    name,
    owner: owner?.code,
    expected_close: inWeeks(6),
    ...(account && { account_id: customer?.id }),
    lines: Number(quantity) ? [{ product, quantity, price, requested_date: inWeeks(10) }] : [],
    documents: (wish.documents ?? ["requirements"]).map((kind) => ({ kind, name: `${kind}.pdf` })),
  });
  for (const stage of stages) await moveDeal(page, id, stage);
  return id;
}

export const moveDeal = (page: Page, id: string, stage: string) =>
  api(page, "POST", `/v1/deals/${id}/stage`, { stage });

function inWeeks(weeks: number): string {
  return new Date(Date.now() + weeks * 7 * 86_400_000).toISOString().slice(0, 10);
}

/** The cards of a stage on the board, as the page shows them. */
export const cards = (page: Page, stage: string) =>
  page.getByRole("grid", { name: `${stage}: deals` }).getByRole("row");

/** No violation of what axe checks, in the page as it stands. */
export async function accessible(page: Page): Promise<void> {
  // The page has no frames, which only the slower way of asking is for.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  expect(told).toEqual([]);
}
