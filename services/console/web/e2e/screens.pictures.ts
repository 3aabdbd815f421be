/**
 * The pictures of the README: each screen in light and dark, both languages, wide and narrow.
 *
 * Needs a font with Chinese characters, which Chromium takes from the system.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { api, cards, expect, inWeeks, moveDeal, openDeal, stageOf, test } from "./fixtures";

const FOLDER = fileURLToPath(new URL("../../../../docs/screens/", import.meta.url));
const LANGUAGES = { en: "en", zh: "zh-CN" };
const SIZES = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };
const THEMES = ["light", "dark"] as const;

test.describe.configure({ mode: "serial", timeout: 360_000 });
test.use({ reducedMotion: "reduce" });

test.beforeAll(() => {
  const fonts = execFileSync("fc-list", [":lang=zh"], { encoding: "utf8" });
  if (!fonts) throw new Error("no font has Chinese characters: install one (fonts-noto-cjk)");
});

test("beat", async ({ signedIn: page }) => {
  // Large enough for its move to reach an order each time.
  const name = "Donautal Stadtwerke: pumps and valves";
  const id = await openDeal(page, { name, stages: ["solution-design"], quantity: "900" });
  for (const shoot of variants(page, "beat")) {
    await shoot(async () => {
      if ((await stageOf(page, id)) !== "solution-design") await moveDeal(page, id, "solution-design");
      await page.goto("/");
      await page.locator("main section").first().getByRole("button").first().click();
      await page.getByRole("option", { name }).first().click();
      await page.locator("main section").first().locator("button", { hasText: /^(Move it|移动)/ }).click();
      await expect(page.locator("main ol > li[data-lit=true]")).toHaveCount(5);
    });
  }
});

test("pipeline", async ({ signedIn: page }) => {
  for (const shoot of variants(page, "pipeline")) {
    await shoot(async () => {
      await page.goto("/pipeline");
      await expect(page.getByRole("row").first()).toBeVisible();
    });
  }
});

test("deal", async ({ signedIn: page }) => {
  await page.goto("/pipeline");
  await expect(cards(page, "Negotiation").first()).toBeVisible();
  const { items } = await api<{ items: { id: string; lines: unknown[] }[] }>(
    page,
    "GET",
    "/v1/deals?status=open&stage=negotiation&limit=200",
  );
  const [richest] = items.sort((a, b) => b.lines.length - a.lines.length);
  for (const shoot of variants(page, "deal")) {
    await shoot(async () => {
      await page.goto(`/deals/${richest?.id}`);
      await expect(page.locator("main section").first()).toBeVisible();
      await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
    });
  }
});

test("forecast", async ({ signedIn: page }) => {
  // Something to explain: deals that move between two versions, and a signal ahead.
  for (const [place, stage] of ["negotiation", "lost", "negotiation"].entries()) {
    const name = ["Donautal Stadtwerke: pumps", "Alpwasser Verbund: valves", "Moselland Brauereien: pumps"][place] ?? "";
    const id = await openDeal(page, { name, stages: ["solution-design"], quantity: `${6 + 3 * place}` });
    if (place < 2) await api(page, "POST", "/v1/forecast-versions", {});
    await moveDeal(page, id, stage);
  }
  const signal = { source: "pictures", external_id: "1", kind: "promotion", product: "PMP-S50", strength: "0.3" };
  await api(page, "POST", "/v1/signals", {
    items: [{ ...signal, begins: inWeeks(8), ends: inWeeks(11), note: "Spring campaign" }],
  });
  await api(page, "POST", "/v1/forecasts/refits", {});
  const refit = async () =>
    (await api<{ items: { state: string }[] }>(page, "GET", "/v1/forecasts/refits")).items[0]?.state;
  await expect.poll(refit, { timeout: 240_000, intervals: [2_000] }).toBe("done");
  await api(page, "POST", "/v1/forecast-versions", {});
  const [newest] = (await api<{ items: { version: number }[] }>(page, "GET", "/v1/forecast-versions")).items;
  for (const shoot of variants(page, "forecast")) {
    await shoot(async () => {
      await page.goto(`/forecast?product=PMP-S50&region=DACH&against=${(newest?.version ?? 2) - 1}`);
      await expect(page.getByRole("figure").nth(1)).toBeVisible();
      await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
    });
  }
});

type Shoot = (open: () => Promise<void>) => Promise<void>;

/** Each language, size and theme of a screen; opened anew for each language and size. */
function* variants(page: Page, screen: string): Generator<Shoot> {
  for (const [language, code] of Object.entries(LANGUAGES)) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      yield async (open) => {
        await page.setViewportSize(viewport);
        await page.addInitScript((chosen) => localStorage.setItem("takt.language", chosen), code);
        await open();
        for (const colorScheme of THEMES) {
          await page.emulateMedia({ colorScheme });
          await page.screenshot({ path: `${FOLDER}${screen}-${language}-${colorScheme}-${size}.png` });
        }
      };
    }
  }
}
