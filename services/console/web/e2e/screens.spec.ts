/**
 * Every screen and every state of it in light and dark, in both languages, wide and narrow: nothing that axe
 * objects to, nothing cut off.
 */

import { type Locator, type Page, request } from "@playwright/test";
import { api, connection, expect, type Language, makeKey, openDeal, PROBLEM, reprice, SCOPES, signIn, speak, test, unique, url, wordsIn } from "./fixtures";
import { EVERY_LOOK, presentable, uncut } from "./looks";

// These are the most and need nothing of each other: whichever worker is free takes the next.
test.describe.configure({ mode: "parallel" });

const LANGUAGES = ["en", "zh-CN"] as const;

let deal = "";
let chain = "";
const NAME = unique("On every screen");

test.beforeAll(async () => {
  const asking = { request: await request.newContext({ baseURL: url() }) };
  deal = await openDeal(asking, { name: NAME, stages: ["solution-design", "negotiation"] });
  const life = await api<{ items: { correlation_id: string }[] }>(asking, "GET", `/v1/deals/${deal}/life`);
  chain = life.items[0]?.correlation_id ?? "";
  expect(chain).not.toBe("");
  await asking.request.dispose();
});

interface Screen {
  path: () => string;
  drawn: (page: Page) => Promise<void>;
}

const SCREENS = {
  Beat: {
    path: () => "/",
    drawn: async (page) => {
      await expect(page.locator("figure svg[role=img]")).toHaveCount(2);
      await expect(page.locator("[data-lit=true]").first()).toBeVisible();
    },
  },
  Pipeline: {
    path: () => "/pipeline",
    drawn: async (page) => expect(page.getByRole("row").first()).toBeVisible(),
  },
  Deal: {
    path: () => `/deals/${deal}`,
    drawn: async (page) => {
      await expect(page.getByRole("heading", { name: NAME })).toBeVisible();
      await expect(page.getByText("PMP-S50").first()).toBeVisible();
    },
  },
  Chain: {
    path: () => `/traces/${chain}`,
    drawn: async (page) => expect(page.locator("pre, code").first()).toBeVisible(),
  },
  "Unknown deal": {
    path: () => "/deals/00000000-0000-7000-8000-000000000000",
    drawn: async (page) => expect(page.locator("main p")).toBeVisible(),
  },
} satisfies Record<string, Screen>;

async function open(page: Page, path: string, language: Language): Promise<void> {
  await page.goto(path);
  await expect(page.locator("html")).toHaveAttribute("lang", language);
}

for (const language of LANGUAGES) {
  const say = wordsIn(language);
  // What axe looks for in the states of a screen is the same in each language; how long words are is not.
  const fits = language === "en" ? presentable : uncut;
  test.describe(language, () => {
    test.beforeEach(({ page }) => speak(page, language));

    for (const [name, { path, drawn }] of Object.entries<Screen>(SCREENS)) {
      test(`${name}`, async ({ signedIn: page }) => {
        await open(page, path(), language);
        await presentable(page, () => drawn(page), EVERY_LOOK);
      });
    }

    test("the sign-in, and a key that is refused", async ({ page }) => {
      await open(page, "/", language);
      const key = page.getByLabel(say("sign-in.key"), { exact: true });
      await fits(page, () => expect(key).toBeVisible());
      await key.fill("takt_00000000_nobody");
      await page.keyboard.press("Enter");
      await fits(page, () => expect(page.getByRole("alert")).toBeVisible());
    });

    test("a screen that is refused its data says why, and what to do", async ({ signedIn: page }) => {
      const told = async () => {
        for (const words of ["The shelf is empty", "Fill the shelf, and ask again.", "00000000beef"]) {
          await expect(page.getByRole("alert").first()).toContainText(words);
        }
      };
      await page.route(/\/v1\/(cash|forecasts|status|traces|pipelines\/default|deals\/[^/]+$)/, (route) =>
        route.fulfill(PROBLEM),
      );
      for (const screen of ["Beat", "Pipeline", "Deal", "Chain"] as const) {
        await open(page, SCREENS[screen].path(), language);
        await fits(page, told);
        await expect(page.getByRole("button", { name: say("action.retry") }).first()).toBeVisible();
      }
    });

    test("a deal of which only the deal itself can be read", async ({ signedIn: page }) => {
      await page.route(/\/v1\/(deals\/[^/]+\/|pipeline-demand|cash)/, (route) => route.fulfill(PROBLEM));
      await open(page, SCREENS.Deal.path(), language);
      await fits(page, async () => {
        await expect(page.getByRole("heading", { name: NAME })).toBeVisible();
        await expect(page.getByRole("alert").nth(4)).toBeVisible();
      });
    });

    test("a screen whose data is awaited", async ({ signedIn: page }) => {
      await page.route(/\/v1\/(cash|forecasts|status|traces|pipelines\/default|deals\/)/, () => {});
      for (const screen of ["Beat", "Pipeline", "Deal", "Chain"] as const) {
        await open(page, SCREENS[screen].path(), language);
        const waiting = page.locator("main [aria-busy=true]").first();
        // After some seconds it says that it waits still.
        const words = new RegExp(`${say("state.loading")}|${say("state.waiting")}`);
        await fits(page, () => expect(waiting).toContainText(words));
      }
    });

    test("a company that has nothing yet", async ({ signedIn: page }) => {
      await page.route(/\/v1\/pipelines\/default\/cards/, (route) => route.fulfill({ json: { cards: [] } }));
      await page.route(/\/v1\/pipelines\/default\/standing/, (route) => route.fulfill({ json: [] }));
      await page.route(/\/v1\/(forecasts|purchase-orders)/, (route) =>
        route.fulfill({ json: { items: [], next: null } }),
      );
      await page.route(/\/v1\/events/, () => {});
      for (const [screen, words] of [
        ["Beat", say("chains.none")],
        ["Pipeline", "takt import crm"],
      ] as const) {
        await open(page, SCREENS[screen].path(), language);
        await fits(page, () => expect(page.getByRole("main")).toContainText(words));
      }
    });

    test("without a connection", async ({ signedIn: page }) => {
      // A stream that was live and then ends, and cannot be had again.
      await page.route(
        /\/v1\/events/,
        (route) =>
          route.fulfill({
            contentType: "text/event-stream",
            body: 'id: 0\nevent: state\ndata: {"state":"live"}\n\n',
          }),
        { times: 1 },
      );
      await page.route(/\/v1\/events/, (route) => route.abort());
      await open(page, SCREENS.Deal.path(), language);
      await fits(page, () => connection(page, "offline"));
    });

    // D28, as above.
    test("with a key that opens no events", async ({ page }) => {
      const scopes = SCOPES.filter((scope) => scope !== "events:read");
      await signIn(page, makeKey("no events", scopes).key);
      await open(page, SCREENS.Deal.path(), language);
      await fits(page, () => connection(page, "refused"));
      await open(page, "/", language);
      await fits(page, () => connection(page, "refused"));
    });

    test("the dialogs of a deal: edit, a conflict, criteria, close", async ({
      signedIn: page,
    }) => {
      const dialog = page.getByRole("dialog");
      const holds = (part: Locator) => () => expect(part).toBeVisible();
      const move = async (stage: string) => {
        await page.setViewportSize({ width: 1280, height: 900 });
        await page.getByRole("button", { name: say("board.move-selected") }).click();
        await page.getByRole("menuitem", { name: stage }).click();
      };
      const shut = async () => {
        await dialog.getByRole("button", { name: say("action.close") }).click();
        await expect(dialog).toBeHidden();
      };
      const wish = { account: false, documents: [], stages: ["needs-confirmation"] };
      const id = await openDeal(page, { name: unique("In dialogs"), ...wish });
      await open(page, `/deals/${id}`, language);
      await page.getByRole("button", { name: say("deal.edit"), exact: true }).click();
      const price = dialog.getByLabel(say("edit.price", { currency: "EUR" }));
      await fits(page, holds(price));
      await reprice(page, id, "2100");
      await price.fill("2050");
      await dialog.getByRole("button", { name: say("action.save"), exact: true }).click();
      await fits(page, holds(dialog.getByRole("button", { name: say("conflict.take-theirs") })));
      await shut();
      await move("Solution design");
      await fits(page, holds(dialog.getByRole("button", { name: say("criteria.fill") })));
      await shut();
      await move("Lost");
      await fits(page, holds(dialog.getByLabel(say("closing.competitor"))));
      await shut();
    });

    test("what a move says, and one that is refused", async ({ signedIn: page }) => {
      const id = await openDeal(page, { name: unique("Told"), stages: ["needs-confirmation"] });
      await open(page, `/deals/${id}`, language);
      const move = async (stage: string) => {
        await page.getByRole("button", { name: say("board.move-selected") }).click();
        await page.getByRole("menuitem", { name: stage }).click();
      };
      await move("Lead qualification");
      const toasts = page.getByRole("region", { name: say("toasts.label") }).getByRole("alertdialog");
      await expect(toasts).toHaveCount(1);
      await page.route(/\/v1\/deals\/[^/]+\/stage$/, (route) => route.fulfill(PROBLEM));
      await move("Needs confirmation");
      await fits(page, () => expect(toasts.filter({ hasText: "The shelf is empty" })).toBeVisible());
    });

    test("the palette and the keys", async ({ signedIn: page }) => {
      await open(page, SCREENS.Deal.path(), language);
      await SCREENS.Deal.drawn(page);
      await page.keyboard.press("Control+k");
      const palette = page.getByRole("dialog", { name: say("palette.title") });
      await fits(page, () => expect(palette.getByRole("menuitem").first()).toBeVisible());
      await page.keyboard.type("zzzz");
      await fits(page, () => expect(palette).toContainText(say("palette.nothing")));
      await palette.getByRole("button", { name: say("action.close") }).click();
      await expect(palette).toBeHidden();
      await page.keyboard.press("?");
      await fits(page, () => expect(page.getByRole("dialog", { name: say("keys.title") })).toBeVisible());
    });
  });
}
