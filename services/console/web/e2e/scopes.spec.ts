/** A key that lacks one scope: what it misses says so, by the scope's name, and the rest is there. */

import type { Locator, Page } from "@playwright/test";
import {
  cards,
  connection,
  expect,
  keysWithoutEach,
  onCard,
  openDeal,
  readDeal,
  type Scope,
  signIn,
  stageOf,
  test,
  unique,
} from "./fixtures";

let keys: Record<Scope, string>;

test.beforeAll(() => {
  keys = keysWithoutEach();
});

/** A deal, in a page whose key lacks one scope. */
async function without(page: Page, scope: Scope): Promise<{ id: string; name: string }> {
  const name = unique(`No ${scope.replace(":", " ")}`);
  const id = await openDeal(page, { name, stages: ["solution-design"] });
  await signIn(page, keys[scope]);
  return { id, name };
}

/** A part of a screen under its heading. */
const part = (page: Page, heading: string): Locator =>
  page
    .getByRole("main")
    .locator("section, article")
    .filter({ has: page.getByRole("heading", { name: heading, exact: true }) })
    .last();

const lacks = (scope: Scope) => new RegExp(`lacks the scope ${scope}`);

const forecast = (page: Page) => page.getByRole("img", { name: /^Forecast of/ });
const balance = (page: Page) => page.getByRole("img", { name: /^Projected balance/ });

test("without deals:read the board and deals are closed, and Beat shows the rest", async ({ page }) => {
  const { id } = await without(page, "deals:read");
  for (const path of ["/pipeline", `/deals/${id}`]) {
    await page.goto(path);
    await expect(page.getByRole("main"), path).toContainText(lacks("deals:read"));
  }
  await page.goto("/");
  await expect(forecast(page)).toBeVisible();
  await expect(balance(page)).toBeVisible();
  await connection(page, "live");
});

test("without deals:read Beat says why no deal can be moved", async ({ page }) => {
  await without(page, "deals:read");
  await page.goto("/");
  await expect(balance(page)).toBeVisible();
  await expect(part(page, "Pipeline now")).toContainText(lacks("deals:read"));
});

test("without deals:read the company's time zone and currency are its own", async ({ page }) => {
  await without(page, "deals:read");
  await page.goto("/");
  await expect(page.getByText("Times in Europe/Berlin").first()).toBeAttached();
  await expect(page.getByText("Money in EUR").first()).toBeAttached();
});

test("without forecast:read its tiles say so, and the deal is there", async ({ page }) => {
  const { id, name } = await without(page, "forecast:read");
  await page.goto(`/deals/${id}`);
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await expect(part(page, "Forecast")).toContainText(lacks("forecast:read"));
  await expect(part(page, "Win probability")).toContainText(lacks("forecast:read"));
  await expect(part(page, "Cash")).toContainText("€");
  await page.goto("/");
  await expect(part(page, "Forecast touched last")).toContainText(lacks("forecast:read"));
  await expect(balance(page)).toBeVisible();
  await page.getByRole("link", { name: "Forecast", exact: true }).click();
  await expect(page.getByRole("main")).toContainText(lacks("forecast:read"));
});

test("without supply:read plan and orders say so, and the deal is there", async ({ page }) => {
  const { id, name } = await without(page, "supply:read");
  await page.goto(`/deals/${id}`);
  await expect(page.getByRole("heading", { name })).toBeVisible();
  for (const tile of ["Plan", "Order"]) await expect(part(page, tile)).toContainText(lacks("supply:read"));
  await expect(part(page, "Forecast")).toContainText("€");
  await page.goto("/");
  await expect(part(page, "Orders that changed last")).toContainText(lacks("supply:read"));
  await expect(forecast(page)).toBeVisible();
});

test("without cash:read the cash says so, and the deal is there", async ({ page }) => {
  const { id, name } = await without(page, "cash:read");
  await page.goto(`/deals/${id}`);
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await expect(part(page, "Cash")).toContainText(lacks("cash:read"));
  await expect(part(page, "Forecast")).toContainText("€");
  await page.goto("/");
  await expect(part(page, "Cash")).toContainText(lacks("cash:read"));
  await expect(forecast(page)).toBeVisible();
});

test("without events:read nothing comes by itself, it says so, and a move still works", async ({ page }) => {
  const { id, name } = await without(page, "events:read");
  await page.goto(`/pipeline?text=${name}`);
  await connection(page, "refused");
  await expect(page.locator("header [data-state=refused]")).toContainText("events:read");
  await onCard(page, name, "Move to Negotiation");
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(name)]);
  await expect.poll(() => stageOf(page, id)).toBe("negotiation");
  await page.goto("/");
  await expect(forecast(page)).toBeVisible();
  await expect(balance(page)).toBeVisible();
});

test("without events:read Beat says why there are no chains", async ({ page }) => {
  await without(page, "events:read");
  await page.goto("/");
  await expect(part(page, "Chains as they happen")).toContainText(lacks("events:read"));
});

test("without events:read an edit is on the board, and the deal can be moved at once", async ({ page }) => {
  const { id, name } = await without(page, "events:read");
  await page.goto(`/pipeline?text=${name}`);
  await onCard(page, name, "Edit amount and date");
  const dialog = page.getByRole("dialog", { name });
  await dialog.getByLabel(/Price a unit/).fill("2000");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(cards(page, "Solution design")).toContainText(["180,000"]);
  await onCard(page, name, "Move to Negotiation");
  await expect.poll(() => stageOf(page, id)).toBe("negotiation");
});

test("without deals:write all is seen, and nothing is offered that would be refused", async ({ page }) => {
  const { id, name } = await without(page, "deals:write");
  await page.goto(`/pipeline?text=${name}`);
  const card = cards(page, "Solution design");
  await expect(card).toHaveText(new RegExp(name));
  await card.hover();
  await expect(card.getByRole("checkbox")).toHaveCount(0);
  await expect(card.getByRole("button", { name: /^Drag/, disabled: false })).toHaveCount(0);
  await card.getByRole("button", { name: `More for ${name}` }).click();
  await expect(page.getByRole("menuitem")).toHaveText(["Open"]);
  await page.keyboard.press("Escape");
  await expect(card.getByRole("button", { name: `More for ${name}` })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Open" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await expect(part(page, "Win probability")).toContainText("by the model");
  for (const act of ["Edit", "Move to", "Attach a document", /my own/]) {
    await expect(page.getByRole("button", { name: act, exact: true })).toHaveCount(0);
  }
  await page.goto("/");
  await expect(forecast(page)).toBeVisible();
  await expect(page.getByRole("button", { name: "Move it" })).toHaveCount(0);
  expect(await stageOf(page, id)).toBe("solution-design");
});

test("without deals:approve a price below the floor says whom to ask", async ({ page }) => {
  const { id, name } = await without(page, "deals:approve");
  await page.goto(`/deals/${id}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog", { name });
  await dialog.getByLabel(/Price a unit/).fill("900");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText(/floor/i);
  await expect(dialog).toContainText("deals:approve");
  await expect(dialog.getByRole("button", { name: /Approve/ })).toHaveCount(0);
  expect(Number((await readDeal(page, id)).lines[0]?.price)).toBeGreaterThan(900);
});
