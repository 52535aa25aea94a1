// The speeds of test: beside the sources (pure, milliseconds), real databases and sockets, real clients, faults.
import { defineConfig } from "vitest/config";
import { countReporter } from "./test/support/count-reporter.ts";

// Tests run as the server does: a key "__proto__" reaches no prototype.
const execArgv = ["--disable-proto=throw", "--disable-warning=ExperimentalWarning"];

/** What is waited for comes late on a busy machine; the default of a second is no bound of ours. */
const waits = { poll: { timeout: 20_000 } };

/** Real programs and processes that are killed: two files at once, since half of their time they wait for one another. */
const slow = { maxWorkers: 2, testTimeout: 120_000, hookTimeout: 120_000, expect: waits };

export default defineConfig({
  test: {
    reporters: ["default", countReporter],
    pool: "forks",
    projects: [
      {
        test: {
          name: "unit",
          include: ["{src,sdk,tools,web}/**/*.test.ts"],
          isolate: false,
          testTimeout: 30_000,
          expect: waits,
          execArgv,
        },
      },
      {
        test: {
          name: "store",
          include: ["test/{store,support}/**/*.test.ts"],
          globalSetup: "test/support/shared-postgres.ts",
          maxWorkers: 2,
          testTimeout: 30_000,
          expect: waits,
          hookTimeout: 60_000,
          execArgv,
        },
      },
      {
        test: {
          name: "edges",
          include: ["test/edges/**/*.test.ts"],
          globalSetup: ["test/support/build-pages.ts", "test/support/shared-postgres.ts"],
          setupFiles: "test/support/quick-passwords.ts",
          // the third works while the others wait
          maxWorkers: 3,
          testTimeout: 30_000,
          expect: waits,
          hookTimeout: 60_000,
          execArgv,
        },
      },
      {
        test: {
          name: "peers",
          include: ["test/peers/**/*.test.ts"],
          globalSetup: "test/support/build-pages.ts",
          ...slow,
          execArgv,
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          globalSetup: "test/support/shared-postgres.ts",
          ...slow,
          execArgv,
        },
      },
    ],
  },
});
