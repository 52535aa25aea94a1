// Tells tools/test.ts how many tests passed, failed and were skipped, as one JSON line appended to COUNT_FILE.
// What stops tests from running (a file that does not load, a failed hook, a stray rejection) must count as failed: the
// tests behind it are reported as skipped or not at all. Every skip is named with its reason.
import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export type Counts = { passed: number; failed: number; skipped: number };

const has = (entity: { errors(): readonly unknown[] }) => entity.errors().length > 0;

function count(module: TestModule): Counts {
  const tests = [...module.children.allTests()].map((test) => ({ name: test.fullName, ...test.result() }));
  const skipped = tests.filter((test) => test.state === "skipped");
  for (const test of skipped) console.log(`skipped: ${test.name}: ${test.note ?? "no reason given"}`);
  const broken = [module, ...module.children.allSuites()].filter(has);
  return {
    passed: tests.filter((test) => test.state === "passed").length,
    failed: tests.filter((test) => test.state === "failed").length + broken.length,
    skipped: skipped.length,
  };
}

export const countReporter: Reporter = {
  onTestRunEnd(modules, unhandled) {
    if (process.env.COUNT_FILE === undefined) return;
    const rows: Counts[] = [...modules.map(count), { passed: 0, failed: unhandled.length, skipped: 0 }];
    appendFileSync(process.env.COUNT_FILE, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  },
};
