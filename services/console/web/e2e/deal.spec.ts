/** A deal seen whole: its past, its chance, who approved what, and each event of its life. */

import type { Locator, Page } from "@playwright/test";
import {
  api,
  changeDeal,
  expect,
  moveDeal,
  openDeal,
  readDeal,
  reprice,
  test,
  toast,
  unique,
} from "./fixtures";

const NEGOTIABLE = { stages: ["solution-design"] };

/** A part of the screen under its heading. */
const part = (page: Page, heading: string): Locator =>
  page
    .getByRole("main")
    .locator("section, article")
    .filter({ has: page.getByRole("heading", { name: heading, exact: true }) })
    .last();

interface History {
  age_seconds: number;
  stays: { stage: string; seconds: number; in_cycle: boolean }[];
}

/** A deal of the demonstration company that has been in several stages. */
async function travelled(page: Page): Promise<{ id: string; history: History }> {
  const { items } = await api<{ items: { id: string }[] }>(page, "GET", "/v1/deals?status=open&limit=50");
  for (const { id } of items) {
    const history = await api<History>(page, "GET", `/v1/deals/${id}/history`);
    const parts = history.stays.filter(({ seconds }) => seconds > 86_400);
    // One whose parts are not whole days, so that rounding could show.
    const floored = parts.reduce((sum, { seconds }) => sum + Math.floor(seconds / 86_400), 0);
    if (parts.length >= 3 && floored < Math.floor(history.age_seconds / 86_400)) return { id, history };
  }
  throw new Error("no deal has been in three stages");
}

const percents = (rows: readonly string[]) =>
  rows.map((row) => Number(/([\d.]+)\s?%/.exec(row)?.[1] ?? Number.NaN));

test("the parts of a deal's history are all there, and sum to its age", async ({ signedIn: page }) => {
  const { id, history } = await travelled(page);
  await page.goto(`/deals/${id}`);
  const rows = part(page, "Stage history").getByRole("row");
  await expect(rows).toHaveCount(history.stays.length + 1);
  const shares = percents((await rows.allInnerTexts()).slice(1));
  for (const [place, stay] of history.stays.entries()) {
    expect(shares[place]).toBeCloseTo((100 * stay.seconds) / history.age_seconds, 0);
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  expect(Math.abs(total - 100)).toBeLessThanOrEqual(0.05 * history.stays.length + 1e-9);
  const seconds = history.stays.reduce((sum, stay) => sum + stay.seconds, 0);
  expect(seconds).toBeCloseTo(history.age_seconds, 0);
});

test("the days of a deal's history sum to the age that is shown", async ({ signedIn: page }) => {
  const { id } = await travelled(page);
  await page.goto(`/deals/${id}`);
  const history = part(page, "Stage history");
  await expect(history.getByRole("row").nth(1)).toBeVisible();
  const days = (text: string) => Number(/([\d.,]+)\s+days?/.exec(text)?.[1]?.replace(",", "") ?? 0);
  const age = days((await history.getByText(/the parts sum to it/).textContent()) ?? "");
  const cells = await history.getByRole("row").locator("td:nth-of-type(2)").allInnerTexts();
  const shown = cells.reduce((sum, cell) => sum + days(cell), 0);
  expect(age).toBeGreaterThan(0);
  expect(shown).toBeCloseTo(age, 0);
});

test("the win probability stands with the cases behind it, and a person's own beside it", async ({
  signedIn: page,
}) => {
  const id = await openDeal(page, { name: unique("Likely"), ...NEGOTIABLE });
  interface Demand {
    counts: { entered: number; won: number; lost: number; open: number; at_risk: number };
  }
  await page.goto(`/deals/${id}`);
  const chance = part(page, "Win probability");
  const number = (value: number) => new Intl.NumberFormat("en-GB").format(value);
  await expect(async () => {
    const { counts } = await api<Demand>(page, "GET", `/v1/pipeline-demand/${id}`);
    expect(counts.won).toBeGreaterThan(0);
    for (const [value, what] of [
      [counts.won, "were won"],
      [counts.lost, "were lost"],
      [counts.open, "are open"],
    ] as const) {
      await expect(chance).toContainText(`${number(value)} ${what}`, { timeout: 1_000 });
    }
  }).toPass();
  const { model_probability } = await readDeal(page, id);
  await expect(chance).toContainText(`${Math.round(Number(model_probability) * 100)}%`);

  await chance.getByRole("button", { name: "Set my own" }).click();
  await chance.getByLabel("Per cent").fill("250");
  await expect(chance).toContainText("A number from 0 to 100");
  await chance.getByLabel("Per cent").fill("62,5");
  await chance.getByRole("button", { name: "Save" }).click();
  await expect(chance).toContainText("a person's own, which counts");
  await expect(chance).toContainText("63%");
  expect(Number((await readDeal(page, id)).manual_probability)).toBe(0.625);
  await chance.getByRole("button", { name: "Remove my own" }).click();
  await expect(chance.getByRole("button", { name: "Set my own" })).toBeVisible();
  await expect.poll(async () => (await readDeal(page, id)).manual_probability).toBeNull();
  await page.getByRole("button", { name: "Undo" }).first().click();
  await expect(chance).toContainText("63%");
  await expect.poll(async () => Number((await readDeal(page, id)).manual_probability)).toBe(0.625);
});

test("an approval says who gave it and until when, and that a new price has voided it", async ({
  signedIn: page,
}) => {
  const name = unique("Approved");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/deals/${id}`);
  const approvals = part(page, "Approvals");
  await expect(approvals).toContainText("None given");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog", { name });
  await dialog.getByLabel(/Price a unit/).fill("900");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByRole("button", { name: "Approve and save" }).click();
  await expect(dialog).toBeHidden();
  const [approval] = (
    await api<{ role: string; approver: string }[]>(page, "GET", `/v1/deals/${id}/approvals`)
  ).slice(-1);
  await expect(approvals).toContainText(approval?.role ?? "?");
  await expect(approvals).toContainText(approval?.approver ?? "?");
  await expect(approvals).toContainText(/until \d/);
  await expect(part(page, "Lines").getByRole("row", { name: /PMP-S50/ })).toContainText("approved");
  await reprice(page, id, "2000");
  await expect(approvals).toContainText("void");
  const life = part(page, "Life of the deal");
  for (const fact of ["Opened", "Approved", "Approval voided"]) {
    await expect(life.getByText(fact, { exact: true }).first()).toBeVisible();
  }
});

test("each event of a deal's life is told with its chain, as it happens", async ({ signedIn: page }) => {
  const name = unique("Lived");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/deals/${id}`);
  const life = part(page, "Life of the deal");
  await expect(life).toContainText("Lead qualification → Solution design");
  await page.getByRole("button", { name: "Attach a document" }).click();
  await page.getByLabel("Kind, such as requirements").fill("contract");
  await page.getByLabel("Its name").fill("Signed.pdf");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(part(page, "Documents")).toContainText("contract");
  await expect(life).toContainText("contract: Signed.pdf");
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Negotiation" }).click();
  await expect(toast(page, `${name} is in Negotiation`)).toBeVisible();
  await expect(life).toContainText("Solution design → Negotiation");
  await expect(page.getByRole("listitem").and(page.locator("[aria-current=step]"))).toHaveText("Negotiation");
  const { items } = await api<{ items: { correlation_id: string }[] }>(page, "GET", `/v1/deals/${id}/life`);
  const chains = life.getByRole("link", { name: "Chain" });
  await expect(chains).toHaveCount(items.filter((fact) => fact.correlation_id).length);
  await chains.first().click();
  await expect(page).toHaveURL(new RegExp(`/traces/${items[0]?.correlation_id}`));
  await expect(page.getByRole("region", { name: "The chain as a graph" })).toBeVisible();
});

test("a win is taken back on the deal's own screen, and the history says so", async ({ signedIn: page }) => {
  const name = unique("Won too early");
  const id = await openDeal(page, { name, stages: ["solution-design", "negotiation"] });
  await page.goto(`/deals/${id}`);
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Won" }).click();
  const dialog = page.getByRole("dialog", { name: "Win the deal" });
  await dialog.getByLabel(/^Reason/).fill("They said yes");
  await dialog.getByRole("button", { name: "Won" }).click();
  await expect(page.getByRole("main").getByText("They said yes").first()).toBeVisible();
  await expect(part(page, "Life of the deal").getByText("Sold", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("menuitem", { name: "Negotiation" }).click();
  await expect.poll(() => readDeal(page, id)).toMatchObject({ status: "open", stage: "negotiation" });
  await expect(part(page, "Stage history").getByRole("row", { name: /Won/ })).toContainText("taken back");
});

test("of a lost deal it is not said that it is due beyond the forecast", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: unique("Gone"), ...NEGOTIABLE });
  await moveDeal(page, id, "lost");
  await page.goto(`/deals/${id}`);
  const hangs = page.getByRole("region", { name: "What hangs on this deal" });
  await expect(hangs).toContainText("Cash");
  await expect(part(page, "Stage history").getByRole("row").nth(1)).toBeVisible();
  await expect(hangs).not.toContainText("Due beyond");
});

test("a new line below its floor is approved where it is written", async ({ signedIn: page }) => {
  const name = unique("One more line");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/deals/${id}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog", { name });
  await dialog.getByRole("button", { name: "Add a line" }).click();
  await dialog.getByRole("button", { name: /Product$/ }).click();
  await page.getByRole("option", { name: /Dosing pump D20/ }).click();
  await dialog.getByLabel(/^Quantity/).last().fill("4");
  await dialog.getByLabel(/Price a unit/).last().fill("300");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByRole("button", { name: "Approve and save" }).click();
  await expect(dialog).toBeHidden();
  expect((await readDeal(page, id)).lines.map((line) => Number(line.price))).toContain(300);
});

test("a changed account is told by its name", async ({ signedIn: page }) => {
  const id = await openDeal(page, { name: unique("Handed over"), ...NEGOTIABLE });
  const accounts = await api<{ items: { id: string; name: string }[] }>(page, "GET", "/v1/accounts");
  const [before, after] = accounts.items;
  await changeDeal(page, id, { account_id: after?.id });
  await page.goto(`/deals/${id}`);
  const life = part(page, "Life of the deal");
  await expect(life).toContainText("Changed");
  await expect(life).not.toContainText("account_id");
  await expect(life).not.toContainText(after?.id ?? "?");
  await expect(life).toContainText(before?.name ?? "?");
  await expect(life).toContainText(after?.name ?? "?");
});
