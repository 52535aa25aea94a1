// The browser of the tests and of tools/screens.ts: the machine's own, which Debian keeps up to date.
import type { LaunchOptions } from "@playwright/test";
import { findProgram } from "../support/process.ts";

/**
 * What a new headless Chromium makes for each window though nobody sees it: two suggestion lists under the address bar, pages
 * of their own with a process, and a process for the next page. They took 1.0 of the 1.5 s of processor time of a window.
 */
const unseen = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess"];

/** What Playwright switches off for a browser like this one; of two lists Chromium reads the last. */
const playwrights = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
];

/** How to start it, without what nobody sees; one sentence when it is not there. */
export function chromiumLaunch(): LaunchOptions {
  const executablePath = findProgram("chromium");
  if (executablePath === undefined)
    throw new Error("There is no chromium on this machine, which the browser tests need: apt-get install chromium.");
  const features = `--disable-features=${[...playwrights, ...unseen].join(",")}`;
  // Chromium refuses to start its sandbox as root.
  return { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox", features] : [features] };
}
