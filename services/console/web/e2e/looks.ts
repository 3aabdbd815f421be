/** How the page looks to everyone: nothing that axe objects to, nothing cut off, in each width and theme. */

import { expect, type Page } from "@playwright/test";
import axe from "axe-core";

/** The page is not wider than its window, once its charts have taken their new width. */
export const notCut = (page: Page, what: string) =>
  expect
    .poll(
      () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      what,
    )
    .toBe(0);

/** No violation of what axe checks, or of these rules of it, in the page as it stands. */
export async function accessible(page: Page, rules?: string[]): Promise<void> {
  // Run in the page itself, which has no frames: a wrapper that looks for them takes three times as long.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  // A colour on its way from one to another is neither.
  await page.evaluate(async () => {
    const underWay = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(underWay.map((one) => one.finished));
  });
  const { violations } = await page.evaluate(
    (only) => (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ["violations"], ...only }),
    rules ? { runOnly: { type: "rule" as const, values: rules } } : {},
  );
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  expect(told).toEqual([]);
}

/** What axe checks of colours, which is all that a theme changes. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

type Look = readonly [width: number, theme: "light" | "dark"];
export const EVERY_LOOK: readonly Look[] = [
  [1280, "light"],
  [1280, "dark"],
  [390, "light"],
  [390, "dark"],
];
/** Each width and each theme once: for the many states of a screen whose own looks are all looked at. */
const BOTH_LOOKS: readonly Look[] = [
  [1280, "light"],
  [390, "dark"],
];

/** In each of these looks: nothing that axe objects to, nothing cut off. */
export async function presentable(page: Page, drawn: () => Promise<void>, looks = BOTH_LOOKS): Promise<void> {
  await inEach(page, drawn, looks, (rules) => accessible(page, rules));
}

/** In both looks nothing is cut off: for what axe has seen in another language already. */
export async function uncut(page: Page, drawn: () => Promise<void>): Promise<void> {
  await inEach(page, drawn, BOTH_LOOKS, async () => {});
}

async function inEach(
  page: Page,
  drawn: () => Promise<void>,
  looks: readonly Look[],
  check: (rules?: string[]) => Promise<void>,
): Promise<void> {
  let before = 0;
  for (const [width, colorScheme] of looks) {
    await page.emulateMedia({ colorScheme });
    if (width === before) {
      await check(OF_COLOURS);
      continue;
    }
    await page.setViewportSize({ width, height: 900 });
    await drawn();
    await notCut(page, `${width} px wide`);
    await check();
    before = width;
  }
}
