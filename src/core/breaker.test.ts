import { expect, test } from "vitest";
import { failed, rests, sound, trying, type Breaker } from "./breaker.ts";

const failures = (count: number, at: number): Breaker =>
  Array.from({ length: count }).reduce<Breaker>((breaker) => failed(breaker, at), sound);

test("two failures in a row change nothing, the third begins a rest of half a minute", () => {
  expect(rests(failures(2, 0), 0)).toBe(false);
  const third = failures(3, 0);
  expect(rests(third, 29_999)).toBe(true);
  expect(rests(third, 30_000)).toBe(false);
});

test("after a rest one message tries, and the others wait for what it finds", () => {
  const third = failures(3, 0);
  const tried = trying(third, 30_000);
  expect(rests(tried, 30_001)).toBe(true);
  expect(rests(tried, 45_000)).toBe(false);
  expect(rests(failed(tried, 31_000), 31_000 + 59_999)).toBe(true);
  expect(rests(failed(tried, 31_000), 31_000 + 60_000)).toBe(false);
});

test("a sound gateway takes any number of messages at once, and no rest is longer than five minutes", () => {
  expect(rests(trying(sound, 0), 0)).toBe(false);
  expect(rests(trying(failures(1, 0), 0), 0)).toBe(false);
  expect(rests(failures(40, 0), 300_000)).toBe(false);
});
