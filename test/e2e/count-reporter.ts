// Tells tools/test.ts how many browser tests passed, failed and were skipped, as one JSON line appended to COUNT_FILE.
// What stops tests from running (a file that does not load, a failed hook) must count as failed. A test that passed only
// when tried again failed.
import type { Reporter, Suite } from "@playwright/test/reporter";
import { appendFileSync } from "node:fs";
import type { Counts } from "../support/count-reporter.ts";

export default class CountReporter implements Reporter {
  #suite: Suite | undefined;
  #errors = 0;

  onBegin(_config: unknown, suite: Suite): void {
    this.#suite = suite;
  }

  onError(): void {
    this.#errors += 1;
  }

  onEnd(): void {
    if (process.env["COUNT_FILE"] === undefined) return;
    const tests = this.#suite?.allTests() ?? [];
    const skipped = tests.filter((test) => test.outcome() === "skipped");
    for (const test of skipped) {
      const reasons = test.annotations.map(({ description }) => description).filter(Boolean);
      console.log(`skipped: ${test.titlePath().join(" ").trim()}: ${reasons.join(", ") || "no reason given"}`);
    }
    const passed = tests.filter((test) => test.outcome() === "expected").length;
    const failed = tests.length - passed - skipped.length + this.#errors;
    const counts: Counts = { passed, failed, skipped: skipped.length };
    appendFileSync(process.env["COUNT_FILE"], `${JSON.stringify(counts)}\n`);
  }
}
