/** What a person does in a day: each test is one way through the console. */

import type { Page } from "@playwright/test";
import { api, cards, expect, openDeal, test } from "./fixtures";
import { accessible } from "./looks";

const NEGOTIABLE = ["solution-design"];

test("a deal is moved by mouse, and the move is taken back", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "By mouse", stages: NEGOTIABLE });
  await page.goto("/pipeline?text=By mouse");
  await cards(page, "Solution design")
    .filter({ hasText: "By mouse" })
    .dragTo(page.getByRole("grid", { name: "Negotiation: deals" }));
  await expect(cards(page, "Negotiation")).toHaveText([/By mouse/]);
  await expect(cards(page, "Solution design")).not.toContainText(["By mouse"]);
  await expect.poll(() => stageOf(page, id)).toBe("negotiation");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(cards(page, "Solution design")).toHaveText([/By mouse/]);
  await expect.poll(() => stageOf(page, id)).toBe("solution-design");
});

test("a deal is moved by keys alone, from the sign-in's first page on", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "By keys", stages: NEGOTIABLE });
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Beat", exact: true })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await expect(page.getByRole("heading", { name: "Pipeline", exact: true })).toBeVisible();
  await tabTo(page, "searchbox", /Name or account/);
  await page.keyboard.type("By keys");
  await expect(cards(page, "Solution design")).toHaveCount(1);
  await tabTo(page, "row", /By keys/);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(":focus")).toHaveAccessibleName(/Drag By keys/);
  await page.keyboard.press("Enter");
  await tabTo(page, "region", /Negotiation/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(cards(page, "Negotiation")).toHaveText([/By keys/]);
  await expect.poll(() => stageOf(page, id)).toBe("negotiation");
  await page.keyboard.press("Control+z");
  await expect(cards(page, "Solution design")).toHaveText([/By keys/]);
});

test("what a stage still asks for is filled where the deal was dropped", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "Unready", account: false, documents: [], stages: ["needs-confirmation"] });
  await page.goto("/pipeline?text=Unready");
  await cards(page, "Needs confirmation").dragTo(
    page.getByRole("grid", { name: "Solution design: deals" }),
  );
  const dialog = page.getByRole("dialog", { name: "Before it goes to Solution design" });
  await expect(dialog).toContainText("2 things are missing");
  await accessible(page);
  await expect(dialog.getByRole("button", { name: "Fill and move" })).toBeDisabled();
  await dialog.getByLabel("Its name").fill("Requirements, signed.pdf");
  await dialog.getByRole("button", { name: /Account/ }).click();
  await page.getByRole("option").first().click();
  await dialog.getByRole("button", { name: "Fill and move" }).click();
  await expect(dialog).toBeHidden();
  await expect(cards(page, "Solution design")).toHaveText([/Unready/]);
  const deal = await api<{ stage: string; account_id: string; documents: string[] }>(
    page,
    "GET",
    `/v1/deals/${id}`,
  );
  expect(deal).toMatchObject({ stage: "solution-design", documents: ["requirements"] });
  expect(deal.account_id).not.toBeNull();
});

test("a price below the floor asks for its approval where it is written", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "Too cheap", stages: NEGOTIABLE });
  const { lines } = await api<{ lines: { floor: { price: string } | null }[] }>(
    page,
    "GET",
    `/v1/deals/${id}/prices`,
  );
  const floor = Number(lines[0]?.floor?.price);
  expect(floor).toBeGreaterThan(0);
  await page.goto("/pipeline?text=Too cheap");
  await cards(page, "Solution design").getByRole("button", { name: /^Value/ }).click();
  const dialog = page.getByRole("dialog", { name: "Too cheap" });
  await dialog.getByLabel(/Price a unit/).fill((floor * 0.9).toFixed(2));
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText(/floor/i);
  await accessible(page);
  await dialog.getByRole("button", { name: "Approve and save" }).click();
  await expect(dialog).toBeHidden();
  const deal = await api<{ lines: { price: string }[] }>(page, "GET", `/v1/deals/${id}`);
  expect(Number(deal.lines[0]?.price)).toBeCloseTo(floor * 0.9, 2);
});

test("a move on Beat changes the chart, the proposals and the cash, and its chain opens whole", async ({
  signedIn: page,
}) => {
  const name = "Seen to the end";
  const id = await openDeal(page, { name, stages: NEGOTIABLE, quantity: "900" });
  await page.goto("/");
  await expect(page.getByRole("img", { name: /^Forecast of/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Projected balance/ })).toBeVisible();
  await page.getByRole("button", { name: /^.*Deal$/ }).first().click();
  await page.getByRole("option", { name }).click();
  await page.getByRole("button", { name: "Move it" }).click();
  const watch = page.getByRole("list", { name: "What the move did" });
  for (const part of ["Deal", "Forecast", "Plan", "Order", "Cash"]) {
    const light = watch.getByRole("listitem").filter({ has: page.getByText(part, { exact: true }) });
    await expect(light, part).toHaveAttribute("data-lit", "true");
  }
  await expect(watch).toContainText("Solution design → Negotiation");

  // What is drawn is what the services say.
  const { region } = await api<{ region: string }>(page, "GET", `/v1/deals/${id}`);
  await expect(async () => {
    const forecast = await api<{ buckets: { quantity: string }[] }>(
      page,
      "GET",
      `/v1/forecasts/PMP-S50/${region}`,
    );
    const total = forecast.buckets.reduce((sum, bucket) => sum + Number(bucket.quantity), 0);
    const shown = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 }).format(total);
    await expect(page.getByText(`${shown} pcs in 26 weeks`)).toBeVisible({ timeout: 1_000 });
    const cash = await api<{ lowest_expected: { balance: string } }>(page, "GET", "/v1/cash");
    const lowest = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" }).format(
      cash.lowest_expected.balance as Intl.StringNumericLiteral,
    );
    await expect(page.getByText(lowest)).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const orders = page.locator("section", { has: page.getByRole("heading", { name: "Orders that changed last" }) });
  await expect(orders.getByRole("listitem").first()).toContainText("€");
  await accessible(page);

  await page.getByRole("link", { name: new RegExp(`${name} Solution design → Negotiation`) }).click();
  await expect(page.getByRole("heading", { name: "Chain", exact: true })).toBeVisible();
  const correlation = new URL(page.url()).pathname.split("/").at(-1);
  const steps = async () =>
    (await api<{ steps: { type: string }[] }>(page, "GET", `/v1/traces/${correlation}`)).steps;
  const graph = page.getByRole("region", { name: "The chain as a graph" });
  // A node stands for one step, or for as many as it says.
  const drawn = async () =>
    (await graph.getByRole("button").allInnerTexts())
      .map((text) => Number(/×(\d+)/.exec(text)?.[1] ?? 1))
      .reduce((sum, many) => sum + many, 0);
  await expect(async () => expect(await drawn()).toBe((await steps()).length)).toPass();
  const types = (await steps()).map(({ type }) => type);
  for (const service of ["deal", "forecast", "plan", "purchase_order", "cash"]) {
    expect(types.some((type) => type.startsWith(`takt.${service}.`)), service).toBe(true);
  }
  await graph.getByRole("button", { name: /cash.projected/ }).first().click();
  await expect(page.getByText("lowest_expected")).toBeVisible();
  await accessible(page);
  await page.goBack();
  await expect(watch).toContainText("Solution design → Negotiation");
});

test("a deal is seen whole, and what hangs on it leads on", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "Seen whole", stages: ["solution-design", "negotiation"] });
  await page.goto("/pipeline?text=Seen whole");
  await cards(page, "Negotiation").dblclick();
  await expect(page).toHaveURL(new RegExp(`/deals/${id}`));
  await expect(page.getByRole("heading", { name: "Seen whole" })).toBeVisible();
  const hangs = page.getByRole("region", { name: "What hangs on this deal" });
  for (const part of ["Forecast", "Plan", "Order", "Cash"]) await expect(hangs).toContainText(part);
  await expect(page.getByText("the parts sum to it")).toBeVisible();
  await accessible(page);
});

test("the console speaks Chinese and goes dark, and stays so", async ({ signedIn: page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitemradio", { name: "简体中文" }).click();
  await expect(page.getByRole("heading", { name: "节拍" })).toBeVisible();
  await page.getByRole("button", { name: "主题" }).click();
  await page.getByRole("menuitemradio", { name: "深色" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.getByRole("heading", { name: "节拍" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the palette finds a deal by typing", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: "Found by typing" });
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Beat", exact: true })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
  await accessible(page);
  await page.keyboard.type("found by ty");
  await expect(page.getByRole("menuitem", { name: "Found by typing" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/deals/${id}`));
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await accessible(page);
});

async function stageOf(page: Page, id: string): Promise<string> {
  return (await api<{ stage: string }>(page, "GET", `/v1/deals/${id}`)).stage;
}

const MOST_TABS = 60;

/** Press Tab until what has this role and name is focused. */
async function tabTo(page: Page, role: "row" | "region" | "searchbox", name: RegExp, key = "Tab") {
  const goal = page.getByRole(role, { name });
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    await page.keyboard.press(key);
    const focused = page.locator(":focus");
    if (await goal.and(focused).count()) return;
  }
  throw new Error(`${MOST_TABS} tabs do not lead to the ${role} ${name}`);
}
