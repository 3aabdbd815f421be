/** The charts: the same in a table, by keys, and after what has changed. */

import type { Page } from "@playwright/test";
import { api, expect, moveDeal, openDeal, readDeal, test, unique } from "./fixtures";

interface Forecast {
  buckets: { week: string; quantity: string; low80: string; high80: string }[];
}
interface Cash {
  weeks: { week: string; balance_expected: string; balance_committed: string }[];
}

const figure = (page: Page, name: RegExp) => page.getByRole("figure", { name });
const FORECAST = /^Forecast of/;
const CASH = /^Projected balance/;

const amount = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const money = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** Have a forecast on Beat that is that of a deal of ours. */
async function touched(page: Page): Promise<{ id: string; product: string; region: string }> {
  const id = await openDeal(page, { name: unique("Charted"), quantity: "300" });
  const { region } = await readDeal(page, id);
  await page.goto("/");
  await moveDeal(page, id, "solution-design");
  await expect(figure(page, new RegExp(`${FORECAST.source} PMP-S50 in ${region}`))).toBeVisible();
  return { id, product: "PMP-S50", region };
}

test("each chart has a table twin that says what the services say", async ({ signedIn: page }) => {
  const { product, region } = await touched(page);
  const forecast = figure(page, FORECAST);
  await forecast.getByRole("radio", { name: "Table" }).click();
  await expect(async () => {
    const { buckets } = await api<Forecast>(page, "GET", `/v1/forecasts/${product}/${region}`);
    const rows = await forecast.getByRole("row").allInnerTexts();
    expect(rows).toHaveLength(buckets.length + 1);
    for (const [place, bucket] of buckets.entries()) {
      expect(rows[place + 1]).toContain(day.format(new Date(bucket.week)));
      expect(rows[place + 1]).toContain(amount.format(Number(bucket.quantity)));
    }
  }).toPass();
  const cash = figure(page, CASH);
  await cash.getByRole("radio", { name: "Table" }).click();
  await expect(async () => {
    const { weeks } = await api<Cash>(page, "GET", "/v1/cash");
    const rows = await cash.getByRole("row").allInnerTexts();
    expect(rows).toHaveLength(weeks.length + 1);
    for (const [place, week] of weeks.entries()) {
      expect(rows[place + 1]).toContain(day.format(new Date(week.week)));
      expect(rows[place + 1]).toContain(money.format(week.balance_expected as Intl.StringNumericLiteral));
      expect(rows[place + 1]).toContain(money.format(week.balance_committed as Intl.StringNumericLiteral));
    }
  }).toPass();
  await cash.getByRole("radio", { name: "Chart" }).click();
  await expect(cash.getByRole("img")).toBeVisible();
});

test("arrow keys go from week to week and say each, Escape leaves", async ({ signedIn: page }) => {
  await page.goto("/");
  const cash = figure(page, CASH);
  const chart = cash.getByRole("img");
  await expect(chart).toBeVisible();
  const { weeks } = await api<Cash>(page, "GET", "/v1/cash");
  const says = async (place: number) => {
    const week = day.format(new Date(weeks.at(place)?.week ?? ""));
    await expect(chart).toHaveAccessibleDescription(new RegExp(`^${week}: .*Expected .*€`));
    await expect(cash.locator("strong", { hasText: week })).toBeVisible();
  };
  await chart.focus();
  await expect(chart).toHaveAccessibleDescription(/Arrow keys/);
  await page.keyboard.press("ArrowRight");
  await says(0);
  await page.keyboard.press("ArrowRight");
  await says(1);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await says(0);
  await page.keyboard.press("End");
  await says(-1);
  await page.keyboard.press("ArrowRight");
  await says(-1);
  await page.keyboard.press("Home");
  await says(0);
  await page.keyboard.press("Escape");
  await expect(chart).toHaveAccessibleDescription(/Arrow keys/);
  await expect(cash.locator("strong")).toHaveCount(0);
  await expect(chart).toBeFocused();
  // The pointer says the same, and leaves with it.
  await chart.hover();
  await expect(cash.locator("strong")).toBeVisible();
  await page.mouse.move(0, 0);
  await expect(cash.locator("strong")).toHaveCount(0);
});

test("a move draws the forecast and the cash anew, beside what they were before", async ({ signedIn: page }) => {
  const { id } = await touched(page);
  // The last path that is drawn is the line as it now is.
  const line = (name: RegExp) => figure(page, name).locator("svg path").last().getAttribute("d");
  const legend = (name: RegExp) => figure(page, name).getByRole("list").first();
  await expect(figure(page, CASH)).toBeVisible();
  // What moved the deal before has settled when all its parts are there.
  await expect(legend(FORECAST)).toContainText("Before");
  await expect(legend(CASH)).toContainText("Expected before");
  const forecast = await line(FORECAST);
  const cash = await line(CASH);
  expect(forecast).toMatch(/^M[\d.,L-]+$/);
  await moveDeal(page, id, "lost");
  await expect.poll(() => line(FORECAST)).not.toBe(forecast);
  await expect.poll(() => line(CASH)).not.toBe(cash);
  // The line of before is drawn too, and is another one.
  const before = figure(page, FORECAST).locator("svg path");
  const drawn = await before.evaluateAll((paths) => paths.map((path) => path.getAttribute("d")));
  expect(drawn.length).toBeGreaterThanOrEqual(4);
  expect(new Set(drawn).size).toBe(drawn.length);
});
