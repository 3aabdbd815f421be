/**
 * How quick the page is, in a real browser beside a running Takt. `make bench` puts it into its table.
 *
 * Writes JSON of what was measured to the file that TAKT_MEASURED names.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { CDPSession, Page } from "@playwright/test";
import { api, cards, expect, openDeal, test, url } from "./fixtures";
import { TAKT } from "./takt";

const VISITS = 10;
const MOVES = 20;
const DRAGS = 3;
const DEALS = 5_000;
const SECONDS = 60;
const SETTLED_AFTER = 20;
/** What a simulated CRM, ERP and till do a second, for about 200 events. */
const ACTS = 13;

const measured: Record<string, number> = {};

test.describe.configure({ mode: "serial", timeout: 420_000 });

test.afterAll(() => {
  const file = process.env.TAKT_MEASURED;
  if (file) writeFileSync(file, JSON.stringify(measured));
  else console.log(measured);
});

test("the first screen", async ({ signedIn: page }) => {
  await visit(page);
  measured.script_kb = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map((each) => each as PerformanceResourceTiming)
      .filter((each) => each.name.endsWith(".js"))
      .reduce((kb, each) => kb + each.encodedBodySize / 1024, 0),
  );
  const visits: number[] = [];
  for (let n = 0; n < VISITS; n += 1) visits.push(await visit(page));
  measured.drawn_ms = median(visits);
});

test("a move, seen on the same page", async ({ signedIn: page }) => {
  const name = "Measured";
  await openDeal(page, { name, stages: ["solution-design"], quantity: "900" });
  await visit(page);
  await page.getByRole("button", { name: /^.*Deal$/ }).first().click();
  await page.getByRole("option", { name }).click();
  const moves = [];
  for (let n = 0; n <= MOVES; n += 1) {
    const button = page.getByRole("button", { name: n % 2 ? "Move it back" : "Move it", exact: true });
    await expect(button).toBeEnabled();
    const seen = watchMove(page);
    await button.click();
    moves.push(await seen);
  }
  const [, ...counted] = moves; // the first one warms what is then warm
  measured.move_p50_ms = median(counted);
  measured.move_p95_ms = percentile(counted, 0.95);
});

test("a stream of events, with the page open", async ({ signedIn: page }) => {
  await visit(page);
  const chrome = await page.context().newCDPSession(page);
  const heard = await countEvents(page);
  const simulated = simulate();
  await expect.poll(heard.soFar).toBeGreaterThan(0);
  const heaps: number[] = [];
  const frames: number[] = [];
  for (let second = 0; second < SECONDS; second += SETTLED_AFTER) {
    frames.push(await longestFrame(page, SETTLED_AFTER * 1_000));
    heaps.push(await heapMb(chrome));
  }
  measured.events_a_second = heard.stop() / SECONDS;
  simulated.kill("SIGINT");
  const [first = 0, ...later] = heaps;
  measured.stream_frame_ms = Math.max(...frames);
  measured.heap_mb = first;
  measured.heap_growth = Math.max(...later) / first;
});

test("a board of many deals", async ({ signedIn: page }) => {
  await fill(page);
  const painted: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    painted.push(await drawn(page, "/pipeline", "main [role=grid] [role=row]"));
  }
  measured.board_ms = median(painted);
  const frames: number[] = [];
  for (let n = 0; n < DRAGS; n += 1) {
    const card = cards(page, n % 2 ? "Negotiation" : "Solution design").first();
    const goal = page.getByRole("grid", {
      name: n % 2 ? "Solution design: deals" : "Negotiation: deals",
    });
    const [from, to] = [await card.boundingBox(), await goal.boundingBox()];
    if (!from || !to) throw new Error("there is nothing to drag");
    const longest = longestFrame(page, 3_000);
    await page.mouse.move(from.x + 60, from.y + 60);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width / 2, to.y + 200, { steps: 40 });
    await page.mouse.up();
    frames.push(await longest);
  }
  measured.drag_frame_ms = Math.max(...frames);
});

/** Opens Beat; milliseconds from navigation to its drawn chart. */
const visit = (page: Page) => drawn(page, "/", "main figure svg[role=img] path");

/** Goes to a page; milliseconds from navigation to the first frame that shows what is selected. */
async function drawn(page: Page, path: string, selector: string): Promise<number> {
  await page.goto(path, { waitUntil: "commit" });
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = (now: number) => {
          if (document.querySelector(wanted)) resolve(now);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
    selector,
  );
}

/** Milliseconds from the next click to the frame in which all parts of the move are drawn. */
function watchMove(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const drawn = () =>
          [
            ...document.querySelectorAll("main figure svg[role=img]"),
            [...document.querySelectorAll("main section")].find((section) =>
              section.querySelector("h2, h3")?.textContent?.startsWith("Orders that changed"),
            ),
          ].map((each) => each?.innerHTML);
        addEventListener(
          "click",
          () => {
            const began = performance.now();
            const before = drawn();
            const look = (now: number) => {
              const lit = [...document.querySelectorAll("main ol > li[data-lit]")];
              const whole = lit.length > 0 && lit.every((one) => one.matches("[data-lit=true]"));
              const after = drawn();
              const changed = after.every((each, place) => each !== before[place]);
              if (whole && changed) resolve(now - began);
              else requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
          },
          { capture: true, once: true },
        );
      }),
  );
}

/** The longest time between two frames, in milliseconds. */
function longestFrame(page: Page, milliseconds: number): Promise<number> {
  return page.evaluate(
    (during) =>
      new Promise<number>((resolve) => {
        const began = performance.now();
        let [last, longest] = [began, 0];
        const look = (now: number) => {
          longest = Math.max(longest, now - last);
          last = now;
          if (now - began > during) resolve(longest);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
    milliseconds,
  );
}

async function heapMb(chrome: CDPSession): Promise<number> {
  await chrome.send("HeapProfiler.collectGarbage");
  const { usedSize } = await chrome.send("Runtime.getHeapUsage");
  return usedSize / 2 ** 20;
}

function simulate(): ChildProcess {
  return spawn(TAKT, ["simulate", "--rate", String(ACTS), "--for", String(SECONDS + 30), "-o", "json"], {
    stdio: "ignore",
  });
}

/** Follows the events beside the page. */
async function countEvents(page: Page): Promise<{ soFar: () => number; stop: () => number }> {
  const cookies = await page.context().cookies();
  const ending = new AbortController();
  const answer = await fetch(`${url()}/v1/events`, {
    headers: {
      accept: "text/event-stream",
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
      "sec-fetch-site": "same-origin",
    },
    signal: ending.signal,
  });
  expect(answer.status).toBe(200);
  let heard = 0;
  const listen = async () => {
    const text = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const read = await text?.read();
      if (!read || read.done) return;
      heard += read.value.split("\ndata:").length - 1;
    }
  };
  void listen().catch(() => undefined);
  return {
    soFar: () => heard,
    stop: () => {
      ending.abort();
      return heard;
    },
  };
}

/** Open deals until there are many. */
async function fill(page: Page): Promise<void> {
  const { items: products } = await api<{ items: { code: string; list_price: string }[] }>(
    page,
    "GET",
    "/v1/products?limit=1000",
  );
  const { items: owners } = await api<{ items: { code: string }[] }>(page, "GET", "/v1/owners");
  const stages = ["lead-qualification", "needs-confirmation", "solution-design", "negotiation"];
  const at = (n: number, some: readonly { code: string }[]) => some[n % some.length]?.code;
  const deal = (n: number) => ({
    source: "measure",
    external_id: `many-${n}`,
    sequence: 1,
    name: `One of many, number ${n}`,
    owner: at(n, owners),
    pipeline: "default",
    stage: stages[n % stages.length],
    expected_close: new Date(Date.now() + ((n % 90) + 10) * 86_400_000).toISOString().slice(0, 10),
    lines: [
      {
        product: at(n, products),
        quantity: String((n % 7) + 1),
        price: products[n % products.length]?.list_price,
        requested_date: new Date(Date.now() + ((n % 90) + 40) * 86_400_000).toISOString().slice(0, 10),
      },
    ],
    documents: [{ kind: "requirements", name: "requirements.pdf" }],
  });
  const chunk = 100;
  for (let n = 0; n < DEALS; n += chunk) {
    const items = Array.from({ length: chunk }, (_, place) => deal(n + place));
    const told = await api<{ failed: number }>(page, "POST", "/v1/deals/upserts", { items });
    expect(told.failed).toBe(0);
  }
  await expect(async () => {
    const { services } = await api<{ services: { lag: number; outbox_unsent: number }[] }>(
      page,
      "GET",
      "/v1/status",
    );
    expect(services.filter((one) => one.lag || one.outbox_unsent)).toEqual([]);
  }).toPass({ timeout: 300_000 });
}

const median = (some: readonly number[]) => percentile(some, 0.5);
function percentile(some: readonly number[], point: number): number {
  const sorted = [...some].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(point * sorted.length))] ?? Number.NaN;
}
