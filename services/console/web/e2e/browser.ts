/**
 * The browser that the tests drive: the one that TAKT_TEST_BROWSER names, else on Linux x64 a Chromium
 * from npm, which needs no system package, elsewhere Playwright's own (`npx playwright install chromium`).
 */

import { existsSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import type { LaunchOptions } from "@playwright/test";

export async function browser(): Promise<LaunchOptions> {
  const given = process.env.TAKT_TEST_BROWSER;
  if (given && !existsSync(given)) throw new Error(`TAKT_TEST_BROWSER: there is no ${given}`);
  const ours = process.platform === "linux" && process.arch === "x64";
  const executablePath = given ?? (ours ? await chromium.executablePath() : undefined);
  // A container's root has no user namespaces to make a sandbox of; the pages are our own.
  return { args: ["--no-sandbox"], ...(executablePath && { executablePath }) };
}
