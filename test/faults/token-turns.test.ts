// whoever signs in while tokens are imported waits for one turn of the event loop at most. Turns are measured in processor
// time, which other programs on the machine do not lengthen much; the bench measures waiting itself, on a quiet machine.
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { importTokens, type TokenImportOptions } from "#actions/token-import.ts";
import { csvParts, pskcParts, transportKey } from "../../bench/token-files.ts";
import { world, type World } from "../support/world.ts";

const tokens = 2000;
let here: World;
afterEach(() => here.close());

const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** The turns while the work goes on, the longest first. */
async function turnsOf(work: Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  let goesOn = true;
  void work.finally(() => (goesOn = false));
  for (let before = cpuMs(); goesOn; before = cpuMs()) {
    await setImmediate();
    turns.push(cpuMs() - before);
  }
  return turns.toSorted((a, b) => b - a);
}

test.each<[string, () => Generator<string>, TokenImportOptions]>([
  ["PSKC", () => pskcParts(tokens), { keyHex: transportKey.toString("hex") }],
  ["CSV", () => csvParts(tokens), {}],
])("while tokens are imported from %s no turn takes 100 ms of processor time", async (_, parts, options) => {
  here = await world();
  // in one piece, as a slow disk's read-ahead or a fast network may hand it over
  const whole = Buffer.from([...parts()].join(""));
  async function* file() {
    yield whole;
  }
  const work = importTokens(here.deps, "cli", { file: file(), progress: () => undefined, options });
  const [longest, ...more] = await turnsOf(work);
  expect(await work).toMatchObject({ accepted: tokens });
  expect(more.length).toBeGreaterThan(tokens / 50);
  expect(longest).toBeLessThan(100);
});
