import { expect, test } from "vitest";
import { observe, type Believed } from "./clock-steps.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const lockMs = 30 * minute;

/** A clock that is looked at each second; `set` steps it. */
function clock(ranMs = 24 * hour) {
  let passed = 5 * hour;
  let offset = 1_800_000_000_000;
  let state: Believed | undefined;
  const look = () => (state = observe(state, { told: passed + offset, passed, lockMs }));
  look();
  passed += ranMs;
  look();
  return {
    set: (ms: number) => ((offset += ms), look()),
    /** Goes on, and says how long it was held meanwhile. */
    run(ms: number, slewPerSecond = 0) {
      let held = 0;
      for (const end = passed + ms; passed < end;) {
        if (state?.step) held += second;
        passed += second;
        offset += slewPerSecond;
        look();
      }
      return held;
    },
    away: () => Math.abs(state!.away),
    held: () => state!.step !== undefined,
  };
}

test("a clock that goes on is believed, also one that is slewed for days", () => {
  const one = clock();
  expect(one.run(minute)).toBe(0);
  expect(one.run(48 * hour, 0.5)).toBe(0);
  expect(one.run(48 * hour, -0.5)).toBe(0);
});

test.each([
  ["20 seconds", 20 * second, 20 * second],
  ["10 minutes", 10 * minute, 10 * minute],
  ["an hour", hour, lockMs],
  ["a day", 24 * hour, lockMs],
])("a step of %s, either way, holds it as long, or as long as a lock at most", (_name, step, held) => {
  for (const way of [1, -1]) {
    const one = clock();
    one.set(way * step);
    expect(one.run(2 * hour)).toBe(held);
    expect(one.held()).toBe(false);
  }
});

test("a step that is taken back is over at once", () => {
  const one = clock();
  one.set(hour);
  one.run(minute);
  expect(one.held()).toBe(true);
  one.set(-hour);
  expect(one.held()).toBe(false);
});

test("each further step is held anew", () => {
  const one = clock();
  one.set(hour);
  one.run(29 * minute);
  one.set(hour);
  expect(one.run(2 * hour)).toBe(lockMs);
  one.set(-2 * hour);
  expect(one.held()).toBe(true);
});

test("many small steps are a large one", () => {
  const one = clock();
  for (const held of [false, false, true]) {
    one.run(10 * minute);
    one.set(6 * second);
    expect(one.held()).toBe(held);
  }
});

test("a small step is seen until it has worn off", () => {
  const one = clock();
  one.set(8 * second);
  expect([one.held(), one.away()]).toEqual([false, 8 * second]);
  one.run(3 * hour);
  expect(one.away()).toBe(0);
});

test("what was believed for a moment only, such as the time at boot, is held for no longer than that", () => {
  const one = clock(20 * second);
  one.set(2 * hour);
  expect(one.run(hour)).toBe(20 * second);
});
