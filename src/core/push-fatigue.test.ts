import { expect, test } from "vitest";
import { restsUntil } from "./push-fatigue.ts";

const minute = 60_000;
const rule = { limit: 3, withinMs: 10 * minute, restMs: 30 * minute };
const no = (...minutes: number[]) => minutes.map((at) => ({ at: at * minute, approved: false }));
const yes = (at: number) => ({ at: at * minute, approved: true });

test("three in a row within ten minutes are followed by half an hour of rest", () => {
  expect(restsUntil([], rule)).toBe(0);
  expect(restsUntil(no(0, 1), rule)).toBe(0);
  expect(restsUntil(no(0, 1, 10), rule)).toBe(40 * minute);
  expect(restsUntil(no(0, 1, 11), rule)).toBe(0);
  expect(restsUntil(no(0, 5, 11, 14), rule)).toBe(44 * minute);
});

test("an approval forgives what was before it", () => {
  expect(restsUntil([...no(0, 1), yes(2), ...no(3)], rule)).toBe(0);
  expect(restsUntil([...no(0, 1), yes(2), ...no(3, 4, 5)], rule)).toBe(35 * minute);
});

test("with a limit of one the first is enough", () => {
  expect(restsUntil(no(7), { ...rule, limit: 1 })).toBe(37 * minute);
});
