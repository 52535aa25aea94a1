// npm test: every stage after the other with its output in sight, then one plain line with the sums.
// A stage that fails without saying how many tests did (it crashed, it found none) counts as one failure.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Counts } from "../test/support/count-reporter.ts";
import { findProgram } from "../test/support/process.ts";
import { ensureDebian } from "./debian.ts";

type Stage = { name: string; command: string[] };

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = (project: string): Stage => ({
  name: project,
  command: ["node_modules/vitest/vitest.mjs", "run", "--project", project],
});

const playwright = "node_modules/@playwright/test/cli.js";
const browser: Stage = {
  name: "e2e",
  command: ["tools/browser.ts", playwright, "test", "--config", "test/e2e/playwright.config.ts"],
};

/** Once the Debian packages are there. */
const stagesNow = (): Stage[] => [
  { name: "check", command: ["tools/check.ts"] },
  { name: "pages", command: ["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "warn"] },
  vitest("unit"),
  ...["store", "edges", "peers", "faults"].filter((name) => existsSync(join(root, "test", name))).map(vitest),
  ...(findProgram("chromium") === undefined ? [] : [browser]),
];

function run({ name, command }: Stage, countFile: string): Counts {
  console.log(`\n── ${name}`);
  rmSync(countFile, { force: true });
  // CI=true alone makes some of these tools colour their output.
  const env = { ...process.env, COUNT_FILE: countFile, ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }) };
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...command], {
    cwd: root,
    env,
    stdio: "inherit",
  });
  const counts = existsSync(countFile) ? sum(readCounts(countFile)) : undefined;
  if (status === 0) return counts ?? { passed: 1, failed: 0, skipped: 0 };
  return { passed: 0, skipped: 0, ...counts, failed: Math.max(1, counts?.failed ?? 0) };
}

const readCounts = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Counts);

const sum = (rows: Counts[]): Counts => ({
  passed: rows.reduce((total, row) => total + row.passed, 0),
  failed: rows.reduce((total, row) => total + row.failed, 0),
  skipped: rows.reduce((total, row) => total + row.skipped, 0),
});

ensureDebian();
const stages = stagesNow();
const folder = mkdtempSync(join(tmpdir(), "countersign-test-"));
const results = stages.map((stage) => run(stage, join(folder, "counts")));
rmSync(folder, { recursive: true });

console.log("");
results.forEach(({ passed, failed, skipped }, index) =>
  console.log(`${failed ? "✗" : "✓"} ${stages[index]!.name}: ${passed} passed, ${failed} failed, ${skipped} skipped`),
);
const total = sum(results);
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
