// what a node makes of its clock, the database's, and the time that passes.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { health, type Health } from "../../src/health.ts";
import { metrics } from "../../src/metrics.ts";
import { kinds, world, type World } from "../support/world.ts";

const second = 1000;
const minute = 60 * second;

describe.each(kinds)("a node's health, on %s,", (kind) => {
  let w: World;
  let passed = 0;
  let state: Health;
  beforeEach(async () => {
    w = await world({ kind, settings: { "lockout.minutes": 5 } });
    state = health(w.deps, () => passed);
    await state.check();
  });
  afterEach(() => w.close());
  const pass = async (ms: number) => {
    passed += ms;
    w.clock.at += ms;
    await state.check();
  };
  const set = async (ms: number) => {
    w.clock.at += ms;
    await state.check();
  };
  /** This node's clock alone is off, not the one that the database has. */
  const differ = async (ms: number) => {
    w.deps.clock.now = () => w.clock.at - ms;
    await state.check();
  };

  test("a difference of more than 5 seconds is told, one of more than 15 decides nothing", async () => {
    await pass(24 * 60 * minute);
    expect([state.ready(), state.reasons(), state.skewMs()]).toEqual([true, [], 0]);
    await differ(7 * second);
    expect([state.ready(), state.reasons(), state.skewMs()]).toEqual([true, ["clock_skew"], 7 * second]);
    const parts = { radius: () => undefined, callbacks: {}, pushes: () => ({}), state };
    const told = await metrics(parts)();
    expect(told).toContain("countersign_clock_skew_seconds 7");
    expect(told).toContain('countersign_degraded{reason="clock_skew"} 1');
    expect(told).toContain('countersign_degraded{reason="database"} 0');
    await differ(-16 * second);
    expect([state.ready(), state.reasons()]).toEqual([false, ["clock_skew"]]);
    await differ(0);
    expect([state.ready(), state.reasons()]).toEqual([true, []]);
  });

  test.each([60, -60])("a step of %d minutes decides nothing for as long as a lock", async (minutes) => {
    await pass(24 * 60 * minute);
    await set(minutes * minute);
    expect([state.ready(), state.reasons()]).toEqual([false, ["clock_step"]]);
    await pass(4 * minute);
    expect(state.ready()).toBe(false);
    await pass(minute);
    expect([state.ready(), state.reasons()]).toEqual([true, []]);
    const said = w.logged.map(({ message }) => message).filter((message) => message.startsWith("the clock"));
    expect(said).toEqual([expect.stringContaining("was set while the server ran"), "the clock is believed again"]);
  });

  test("a machine that was asleep decides at once: time passed", async () => {
    await pass(60 * minute);
    expect([state.ready(), state.reasons()]).toEqual([true, []]);
  });
});
