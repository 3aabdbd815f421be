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

/** No violation of what axe checks, in the page as it stands. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  expect(told).toEqual([]);
}
