import { expect, key, makeKey, oneTimeLink, revokeKey, signIn, test } from "./fixtures";
import { accessible } from "./looks";

test("a wrong key is refused in words, and the right one opens the console", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Sign in to Takt" })).toBeVisible();
  await accessible(page);
  await page.getByLabel("Key").fill("takt_00000000_nobody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("takt keys create");
  await accessible(page);
  await page.getByLabel("Key").fill(key());
  await page.keyboard.press("Enter");
  await expect(page.getByRole("navigation")).toContainText("Kestrel Flow Systems");
  await expect(page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
});

test("the session is kept out of the reach of scripts, and ends with signing out", async ({
  signedIn: page,
  context,
}) => {
  await page.goto("/");
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Takt" })).toBeVisible();
  expect(await context.cookies()).toEqual([]);
  // What services know of a key they remember for five seconds.
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  const ask = async () => (await page.request.get("/v1/deals", { headers })).status();
  await expect.poll(ask).toBe(401);
});

test("a one-time link signs in once, and is taken out of the address", async ({ page, browser }) => {
  const link = oneTimeLink();
  await page.goto(link);
  await expect(page.getByRole("navigation")).toContainText("Kestrel Flow Systems");
  expect(page.url()).not.toContain("ticket");
  const stranger = await browser.newPage();
  await stranger.goto(link);
  await expect(stranger.getByRole("alert")).toContainText("takt open");
  await stranger.close();
});

test("a key that has ended takes the page back to the sign-in, in words", async ({ page }) => {
  const { key: short, prefix } = makeKey("short", ["deals:read", "events:read"]);
  await signIn(page, short);
  await page.goto("/");
  await expect(page.getByRole("navigation")).toContainText("Kestrel Flow Systems");
  revokeKey(prefix);
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("heading", { name: "Sign in to Takt" })).toBeVisible({ timeout: 2000 });
  }).toPass();
});
