/** Two people at one deal: who comes second is told, nothing is overwritten, and what is in hand stands still. */

import type { Locator, Page } from "@playwright/test";
import {
  cards,
  changeDeal,
  choose,
  dragOver,
  expect,
  gate,
  inWeeks,
  moveDeal,
  onCard,
  openDeal,
  readDeal,
  reprice,
  stageOf,
  test,
  toast,
  unique,
} from "./fixtures";

const NEGOTIABLE = { stages: ["solution-design"] };

/** Open the dialog in which a deal is edited, on its own screen. */
async function edit(page: Page, id: string, name: string): Promise<Locator> {
  await page.goto(`/deals/${id}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog", { name });
  await expect(dialog.getByLabel(/Price a unit/)).toBeVisible();
  return dialog;
}

const price = (dialog: Locator) => dialog.getByLabel(/Price a unit/);
const save = (dialog: Locator) => dialog.getByRole("button", { name: "Save", exact: true }).click();
const priceOf = async (page: Page, id: string) => Number((await readDeal(page, id)).lines[0]?.price);

test("two tabs edit one deal: the second is shown both, and keeps its own", async ({ signedIn: page, context }) => {
  const name = unique("In two tabs");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  const first = await edit(page, id, name);
  const other = await context.newPage();
  const second = await edit(other, id, name);
  await price(first).fill("2100.5");
  await save(first);
  await expect(first).toBeHidden();
  await price(second).fill("2050.25");
  await save(second);
  const conflict = second.getByRole("alert");
  await expect(conflict).toContainText("Somebody else changed this deal meanwhile");
  const row = conflict.getByRole("row").filter({ hasText: "PMP-S50" });
  await expect(row).toContainText(/2,?100\.5/);
  await expect(row).toContainText(/2,?050\.25/);
  expect(await priceOf(page, id)).toBe(2100.5);
  await conflict.getByRole("button", { name: /Keep mine|Go on/ }).click();
  await expect(price(second)).toHaveValue("2050.25");
  await save(second);
  await expect(second).toBeHidden();
  expect(await priceOf(page, id)).toBe(2050.25);
});

test("two tabs edit one deal: the second takes what the first has saved", async ({ signedIn: page }) => {
  const name = unique("Given way");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  const dialog = await edit(page, id, name);
  await reprice(page, id, "2100.5");
  await price(dialog).fill("2050.25");
  await save(dialog);
  await dialog.getByRole("button", { name: "Take theirs" }).click();
  await expect(price(dialog)).toHaveValue("2100.5");
  await save(dialog);
  await expect(dialog).toBeHidden();
  expect(await priceOf(page, id)).toBe(2100.5);
});

test("what only the other has changed is kept beside what only I have changed", async ({ signedIn: page }) => {
  const name = unique("Both right");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  const dialog = await edit(page, id, name);
  await reprice(page, id, "2100.5");
  await dialog.getByLabel("Expected close").fill(inWeeks(8));
  await save(dialog);
  // It is told of the other change, and need not choose.
  await dialog.getByRole("button", { name: /Keep mine|Go on/ }).click();
  await save(dialog);
  await expect(dialog).toBeHidden();
  expect(await readDeal(page, id)).toMatchObject({ expected_close: inWeeks(8) });
  expect(await priceOf(page, id)).toBe(2100.5);
});

test("what is being written outlives that the deal cannot be read anew", async ({ signedIn: page }) => {
  const name = unique("Half written");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  const dialog = await edit(page, id, name);
  await price(dialog).fill("2050.25");
  const asked = page.waitForRequest((request) => request.url().endsWith(`/v1/deals/${id}/history`));
  await page.route(new RegExp(`/v1/deals/${id}$`), (route) => route.abort());
  await changeDeal(page, id, { payment_days: 45 });
  // Its event has the whole screen read anew, by all who may ask again.
  await asked;
  await page.clock.install();
  await page.clock.runFor(30_000);
  await expect(price(dialog)).toHaveValue("2050.25");
});

test("a deal that somebody else has changed is not moved by a drag, and says so", async ({ signedIn: page }) => {
  const name = unique("Stale");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  const held = await gate(page, new RegExp(`/v1/deals/${id}/stage`), "POST");
  await cards(page, "Solution design").dragTo(page.getByRole("grid", { name: "Negotiation: deals" }));
  await held.asked;
  await expect(cards(page, "Negotiation")).toHaveCount(1);
  await changeDeal(page, id, { expected_close: inWeeks(7) });
  held.open();
  await expect(toast(page, `${name} has changed meanwhile`)).toBeVisible();
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(name)]);
  await expect(cards(page, "Negotiation")).toHaveCount(0);
  expect(await stageOf(page, id)).toBe("solution-design");
  // As it stands now, it can be moved.
  await onCard(page, name, "Move to Negotiation");
  await expect.poll(() => stageOf(page, id)).toBe("negotiation");
});

/** How many deals the board says are lost: it goes on while cards stand still. */
const lost = async (page: Page) =>
  page
    .locator("main")
    .locator("div", { has: page.getByRole("heading", { name: "Lost", exact: true, includeHidden: true }) })
    .last()
    .innerText();

test("a deal that is lost elsewhere while it is dragged stays lost", async ({ signedIn: page }) => {
  const name = unique("Slipped away");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  await expect.poll(() => lost(page)).toMatch(/[1-9]/);
  const before = await lost(page);
  const goal = page.getByRole("grid", { name: "Negotiation: deals" });
  await dragOver(page, cards(page, "Solution design"), goal);
  await moveDeal(page, id, "lost");
  await expect.poll(() => lost(page)).not.toBe(before);
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(name)]);
  await page.mouse.up();
  await expect(toast(page, new RegExp(`${name} was moved or closed by somebody else`))).toBeVisible();
  await expect(cards(page, "Solution design")).toHaveCount(0);
  await expect(cards(page, "Negotiation")).toHaveCount(0);
  expect(await stageOf(page, id)).toBe("lost");
});

test("while a deal is edited the board stands still, and then catches up", async ({ signedIn: page }) => {
  const name = unique("Still");
  const other = await openDeal(page, { name: `${name} above`, ...NEGOTIABLE, quantity: "100" });
  const id = await openDeal(page, { name: `${name} below`, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  const names = cards(page, "Solution design").locator("strong");
  await expect(names).toHaveText([`${name} above`, `${name} below`]);
  await expect.poll(() => lost(page)).toMatch(/[1-9]/);
  const before = await lost(page);
  await onCard(page, `${name} below`, "Edit amount and date");
  const dialog = page.getByRole("dialog", { name: `${name} below` });
  await price(dialog).fill("2050.25");
  await moveDeal(page, other, "lost");
  await expect.poll(() => lost(page)).not.toBe(before);
  await expect(names).toHaveText([`${name} above`, `${name} below`]);
  await expect(price(dialog)).toHaveValue("2050.25");
  await save(dialog);
  await expect(dialog).toBeHidden();
  await expect(names).toHaveText([`${name} below`]);
  expect(await priceOf(page, id)).toBe(2050.25);
});

test("an Undo does not take back what somebody else has done since", async ({ signedIn: page }) => {
  const name = unique("Moved on");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  await onCard(page, name, "Move to Needs confirmation");
  await expect(toast(page, `${name} is in Needs confirmation`)).toBeVisible();
  await moveDeal(page, id, "lead-qualification");
  await expect(cards(page, "Lead qualification")).toHaveCount(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(toast(page, name).filter({ hasNotText: "Undo" })).toBeVisible();
  expect(await stageOf(page, id)).toBe("lead-qualification");
});

test("a chosen deal that somebody else loses is chosen no more", async ({ signedIn: page }) => {
  const name = unique("Chosen");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  await choose(cards(page, "Solution design"));
  await expect(page.getByText("1 selected", { exact: true })).toBeVisible();
  await moveDeal(page, id, "lost");
  await expect(cards(page, "Solution design")).toHaveCount(0);
  await expect(page.getByText("1 selected", { exact: true })).toBeHidden();
  expect(await stageOf(page, id)).toBe("lost");
});

test("a move that happens while the board is being read is on the board", async ({ signedIn: page }) => {
  const name = unique("Meanwhile");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(
    /\/v1\/pipelines\/default\/cards/,
    async (route) => {
      const old = await route.fetch();
      await held;
      await route.fulfill({ response: old });
    },
    { times: 1 },
  );
  await page.goto("/");
  const chains = page.getByRole("link", { name: new RegExp(name) });
  await expect(chains).not.toHaveCount(0);
  await moveDeal(page, id, "negotiation");
  await expect(page.getByRole("link", { name: new RegExp(`${name} Solution design → Negotiation`) })).toBeVisible();
  await page.getByRole("navigation").getByRole("link", { name: "Pipeline" }).click();
  answer();
  await page.getByRole("searchbox").fill(name);
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(name)]);
  await expect(cards(page, "Solution design")).toHaveCount(0);
});

test("the deal that Beat offers to move stays the one that is seen", async ({ signedIn: page }) => {
  await page.goto("/");
  const offered = page.getByRole("button", { name: /Deal$/ }).first();
  await expect(offered).toBeVisible();
  const seen = await offered.innerText();
  const cardsRead = page.waitForResponse(/\/v1\/pipelines\/default\/cards/);
  // Better than all: it would be offered first.
  const name = unique("Pushes in");
  await openDeal(page, { name, ...NEGOTIABLE, quantity: "9000" });
  await cardsRead;
  await expect(page.getByRole("link", { name: new RegExp(name) }).first()).toBeVisible();
  expect(await offered.innerText()).toBe(seen);
});
