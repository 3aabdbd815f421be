import { defineConfig } from "@playwright/test";
import { browser } from "./e2e/browser";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/company.setup.ts",
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "node_modules/.playwright",
  use: {
    viewport: { width: 1280, height: 900 },
    launchOptions: await browser(),
    screenshot: "only-on-failure",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  },
  projects: [
    { name: "tests", testMatch: "**/*.spec.ts" },
    { name: "measure", testMatch: "**/*.measure.ts" },
    { name: "pictures", testMatch: "**/*.pictures.ts" },
  ],
});
