import { defineConfig } from "@playwright/test";
import { browser } from "./e2e/browser";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/takt.ts",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "node_modules/.playwright",
  use: {
    viewport: { width: 1280, height: 900 },
    launchOptions: await browser(),
    trace: "retain-on-failure",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  },
  projects: [
    { name: "tests", testMatch: "**/*.spec.ts" },
    { name: "measure", testMatch: "**/*.measure.ts", use: { trace: "off" } },
    { name: "pictures", testMatch: "**/*.pictures.ts", use: { trace: "off" } },
  ],
});
