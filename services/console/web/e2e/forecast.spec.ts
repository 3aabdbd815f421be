/** A planner's round through the forecast: from a deal to its series, why it moved, which model says so, what is known ahead. */

import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { api, expect, moveDeal, openDeal, PROBLEM, readDeal, test, toast, unique, wordsIn } from "./fixtures";
import { accessible, EVERY_LOOK, presentable } from "./looks";

interface Explanation {
  sums: { before: string; after: string; parts: { quantity: string; deal: { name: string } | null }[] }[];
}

/** A part of the screen under its heading. */
const part = (page: Page, heading: string): Locator =>
  page
    .getByRole("main")
    .locator("section")
    .filter({ has: page.getByRole("heading", { name: heading, exact: true }) });

const chart = (page: Page) => page.getByRole("figure", { name: /^Demand and forecast by week/ });
const expected = (page: Page) => page.locator("dt", { hasText: /^Expected in/ }).locator("xpath=../dd");

/** A run fits every series anew for a minute of both processors: what it would find is told to the page instead. */
async function measured(page: Page): Promise<{ undone: () => number }> {
  const run = {
    id: "01990000-0000-7000-8000-000000000001",
    requested_by: "schedule",
    requested_at: new Date(Date.now() - 3_600_000).toISOString(),
    finished_at: new Date(Date.now() - 3_500_000).toISOString(),
    state: "done",
    week: "2026-11-23",
    ...{ series: 96, rows: 672, rows_done: 672, seconds_left: 0, failure: null },
  };
  const runs = [run];
  await page.route(/\/v1\/forecasts\/refits/, (route) => {
    if (route.request().method() === "GET") return route.fulfill({ json: { items: runs, next: null } });
    const begun = { ...run, id: `${run.id.slice(0, -1)}2`, finished_at: null as never };
    runs.unshift({ ...begun, state: "forecasting", rows_done: 168, seconds_left: 75 });
    return route.fulfill({ status: 202, json: { job: "refit_all", run: runs[0]?.id, joined: false } });
  });
  const methods = ["naive", "fast", "combination"];
  const groups = [..."123"].map((lag) => ["lag", lag]).concat([["class", "lumpy"]]);
  const rows = groups.flatMap(([grouping, label], place) =>
    methods.map((method, worse) => ({
      ...{ grouping, label, method, weeks: 576, mase: 1, smape: 90, bias: 0.1, pinball: 0.4 },
      wape: (methods.length - worse) / 4 + place / 100,
      coverage80: method === "naive" ? null : 0.791,
      coverage95: method === "naive" ? null : 0.943,
    })),
  );
  await page.route(/\/v1\/forecasts\/backtest/, (route) =>
    route.fulfill({ json: { run: run.id, week: run.week, rows } }),
  );
  const numbers = { origins: 6, series: 96, statistic: 2.4, p_value: 0.021, better: 9, worse: 1 };
  const decision = {
    ...{ decision: 4, at: run.finished_at, run: run.id, outcome: "promoted", decided_by: "test" },
    ...{ champion: "combination", challenger: "fast", undoes: null as number | null, reason: "" },
    ...{ fast_loss: 0.751, combination_loss: 0.706, ...numbers },
  };
  const decisions = [decision];
  await page.route(/\/v1\/forecast-models$|\/v1\/forecast-models\?/, (route) =>
    route.fulfill({ json: { champion: decisions[0]?.champion, challenger: "fast", decisions, next: null } }),
  );
  let undone = 0;
  await page.route(/\/v1\/forecast-models\/decisions\/4\/undo/, (route) => {
    undone += 1;
    decisions.unshift({ ...decision, decision: 5, outcome: "undone", undoes: 4, champion: "fast", decided_by: "Ann" });
    return route.fulfill({ status: 201, json: decisions[0] });
  });
  return { undone: () => undone };
}

test("a planner follows a deal into the forecast, and finds out why it moved", async ({ signedIn: page }) => {
  test.setTimeout(120_000);
  const { undone } = await measured(page);
  const name = unique("Planned");
  const id = await openDeal(page, { name, stages: ["solution-design"], quantity: "300" });
  const { region } = await readDeal(page, id);

  await test.step("from the deal to its series", async () => {
    await page.goto(`/deals/${id}`);
    await page.getByRole("link", { name: "See it: the forecast of PMP-S50" }).click();
    await expect(page).toHaveURL(new RegExp(`/forecast\\?product=PMP-S50&region=${region}$`));
    await expect(chart(page)).toContainText("80 % interval");
    await expect(part(page, "Model of this series")).toContainText("Rate of rare demand");
  });

  await test.step("a move is seen at once, and explained once a version holds it", async () => {
    const before = await expected(page).innerText();
    await moveDeal(page, id, "negotiation");
    await expect(expected(page)).not.toHaveText(before);
    await page.getByRole("button", { name: "Publish a version" }).first().click();
    await expect(toast(page, "is published")).toBeVisible();
    const why = part(page, "Why did it change");
    await expect(why.getByRole("row", { name: new RegExp(`Deal “${name}” opened`) })).toBeVisible();
    const [newer] = (await api<{ items: { version: number }[] }>(page, "GET", "/v1/forecast-versions")).items;
    const version = newer?.version ?? 0;
    const { sums } = await api<Explanation>(
      page,
      "GET",
      `/v1/forecast-versions/${version}/explanation?against=${version - 1}&product=PMP-S50&region=${region}`,
    );
    const saved = page.waitForEvent("download");
    await why.getByRole("button", { name: "Save as CSV" }).click();
    const lines = readFileSync(await (await saved).path(), "utf8").trim().split("\r\n").slice(1);
    const units = lines.map((line) => Number(/,(-?[\d.]+),[^,]*$/.exec(line)?.[1]));
    expect([units.at(0), units.at(-1)]).toEqual([Number(sums[0]?.before), Number(sums[0]?.after)]);
    const changes = units.slice(1, -1).reduce((sum, change) => sum + change, 0);
    expect(changes).toBeCloseTo(Number(sums[0]?.after) - Number(sums[0]?.before), 6);
  });

  await test.step("up to all products and down again, and by the palette", async () => {
    await page.getByRole("main").getByRole("link", { name: "All products" }).click();
    await page.getByRole("main").getByRole("link", { name: /^Valves/ }).click();
    await expect(page).toHaveURL(/family=Valves/);
    await expect(part(page, "Made of").getByRole("listitem")).toHaveCount(6);
    await expect(chart(page).getByRole("list")).toContainText("Version");
    await page.getByRole("button", { name: /Version beneath it/ }).click();
    await page.getByRole("option", { name: "No other version" }).click();
    await expect(chart(page).getByRole("list")).not.toContainText("Version");
    await expect(chart(page).locator("svg path[class*=before]")).toHaveCount(0);
    await page.goto("/forecast?version=1");
    await expect(chart(page)).toContainText("80 % interval"); // of all products, as it was published
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.type("Submersible pump S50");
    await page.getByRole("menuitem", { name: /^Submersible pump S50/ }).click();
    await expect(page).toHaveURL(/\/forecast\?product=PMP-S50$/);
    await expect(chart(page)).toHaveAccessibleName(/Submersible pump S50, All regions/);
  });

  await test.step("the chart by keys, and as a table", async () => {
    const drawn = chart(page).getByRole("img");
    await drawn.focus();
    await page.keyboard.press("End");
    await expect(drawn).toHaveAccessibleDescription(/Forecast [\d.]+, Baseline [\d.]+, Pipeline [\d.]+/);
    await page.keyboard.press("Escape");
    await chart(page).getByRole("radio", { name: "Table" }).click();
    await expect(chart(page).getByRole("columnheader", { name: "Ordered so far" })).toBeVisible();
    expect(await chart(page).getByRole("row").count()).toBeGreaterThan(26);
    await chart(page).getByRole("radio", { name: "Chart" }).click();
  });

  await test.step("a signal: what is wrong is said at its field; it moves the forecast, and is taken back", async () => {
    const signals = part(page, "Signals");
    await signals.getByRole("button", { name: "Add a signal" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a signal" });
    await dialog.getByLabel("Note (optional)").fill(name);
    await dialog.getByLabel(/^Demand changes/).fill("-200");
    await dialog.getByRole("button", { name: "Record" }).click();
    await expect(dialog.getByLabel(/^Demand changes/)).toHaveAccessibleDescription(/greater than -1/);
    await accessible(page);
    await dialog.getByLabel(/^Demand changes/).fill("40");
    const before = await expected(page).innerText();
    await dialog.getByRole("button", { name: "Record" }).click();
    await expect(dialog).toBeHidden();
    const mine = signals.getByRole("listitem").filter({ hasText: name });
    await expect(mine).toContainText("stated: +40%");
    await expect(expected(page)).not.toHaveText(before);
    await expect(chart(page).getByRole("list")).toContainText("Signals");
    await mine.getByRole("button", { name: /^Withdraw/ }).click();
    await expect(mine).toBeHidden();
    await toast(page, "Promotion is withdrawn").getByRole("button", { name: "Undo" }).click();
    await expect(mine).toBeVisible();
    await mine.getByRole("button", { name: /^Withdraw/ }).click();
    await expect(mine).toBeHidden();
  });

  await test.step("which model says so, and its promotion undone; a fit anew and how far it is", async () => {
    const models = part(page, "Models");
    await expect(models).toContainText("Combination is published from then on. Its loss was 0.71");
    await expect(models.getByRole("row", { name: /^1 75\.0%.* 25\.0%.* 79\.1% 94\.3%$/ })).toBeVisible();
    await models.getByRole("radio", { name: "Class" }).click();
    await expect(page).toHaveURL(/errors=class/);
    await expect(models.getByRole("row", { name: /^Lumpy/ })).toBeVisible();
    await models.getByRole("button", { name: "Undo" }).click();
    await expect(models).toContainText("Ann undid decision 4: Fast path is published again.");
    await expect(models.getByRole("button", { name: "Undo" })).toBeHidden();
    expect(undone()).toBe(1);
    const fit = part(page, "Last fit");
    await fit.getByRole("button", { name: "Fit anew" }).click();
    await expect(fit.getByRole("progressbar")).toHaveAttribute("aria-valuetext", "168 of 672 rows");
    await expect(fit).toContainText(/75 secs? left/);
  });

  await test.step("in light and dark, wide and narrow, both languages", async () => {
    for (const language of ["en", "zh-CN"] as const) {
      const say = wordsIn(language);
      await page.setViewportSize({ width: 1280, height: 900 });
      if (language !== "en") {
        await page.getByRole("button", { name: "Language" }).click();
        await page.getByRole("menuitemradio", { name: "简体中文" }).click();
      }
      const drawn = () => expect(page.getByRole("heading", { name: say("why.title") })).toBeVisible();
      await presentable(page, drawn, EVERY_LOOK);
    }
  });
});

test("what cannot be read says so where it would stand, and is read again", async ({ signedIn: page }) => {
  await page.route(/\/v1\/(forecasts|forecast-versions|forecast-models|signals)/, (route) => route.fulfill(PROBLEM));
  await page.goto("/forecast?family=Pumps");
  const alerts = page.getByRole("main").getByRole("alert");
  // The chart, what it is made of, the last fit, why, the models, the signals.
  await expect(alerts).toHaveCount(6);
  await expect(alerts.first()).toContainText("Fill the shelf, and ask again.");
  // One can be read again; the others still say why they cannot.
  await page.route(/\/v1\/forecasts\/sums/, (route) => route.continue());
  await alerts.first().getByRole("button", { name: "Try again" }).click();
  await expect(chart(page)).toBeVisible();
  for (const still of ["Why did it change", "Models", "Signals", "Last fit"]) {
    await expect(part(page, still).getByRole("alert")).toBeVisible();
  }
});
