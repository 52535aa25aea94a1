// The browser of the tests and of tools/screens.ts: the machine's own, which Debian keeps up to date.
import type { LaunchOptions } from "@playwright/test";
import { findProgram } from "../support/process.ts";

/** How to start it; one sentence when it is not there. */
export function chromiumLaunch(): LaunchOptions {
  const executablePath = findProgram("chromium");
  if (executablePath === undefined)
    throw new Error("There is no chromium on this machine, which the browser tests need: apt-get install chromium.");
  // Chromium refuses to start its sandbox as root.
  return { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] };
}
