import { execFileSync } from "node:child_process";
import { afterEach, expect, test, vi } from "vitest";
import { openLogger } from "./logging.ts";

afterEach(() => void vi.useRealTimers());

test("the last lines of a process that ends itself are written, in their order", () => {
  const logging = new URL("logging.ts", import.meta.url).href;
  const work = `const log = (await import(${JSON.stringify(logging)})).openLogger("info");
    for (const line of ["one", "two", "three"]) log.error(line);
    process.exit(0);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", work], { encoding: "utf8" });
  expect([...output.matchAll(/"msg":"(\w+)"/g)].map(([, line]) => line)).toEqual(["one", "two", "three"]);
});

/** What was logged since the last time. */
function logged(level: string) {
  vi.useFakeTimers();
  let lines: string[] = [];
  const log = openLogger(level, { write: (line) => void lines.push(line) });
  const told = () => {
    const texts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    lines = [];
    return texts.map(({ level: at, msg, client, n, more }) => ({ at, msg, client, n, more }));
  };
  return { log, told };
}

test("of one message fifty lines a minute are written, and the rest is counted (R-257)", () => {
  const { log, told } = logged("info");
  for (let n = 0; n < 100_000; n++) log.info("refused", { n });
  log.error("another");
  expect(told().map(({ msg, n }) => [msg, n])).toEqual([
    ...Array.from({ length: 50 }, (_, n) => ["refused", n]),
    ["another", undefined],
  ]);
  vi.advanceTimersByTime(60_000);
  expect(told()).toEqual([{ at: "info", msg: "refused", more: 99_950 }]);
  log.info("refused", { n: 1 });
  vi.advanceTimersByTime(60_000);
  expect(told()).toEqual([{ at: "info", msg: "refused", n: 1 }]);
});

test("what is said of one client takes no line from another", () => {
  const { log, told } = logged("info");
  for (let n = 0; n < 100; n++) log.warn("dropped", { client: "a" });
  log.warn("dropped", { client: "b" });
  expect(told().filter(({ client }) => client === "b")).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(told()).toEqual([{ at: "warn", msg: "dropped", client: "a", more: 50 }]);
});

test("at the level debug every line is written", () => {
  const { log, told } = logged("debug");
  for (let n = 0; n < 100; n++) log.info("asked", { n });
  expect(told()).toHaveLength(100);
});
