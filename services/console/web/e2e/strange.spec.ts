/** What nobody thinks of while drawing a page: names of any length and script, sums of any size, a wrong clock. */

import type { Page } from "@playwright/test";
import { cards, connection, eventsDoor, expect, onCard, oneTimeLink, openDeal, stateOfStream, test, toast, unique } from "./fixtures";
import { notCut } from "./looks";

const NAMES: Record<string, string> = {
  "200 characters in one word": `${"Donaudampfschifffahrt".repeat(10)}`.slice(0, 188),
  "two scripts and markup": `‮عقد توريد مضخات لمحطة تحلية المياه 长江三角洲第二水厂离心泵与阀门框架合同（二〇二六年度） <script>alert("1")</script><img src=x onerror=alert(2)>&amp;`,
};

/** Beyond all horizons, so that the company's forecasts and cash stay as they are. */
const FAR = { weeks: 60 };
// At 900 pieces, a value of twelve digits.
const DEAR = "999999999";

const WIDTHS = [1280, 390];

/** Nothing is cut off or wider than the window, wide or narrow. */
async function fits(page: Page, what: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await notCut(page, `${what}, ${width} px wide`);
    const dialog = page.getByRole("dialog");
    if (await dialog.count()) {
      const wider = await dialog.evaluate((box) => box.scrollWidth - box.clientWidth);
      expect(wider, `${what}: the dialog, ${width} px wide`).toBeLessThanOrEqual(0);
    }
  }
}

for (const [kind, strange] of Object.entries(NAMES)) {
  test(`a name with ${kind} is what it is on every screen and in every dialog`, async ({ signedIn: page }) => {
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    const name = unique(strange);
    const part = name.slice(-8);
    const id = await openDeal(page, { name, ...FAR, price: DEAR, quantity: "900", stages: ["needs-confirmation"], documents: [] });

    await page.goto(`/pipeline?text=${part}`);
    const card = cards(page, "Needs confirmation");
    await expect(card.locator("strong")).toHaveText(name);
    await expect(card).toContainText("€899,999,999,100.00");
    await fits(page, "Pipeline");
    await onCard(page, name, "Edit amount and date");
    await expect(page.getByRole("dialog").getByLabel(/Price a unit/)).toHaveValue(DEAR);
    await expect(page.getByRole("dialog").getByRole("heading")).toHaveText(name);
    await page.keyboard.press("Escape");
    await onCard(page, name, "Move to Lost");
    await expect(page.getByRole("dialog")).toContainText(name);
    await fits(page, "the close dialog");
    await page.keyboard.press("Escape");
    await onCard(page, name, "Move to Solution design");
    await expect(page.getByRole("dialog", { name: /^Before it goes/ })).toContainText(name);
    await fits(page, "the criteria dialog");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog")).toBeVisible();
    await page.keyboard.type(part);
    await expect(page.getByRole("menuitem").filter({ hasText: part })).toBeVisible();
    await fits(page, "the palette");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");

    await expect(page).toHaveURL(new RegExp(id));
    await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText(name);
    await expect(page.getByRole("row", { name: /PMP-S50/ })).toBeVisible();
    await fits(page, "Deal");
    await page.getByRole("button", { name: "Move to" }).click();
    await page.getByRole("menuitem", { name: "Lead qualification" }).click();
    await expect(toast(page, name)).toBeVisible();
    await fits(page, "a toast");
    await page.getByRole("navigation").getByRole("link", { name: "Beat" }).click();
    await expect(page.getByRole("link", { name: /Needs confirmation → Lead qualification/ }).first()).toContainText(name);
    await fits(page, "Beat");
    expect(asked).toEqual([]);
  });
}

test("the dialog in which a deal is edited fits a narrow window", async ({ signedIn: page }) => {
  const name = unique("Narrow");
  await openDeal(page, { name, ...FAR, price: DEAR, quantity: "900" });
  await page.goto(`/pipeline?text=${name}`);
  await onCard(page, name, "Edit amount and date");
  await expect(page.getByRole("dialog").getByLabel(/Price a unit/)).toHaveValue(DEAR);
  await fits(page, "the edit dialog");
});

test("several deals of twelve digits sum to thirteen", async ({ signedIn: page }) => {
  const name = unique("Dear");
  for (const part of ["one", "two"]) {
    await openDeal(page, { name: `${name} ${part}`, ...FAR, price: DEAR, quantity: "900" });
  }
  await page.goto(`/pipeline?text=${name}`);
  await expect(page.getByRole("link", { name: "Show only Lead qualification" })).toContainText("€1,799,999,998,200.00");
  await fits(page, "Pipeline");
  await page.goto("/");
  const now = page.locator("section", { has: page.getByRole("heading", { name: "Pipeline now" }) });
  await expect(now.getByRole("link", { name: /^Lead qualification/ })).toContainText("€1.8T");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await fits(page, "Beat");
});

test("a deal of nothing is worth nothing, and says so everywhere", async ({ signedIn: page }) => {
  const name = unique("Nothing");
  const id = await openDeal(page, { name, quantity: "0" });
  await page.goto(`/pipeline?text=${name}`);
  await expect(cards(page, "Lead qualification")).toContainText(["€0.00"]);
  await expect(page.getByRole("link", { name: "Show only Lead qualification" })).toContainText("€0.00");
  await page.goto(`/deals/${id}`);
  await expect(page.getByRole("main")).toContainText("€0.00");
  await expect(page.getByRole("main")).toContainText("No lines yet");
  await expect(page.getByRole("main")).not.toContainText(/NaN|Infinity|undefined|null/);
  await fits(page, "Deal");
});

for (const [way, off] of [
  ["ahead", 1],
  ["behind", -1],
] as const) {
  test(`a clock that is one day ${way} changes no age and no date`, async ({ signedIn: page }) => {
    const name = unique(`Clock ${way}`);
    await openDeal(page, { name, stages: ["solution-design"] });
    const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" });
    const dates = [today.format(Date.now())];
    await page.clock.install({ time: Date.now() + off * 86_400_000 });
    await page.goto(`/pipeline?text=${name}`);
    await expect(cards(page, "Solution design")).toContainText(["0 of 21 days"]);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as CSV what is shown" }).click(),
    ]);
    dates.push(today.format(Date.now()));
    expect(dates.map((date) => `takt-pipeline-${date}.csv`)).toContain(file.suggestedFilename());
    // A move begins its stage now, by Takt's own clock, before and after its event is here.
    await onCard(page, name, "Move to Negotiation");
    await expect(cards(page, "Negotiation")).toContainText(["0 of 14 days"]);
    await connection(page, "live");
  });
}

test("an event that is none leaves the page as it is", async ({ signedIn: page }) => {
  const door = await eventsDoor(page, stateOfStream("live"));
  await page.goto("/");
  await connection(page, "live");
  const strange = {
    id: null,
    type: null,
    topic: "takt.inbound.deals.v1",
    subject: null,
    time: null,
    service: "",
    sequence: null,
    correlations: [],
    more: 0,
    causes: [],
    data: null,
  };
  const order = { ...strange, id: "1", type: "takt.purchase_order.changed.v1", time: "2026-01-01T00:00:00Z" };
  for (const [place, event] of [strange, order].entries()) {
    door.say(`id: ${place + 1}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  // The page is still there, and still listens.
  door.say(stateOfStream("catching-up"));
  await connection(page, "catching-up");
  await page.getByRole("navigation").getByRole("link", { name: "Pipeline" }).click();
  await expect(page.getByRole("searchbox")).toBeVisible();
  door.close();
});

test("a one-time link that is pasted at the sign-in opens", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.getByRole("heading", { name: "Sign in to Takt" })).toBeVisible();
  await page.evaluate((hash) => {
    location.hash = hash;
  }, new URL(oneTimeLink()).hash);
  await expect(page.getByRole("navigation")).toContainText("Kestrel Flow Systems");
});

test("a move that Beat was refused is not waited for", async ({ signedIn: page }) => {
  await page.goto("/");
  await page.route(/\/v1\/deals\/[^/]+\/stage$/, (route) =>
    route.fulfill({ status: 409, contentType: "application/problem+json", body: '{"title":"Not now"}' }),
  );
  await page.getByRole("button", { name: "Move it" }).click();
  await expect(page.getByRole("alert")).toContainText("Not now");
  await page.getByRole("navigation").getByRole("link", { name: "Pipeline" }).click();
  await expect(page.getByRole("searchbox")).toBeVisible();
  await page.getByRole("navigation").getByRole("link", { name: "Beat" }).click();
  await expect(page.getByRole("button", { name: "Move it" })).toBeVisible();
  await expect(page.getByRole("list", { name: "What the move did" })).toHaveCount(0);
});

test("Chinese is written into the search by an input method", async ({ signedIn: page, context }) => {
  await page.goto("/pipeline");
  const search = page.getByRole("searchbox");
  await search.focus();
  const keys = await context.newCDPSession(page);
  for (const text of ["s", "sh", "shu", "shui"]) {
    await keys.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await keys.send("Input.insertText", { text: "水" });
  await expect(search).toHaveValue("水");
  await expect(page).toHaveURL(/text=%E6%B0%B4/);
});

test("a part whose lag is unknown is not said to have none", async ({ signedIn: page }) => {
  await page.route(/\/v1\/status/, async (route) => {
    const answer = await route.fetch();
    const status = await answer.json();
    for (const service of status.services) service.lag = null;
    await route.fulfill({ response: answer, json: status });
  });
  await page.goto("/");
  const parts = page.getByRole("region", { name: "Parts of Takt" });
  await expect(parts).toContainText("to send");
  await expect(parts).not.toContainText("lag 0");
});

test("without what only safe addresses have, a deal is moved and a line is added", async ({
  signedIn: page,
}) => {
  await page.addInitScript(() => {
    Object.defineProperty(crypto, "randomUUID", { value: undefined, writable: true });
    Object.defineProperty(navigator, "clipboard", { value: undefined, writable: true });
  });
  const name = unique("Plain http");
  const id = await openDeal(page, { name, stages: ["solution-design"], quantity: "900" });
  await page.goto("/");
  await page.getByRole("button", { name: "Move it" }).click();
  await expect(page.getByRole("list", { name: "What the move did" })).toBeVisible();
  await page.goto(`/deals/${id}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("button", { name: "Add a line" }).click();
  await expect(page.getByLabel(/Price a unit/)).toHaveCount(2);
});
