/** The board as a tool: choosing, moving many, filtering, keeping views, taking it away as CSV. */

import { readFileSync } from "node:fs";
import type { Download, Page } from "@playwright/test";
import { api, board, cards, choose, expect, onCard, openDeal, readDeal, stageOf, test, toast, unique } from "./fixtures";

interface Card {
  id: string;
  name: string;
  stage: string;
  status: string;
  owner: string;
  team: string | null;
  region: string;
  value: string;
  products: string[];
  stalled: boolean | null;
  stage_entered_at: string;
  opened_at: string;
  expected_close: string | null;
}

/** The open deals, as the service says. */
async function openCards(page: Page): Promise<Card[]> {
  const all = await api<{ cards: Card[] }>(page, "GET", "/v1/pipelines/default/cards");
  return all.cards.filter(({ status }) => status === "open");
}

const closed = (page: Page, stage: string) => page.getByRole("heading", { name: stage, exact: true });

/** Choose from a filter's menu, and leave it. */
async function filterBy(page: Page, filter: string, choice: string): Promise<void> {
  await page.getByRole("button", { name: new RegExp(`^${filter}`) }).click();
  await page.getByRole("menuitemcheckbox", { name: choice, exact: true }).click();
  await page.keyboard.press("Escape");
}

const shown = (page: Page) => page.getByRole("status").filter({ hasText: /\d+ of \d+ deals/ });

const DAY_MS = 86_400_000;

test("several deals are moved at once, and all of them go back", async ({ signedIn: page }) => {
  const name = unique("In a row");
  const ids: string[] = [];
  for (const part of ["one", "two", "three"]) {
    ids.push(await openDeal(page, { name: `${name} ${part}`, stages: ["solution-design"] }));
  }
  await page.goto(`/pipeline?text=${name}`);
  await choose(cards(page, "Solution design").filter({ hasText: "one" }));
  await choose(cards(page, "Solution design").filter({ hasText: "two" }));
  await expect(page.getByText("2 selected", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Negotiation" }).click();
  await expect(cards(page, "Negotiation")).toHaveCount(2);
  await expect(toast(page, "2 deals are in Negotiation")).toBeVisible();
  await expect(page.getByText("2 selected", { exact: true })).toBeHidden();
  await expect.poll(async () => Promise.all(ids.map((id) => stageOf(page, id)))).toEqual([
    "negotiation",
    "negotiation",
    "solution-design",
  ]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(cards(page, "Solution design")).toHaveCount(3);
  await expect.poll(async () => Promise.all(ids.map((id) => stageOf(page, id)))).toEqual([
    "solution-design",
    "solution-design",
    "solution-design",
  ]);
});

test("of several deals the refused ones stay where they are, and it is said why", async ({ signedIn: page }) => {
  const name = unique("Half ready");
  const stages = ["needs-confirmation"];
  const ready = await openDeal(page, { name: `${name} yes`, stages });
  const bare = await openDeal(page, { name: `${name} no`, stages, account: false, documents: [] });
  await page.goto(`/pipeline?text=${name}`);
  for (const place of [0, 1]) await choose(cards(page, "Needs confirmation").nth(place));
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Solution design" }).click();
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(`${name} yes`)]);
  await expect(cards(page, "Needs confirmation")).toHaveText([new RegExp(`${name} no`)]);
  // In a message, or where it can be filled in.
  const why = toast(page, `${name} no`).or(page.getByRole("dialog").filter({ hasText: `${name} no` }));
  await expect(why).toBeVisible();
  expect(await stageOf(page, ready)).toBe("solution-design");
  expect(await stageOf(page, bare)).toBe("needs-confirmation");
});

test("Ctrl+Z takes each deal of a move back to where it came from", async ({ signedIn: page }) => {
  const name = unique("From two stages");
  const first = await openDeal(page, { name: `${name} a` });
  const second = await openDeal(page, { name: `${name} b`, stages: ["solution-design"] });
  await page.goto(`/pipeline?text=${name}`);
  await choose(cards(page, "Lead qualification"));
  await choose(cards(page, "Solution design"));
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Needs confirmation" }).click();
  await expect(toast(page, "2 deals are in Needs confirmation")).toBeVisible();
  await page.keyboard.press("Control+z");
  await expect(cards(page, "Lead qualification")).toHaveText([new RegExp(`${name} a`)]);
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(`${name} b`)]);
  await expect.poll(() => stageOf(page, first)).toBe("lead-qualification");
  await expect.poll(() => stageOf(page, second)).toBe("solution-design");
});

test("each filter shows what the service says it should, and all of it is in the address", async ({
  signedIn: page,
}) => {
  await page.goto("/pipeline");
  await expect(shown(page)).toBeVisible();
  const all = await openCards(page);
  const now = Date.now();
  const counted = (is: (card: Card) => boolean) => `${all.filter(is).length} of ${all.length} deals`;

  await filterBy(page, "Owner", "Aino Virtanen");
  await filterBy(page, "Owner", "Anna Brandt");
  const owners = ["aino.virtanen", "anna.brandt"];
  await expect(shown(page)).toHaveText(counted(({ owner }) => owners.includes(owner)));
  await filterBy(page, "Region", "Nordic countries");
  const nordic = (card: Card) => card.region === "NORDICS" && owners.includes(card.owner);
  await expect(shown(page)).toHaveText(counted(nordic));
  await page.reload();
  await expect(shown(page)).toHaveText(counted(nordic));
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(shown(page)).toHaveText(counted(() => true));
  expect(new URL(page.url()).search).toBe("");

  await filterBy(page, "Team", "US east");
  await expect(shown(page)).toHaveText(counted(({ team }) => team === "US-EAST-1"));
  await filterBy(page, "Product", "Dosing pump D20");
  const pumps = (card: Card) => card.team === "US-EAST-1" && card.products.includes("PMP-D20");
  await expect(shown(page)).toHaveText(counted(pumps));
  await page.getByRole("button", { name: "Clear filters" }).click();

  for (const [words, is] of [
    ["Older than 30 days", (card: Card) => now - Date.parse(card.opened_at) >= 30 * DAY_MS],
    ["Stalled", (card: Card) => card.stalled === true],
  ] as const) {
    await page.getByRole("button", { name: /Age$/ }).click();
    await page.getByRole("option", { name: words }).click();
    await expect(shown(page), words).toHaveText(counted(is));
  }
});

test("a region stands for all that are below it", async ({ signedIn: page }) => {
  await page.goto("/pipeline");
  await expect(shown(page)).toBeVisible();
  const all = await openCards(page);
  const below = all.filter(({ region }) => ["DACH", "NORDICS", "EMEA"].includes(region)).length;
  expect(below).toBeGreaterThan(0);
  await filterBy(page, "Region", "Europe, Middle East and Africa");
  await expect(shown(page)).toHaveText(`${below} of ${all.length} deals`);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await filterBy(page, "Team", "Sales EMEA");
  const sold = all.filter(({ team }) => team && !team.startsWith("US")).length;
  await expect(shown(page)).toHaveText(`${sold} of ${all.length} deals`);
});

test("a press on a column's total shows that stage alone, and the way back is kept", async ({ signedIn: page }) => {
  const name = unique("Summed");
  await openDeal(page, { name: `${name} one`, stages: ["solution-design"] });
  await openDeal(page, { name: `${name} two` });
  await page.goto(`/pipeline?text=${name}`);
  const design = page.getByRole("link", { name: "Show only Solution design" });
  const value = Number((await readDeal(page, (await openCards(page)).find((one) => one.name === `${name} one`)?.id ?? "")).value);
  const said = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" }).format(value);
  await expect(design).toContainText("1 deal");
  await expect(design).toContainText(said);
  await design.click();
  await expect(page.getByRole("grid", { name: "Lead qualification: deals" })).toBeHidden();
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(`${name} one`)]);
  await expect(page).toHaveURL(/stage=/);
  await page.reload();
  await expect(cards(page, "Solution design")).toHaveCount(1);
  await expect(page.getByRole("grid", { name: "Lead qualification: deals" })).toBeHidden();
  await page.goBack();
  await expect(cards(page, "Lead qualification")).toHaveText([new RegExp(`${name} two`)]);
  await page.goForward();
  await page.getByRole("link", { name: /Show all stages/ }).click();
  await expect(cards(page, "Lead qualification")).toHaveCount(1);
});

test("cards stand in the order that was chosen, and the address keeps it", async ({ signedIn: page }) => {
  const name = unique("Ordered");
  const wish = { stages: ["solution-design"] };
  await openDeal(page, { ...wish, name: `${name} dear`, quantity: "90", weeks: 9 });
  await openDeal(page, { ...wish, name: `${name} cheap`, quantity: "10", weeks: 6 });
  await openDeal(page, { ...wish, name: `${name} middling`, quantity: "50", weeks: 12 });
  const order = async () => (await board(page))["Solution design"];
  await page.goto(`/pipeline?text=${name}`);
  await expect.poll(order).toEqual([`${name} dear`, `${name} middling`, `${name} cheap`]);
  for (const [words, expected] of [
    ["By expected close", ["cheap", "dear", "middling"]],
    ["By time in stage", ["dear", "cheap", "middling"]],
  ] as const) {
    await page.getByRole("button", { name: /Order$/ }).click();
    await page.getByRole("option", { name: words }).click();
    await expect.poll(order, words).toEqual(expected.map((one) => `${name} ${one}`));
  }
  await page.reload();
  await expect.poll(order).toEqual(["dear", "cheap", "middling"].map((one) => `${name} ${one}`));
});

test("a view is named, taken up again from anywhere, and removed", async ({ signedIn: page }) => {
  await page.goto("/pipeline?region=NORDICS&sort=close");
  await expect(shown(page)).toBeVisible();
  const nordic = await shown(page).innerText();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view" }).click();
  await page.getByLabel("Name of the view").fill("Up north");
  await page.keyboard.press("Enter");
  const view = page.getByRole("button", { name: "Up north" });
  await expect(view).toBeVisible();
  await page.goto("/pipeline");
  await expect(shown(page)).not.toHaveText(nordic);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Up north" }).click();
  await expect(shown(page)).toHaveText(nordic);
  await expect(page).toHaveURL(/sort=close/);
  await view.click();
  await page.getByRole("menuitem", { name: "Remove Up north" }).click();
  await expect(page.getByRole("button", { name: "Views" })).toBeVisible();
  await page.reload();
  await expect(shown(page)).toHaveText(nordic);
  await page.getByRole("button", { name: "Views" }).click();
  await expect(page.getByRole("menuitem")).toHaveText(["Save this view"]);
});

/** A downloaded CSV file as rows of cells; none of ours has a line break in a cell. */
async function rowsOf(download: Download): Promise<string[][]> {
  const text = readFileSync(await download.path(), "utf8");
  expect(text.startsWith("\ufeff")).toBe(true);
  return text
    .slice(1)
    .trimEnd()
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
      ),
    );
}

test("the CSV is exactly what is shown, in its order", async ({ signedIn: page }) => {
  const name = unique("As CSV");
  await openDeal(page, { name: `${name}, "late"`, stages: ["solution-design"], weeks: 9 });
  await openDeal(page, { name: `${name} =1+1`, stages: ["solution-design"], weeks: 6, quantity: "10" });
  await openDeal(page, { name: `${name} early` });
  await openDeal(page, { name: `${name} empty`, quantity: "0" });
  await openDeal(page, { name: unique("Not in the CSV") });
  await page.goto(`/pipeline?text=${name}&sort=close`);
  await expect(shown(page)).toHaveText(/^4 of/);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as CSV what is shown" }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^takt-pipeline-\d{4}-\d\d-\d\d\.csv$/);
  const [head = [], ...rows] = await rowsOf(file);
  const column = (title: string) => rows.map((row) => row[head.indexOf(title)]);
  expect(column("name")).toEqual(Object.values(await board(page)).flat());
  expect(column("stage")).toEqual([
    "lead-qualification",
    "lead-qualification",
    "solution-design",
    "solution-design",
  ]);
  const known = new Map((await openCards(page)).map((card) => [card.id, card]));
  for (const [place, id] of column("id").entries()) {
    const card = known.get(id ?? "");
    expect(column("value")[place]).toBe(card?.value);
    expect(column("expected_close")[place]).toBe(card?.expected_close);
    expect(column("products")[place]).toBe(card?.products.join(" "));
  }
  expect(new Set(column("currency"))).toEqual(new Set(["EUR"]));
});

test("a deal is won on the board with its reason, and the win is taken back", async ({ signedIn: page }) => {
  const name = unique("To be won");
  const id = await openDeal(page, { name, stages: ["solution-design", "negotiation"] });
  await page.goto(`/pipeline?text=${name}`);
  await cards(page, "Negotiation").dragTo(closed(page, "Won"));
  const dialog = page.getByRole("dialog", { name: "Win the deal" });
  await expect(dialog).toContainText(name);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(cards(page, "Negotiation")).toHaveCount(1);
  expect(await stageOf(page, id)).toBe("negotiation");
  await cards(page, "Negotiation").dragTo(closed(page, "Won"));
  await dialog.getByLabel(/^Reason/).fill("The better pump");
  await dialog.getByRole("button", { name: "Won" }).click();
  await expect(cards(page, "Negotiation")).toHaveCount(0);
  await expect(toast(page, `${name} is in Won`)).toBeVisible();
  await expect.poll(() => readDeal(page, id)).toMatchObject({ status: "won", reason: "The better pump" });
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(name)]);
  await expect.poll(() => readDeal(page, id)).toMatchObject({ status: "open", stage: "negotiation" });
  const { stays } = await api<{ stays: { stage: string; in_cycle: boolean }[] }>(
    page,
    "GET",
    `/v1/deals/${id}/history`,
  );
  expect(stays.filter(({ stage }) => stage === "won")).toEqual([
    expect.objectContaining({ in_cycle: false }),
  ]);
});

test("a deal is lost from its card's menu, to whom and why", async ({ signedIn: page }) => {
  const name = unique("To be lost");
  const id = await openDeal(page, { name, stages: ["solution-design"] });
  await page.goto(`/pipeline?text=${name}`);
  await onCard(page, name, "Move to Lost");
  const dialog = page.getByRole("dialog", { name: "Lose the deal" });
  await dialog.getByLabel(/^Reason/).fill("The price");
  await dialog.getByLabel(/^Who won it/).fill("Contoso Pumps");
  await dialog.getByRole("button", { name: "Lost" }).click();
  await expect(cards(page, "Solution design")).toHaveCount(0);
  await expect
    .poll(() => readDeal(page, id))
    .toMatchObject({ status: "lost", reason: "The price", competitor: "Contoso Pumps" });
});
