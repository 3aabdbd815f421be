/** Takt goes away, is slow, and comes back: the page says so, and then shows each thing once, where it is. */

import type { Page } from "@playwright/test";
import {
  api,
  backOnline,
  board,
  cards,
  connection,
  eventsDoor,
  expect,
  gate,
  key,
  makeKey,
  moveDeal,
  onCard,
  openDeal,
  PROBLEM,
  revokeKey,
  signIn,
  stageOf,
  stateOfStream,
  test,
  toast,
  unique,
  url,
} from "./fixtures";
import { down, up } from "./takt";

const NEGOTIABLE = { stages: ["solution-design"] };

/** The chains of some deals in the events that Takt calls recent. */
async function chainsOf(ids: readonly string[]): Promise<Set<string>> {
  const stop = new AbortController();
  const answer = await fetch(`${url()}/v1/events?since=recent`, {
    headers: { authorization: `Bearer ${key()}`, accept: "text/event-stream" },
    signal: stop.signal,
  });
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes('"state":"live"') || text.includes('"state": "live"')) break;
  }
  stop.abort();
  // What came behind the word may end within an event.
  const events = text
    .slice(0, text.lastIndexOf("\n"))
    .split("\n")
    .filter((line) => line.startsWith("data:") && line.includes('"subject"'))
    .map((line) => JSON.parse(line.slice(5)) as { type: string; subject: string; correlations: string[] });
  const about = events.filter((event) => event.type.startsWith("takt.deal.") && ids.includes(event.subject));
  return new Set(about.flatMap((event) => event.correlations));
}

/** The chains that Beat lists under a name, by the address that each leads to. */
const listed = (page: Page, name: string) =>
  page
    .getByRole("link", { name: new RegExp(name) })
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("href")?.split("/").at(-1) ?? "").sort());

test("Takt restarts under the page: what happened then is there once, on the board and on Beat", async ({
  signedIn: page,
  context,
}) => {
  const name = unique("Here again");
  const ids = [
    await openDeal(page, { name: `${name} one`, ...NEGOTIABLE }),
    await openDeal(page, { name: `${name} two`, ...NEGOTIABLE }),
  ] as const;
  await page.goto(`/pipeline?text=${name}`);
  await connection(page, "live");
  const beat = await context.newPage();
  await beat.goto("/");
  await connection(beat, "live");
  await expect.poll(() => listed(beat, name)).toHaveLength(4);

  await down();
  try {
    await connection(page, "offline");
    await connection(beat, "offline");
    await expect(page.locator("header [data-state=offline]")).toHaveText(/^Offline, live until \d/);
    // A move that nobody answers is taken back, and said.
    await onCard(page, `${name} one`, "Move to Negotiation");
    await expect(toast(page, "Takt does not answer")).toBeVisible();
    await expect(cards(page, "Solution design")).toHaveCount(2);
    await expect(cards(page, "Negotiation")).toHaveCount(0);
  } finally {
    await up();
  }
  await moveDeal(page, ids[0], "negotiation");
  await moveDeal(page, ids[1], "needs-confirmation");
  for (const tab of [page, beat]) await backOnline(tab);
  await connection(page, "live");
  await connection(beat, "live");
  await expect
    .poll(() => board(page))
    .toEqual({
      "Lead qualification": [],
      "Needs confirmation": [`${name} two`],
      "Solution design": [],
      Negotiation: [`${name} one`],
    });
  const chains = [...(await chainsOf(ids))].sort();
  expect(chains).toHaveLength(6);
  await expect.poll(() => listed(beat, name)).toEqual(chains);
  // Nor is an event counted twice within its chain.
  for (const row of await beat.getByRole("link", { name: new RegExp(name) }).all()) {
    await expect(row).not.toContainText("Deal ×");
  }
});

test("what the stream still has to tell is caught up with in sight", async ({ signedIn: page }) => {
  const door = await eventsDoor(page, stateOfStream("catching-up"));
  await page.goto("/pipeline");
  await connection(page, "catching-up");
  await expect(page.locator("header [data-state=catching-up]")).toHaveText("Catching up");
  door.say(stateOfStream("live"));
  await connection(page, "live");
  door.close();
});

test("without a network the page says so at once, and goes on where it was", async ({
  signedIn: page,
  context,
}) => {
  const name = unique("Tunnel");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/pipeline?text=${name}`);
  await connection(page, "live");
  await context.setOffline(true);
  await connection(page, "offline");
  await expect(cards(page, "Solution design")).toHaveCount(1);
  await api(page, "POST", `/v1/deals/${id}/stage`, { stage: "negotiation" });
  await context.setOffline(false);
  await connection(page, "live");
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(name)]);
  await expect(cards(page, "Solution design")).toHaveCount(0);
});

test("an answer that takes thirty seconds is waited for, and other deals are moved meanwhile", async ({
  signedIn: page,
}) => {
  const name = unique("Slow");
  const slow = await openDeal(page, { name: `${name} one`, ...NEGOTIABLE });
  const quick = await openDeal(page, { name: `${name} two`, ...NEGOTIABLE });
  const lost = await openDeal(page, { name: `${name} three`, ...NEGOTIABLE });
  await page.clock.install();
  const read = await gate(page, /\/v1\/pipelines\/default\/cards/);
  await page.goto(`/pipeline?text=${name}`);
  await read.asked;
  await expect(page.getByRole("main").getByRole("status")).toContainText("Loading");
  await page.clock.runFor(30_000);
  await expect(page.getByRole("alert")).toHaveCount(0);
  read.open();
  await expect(cards(page, "Solution design")).toHaveCount(3);

  const moved = await gate(page, new RegExp(`/v1/deals/${slow}/stage`), "POST");
  await onCard(page, `${name} one`, "Move to Negotiation");
  await moved.asked;
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(`${name} one`)]);
  await page.clock.runFor(30_000);
  await onCard(page, `${name} two`, "Move to Needs confirmation");
  await expect.poll(() => stageOf(page, quick)).toBe("needs-confirmation");
  await expect(cards(page, "Negotiation")).toHaveText([new RegExp(`${name} one`)]);
  expect(await stageOf(page, slow)).toBe("solution-design");
  moved.open();
  await expect(toast(page, `${name} one is in Negotiation`)).toBeVisible();
  await expect.poll(() => stageOf(page, slow)).toBe("negotiation");

  const cut = await gate(page, new RegExp(`/v1/deals/${lost}/stage`), "POST");
  await onCard(page, `${name} three`, "Move to Negotiation");
  await cut.asked;
  await expect(cards(page, "Negotiation")).toHaveCount(2);
  cut.open((route) => route.abort());
  await expect(toast(page, "Takt does not answer")).toBeVisible();
  await expect(cards(page, "Solution design")).toHaveText([new RegExp(`${name} three`)]);
});

test("what has been read stays in sight when it cannot be read anew", async ({ signedIn: page }) => {
  const name = unique("Seen before");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  await page.goto(`/deals/${id}`);
  const history = page.getByRole("row", { name: /Solution design/ });
  await expect(history.first()).toBeVisible();
  const broken = page.waitForResponse(new RegExp(`/v1/deals/${id}/history`));
  await page.route(new RegExp(`/v1/deals/${id}/(history|life|prices|approvals)`), (route) => route.fulfill(PROBLEM));
  await moveDeal(page, id, "negotiation");
  await broken;
  await expect(page.getByRole("main").getByText("Negotiation").first()).toBeVisible();
  await expect(history.first()).toBeVisible();
  await expect(page.getByRole("row", { name: /PMP-S50/ })).toBeVisible();
});

test("a session that ends under the board leads to the sign-in at the next move", async ({ page }) => {
  const name = unique("Ended");
  const id = await openDeal(page, { name, ...NEGOTIABLE });
  const { key: short, prefix } = makeKey("ending", ["deals:read", "deals:write", "events:read"]);
  await signIn(page, short);
  // The stream would meet it too, within its quarter of a minute.
  await page.route(/\/v1\/events/, (route) => route.abort());
  await page.goto(`/pipeline?text=${name}`);
  await expect(cards(page, "Solution design")).toHaveCount(1);
  revokeKey(prefix);
  // What services know of a key they remember for five seconds.
  const ask = async () => (await page.request.get(`/v1/deals/${id}`)).status();
  await expect.poll(ask).toBe(401);
  await onCard(page, name, "Move to Negotiation");
  await expect(page.getByRole("heading", { name: "Sign in to Takt" })).toBeVisible();
  await expect(page.getByText("Your session has ended")).toBeVisible();
  expect(await stageOf(page, id)).toBe("solution-design");
});

test("signing out where Takt does not answer says so", async ({ signedIn: page }) => {
  await page.goto("/pipeline");
  await connection(page, "live");
  await page.route(/\/v1\/session/, (route) => route.abort());
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(
    toast(page, "Takt does not answer").or(page.getByRole("heading", { name: "Sign in to Takt" })),
  ).toBeVisible();
});

test("a screen that was not opened before opens while Takt is away", async ({ signedIn: page }) => {
  await page.goto("/");
  await connection(page, "live");
  await expect(page.getByRole("img", { name: /^Projected balance/ })).toBeVisible();
  // Idle time is when the page fetches what it has not needed yet.
  const fetched = (part: string) => () =>
    page.evaluate(
      (name) => performance.getEntriesByType("resource").some((one) => one.name.includes(`/${name}-`)),
      part,
    );
  for (const part of ["keys-dialog", "pipeline"]) await expect.poll(fetched(part), part).toBe(true);
  await page.route(/\/assets\//, (route) => route.abort());
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("navigation").getByRole("link", { name: "Pipeline" }).click();
  await expect(page.getByRole("searchbox")).toBeVisible();
});
