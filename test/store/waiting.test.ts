// Those who wait: how little each of them holds, and that nothing of it stays.
import { getEventListeners } from "node:events";
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deps } from "#actions/deps.ts";
import { change, endWait, startWait } from "#actions/waiting.ts";
import { world, type World } from "../support/world.ts";

let w: World;
let deps: Deps;
let timers = 0;
beforeAll(async () => {
  w = await world();
  const after: Deps["clock"]["after"] = (ms, run) => {
    const timer = setTimeout(run, ms);
    timers += 1;
    return () => {
      clearTimeout(timer);
      timers -= 1;
    };
  };
  deps = { ...w.deps, clock: { ...w.deps.clock, after } };
});
afterAll(async () => await w.close());

const start = (count: number, signal: AbortSignal) =>
  Array.from({ length: count }, (_, index) => {
    const wait = startWait(deps, { id: `chl_${index}`, waitMs: 600_000, signal });
    return { wait, changed: change(wait) };
  });

test("whoever waits takes less than a kilobyte and a half", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
  const count = 5000;
  const { signal } = new AbortController();
  start(100, signal).forEach(({ wait }) => endWait(wait));
  const before = heap();
  const waiting = start(count, signal);
  expect((heap() - before) / count).toBeLessThan(1500);
  waiting.forEach(({ wait }) => endWait(wait));
});

test("a signal ends all that wait with it by one listener, and nothing of them stays", async () => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const [first, ...others] = start(100, signal);
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  endWait(first!.wait);
  stopping.abort();
  await Promise.all(others.map(async ({ changed }) => await changed));
  expect([first, ...others].map((one) => one!.wait.over)).toEqual([false, ...Array(99).fill(true)]);
  others.forEach(({ wait }) => endWait(wait));
  expect([getEventListeners(signal, "abort").length, timers]).toEqual([0, 0]);
});

test("whoever has no time to wait, or no reason any more, does not", async () => {
  const at = { id: "chl_one", waitMs: 0 };
  for (const wait of [startWait(deps, at), startWait(deps, { ...at, waitMs: 1000, signal: AbortSignal.abort() })]) {
    await change(wait);
    expect([wait.over, timers]).toEqual([true, 0]);
    endWait(wait);
  }
});
