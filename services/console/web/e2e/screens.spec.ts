/** Every screen in light and dark, in both languages, wide and narrow: nothing that axe objects to, nothing cut off. */

import type { Page } from "@playwright/test";
import { accessible, api, expect, moveDeal, openDeal, test } from "./fixtures";

const LANGUAGES = ["en", "zh-CN"] as const;
const WIDTHS = [1280, 390];

let deal = "";
let chain = "";

test.beforeEach(async ({ signedIn: page }) => {
  if (deal) return;
  deal = await openDeal(page, { name: "On every screen", stages: ["solution-design"] });
  await moveDeal(page, deal, "negotiation");
  const life = await api<{ items: { correlation_id: string }[] }>(page, "GET", `/v1/deals/${deal}/life`);
  chain = life.items[0]?.correlation_id ?? "";
  expect(chain).not.toBe("");
});

const SCREENS: Record<string, { path: () => string; drawn: (page: Page) => Promise<void> }> = {
  Beat: {
    path: () => "/",
    drawn: async (page) => {
      await expect(page.locator("figure svg[role=img]")).toHaveCount(2);
      await expect(page.locator("[data-lit=true]").first()).toBeVisible();
    },
  },
  Pipeline: {
    path: () => "/pipeline",
    drawn: async (page) => expect(page.getByRole("row").first()).toBeVisible(),
  },
  Deal: {
    path: () => `/deals/${deal}`,
    drawn: async (page) => {
      await expect(page.getByRole("heading", { name: "On every screen" })).toBeVisible();
      await expect(page.getByText("PMP-S50").first()).toBeVisible();
    },
  },
  Chain: {
    path: () => `/traces/${chain}`,
    drawn: async (page) => expect(page.locator("pre, code").first()).toBeVisible(),
  },
  "Unknown deal": {
    path: () => "/deals/00000000-0000-7000-8000-000000000000",
    drawn: async (page) => expect(page.locator("main p")).toBeVisible(),
  },
};

for (const [name, { path, drawn }] of Object.entries(SCREENS)) {
  for (const language of LANGUAGES) {
    test(`${name} in ${language}`, async ({ signedIn: page }) => {
      await page.addInitScript((chosen) => localStorage.setItem("takt.language", chosen), language);
      await page.goto(path());
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await drawn(page);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await drawn(page);
        expect(await overflow(page), `${width} px wide`).toBe(0);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          await accessible(page);
        }
      }
    });
  }
}

/** By how many pixels the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
