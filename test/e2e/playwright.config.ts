// The browser tests: the evaluation as it is started, in a real browser. Each worker has a server of its own.
import { defineConfig } from "@playwright/test";
import { chromiumLaunch } from "./chromium.ts";

// Workers are given FORCE_COLOR, and Node warns of each that has NO_COLOR beside it.
if (process.env["NO_COLOR"] !== undefined) {
  delete process.env["NO_COLOR"];
  process.env["FORCE_COLOR"] = "0";
}

export default defineConfig({
  testDir: ".",
  outputDir: "../../node_modules/.cache/e2e",
  globalSetup: "./build-pages.ts",
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["./count-reporter.ts"]],
  use: {
    launchOptions: chromiumLaunch(),
    locale: "en",
    // An animation must never decide whether a test passes; and people may ask for none.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
  },
});
