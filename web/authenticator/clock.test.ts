import { expect, test } from "vitest";
import { clockOffset, leftOf } from "./clock.ts";

test("a clock that is right stays so, however slow the answer was", () => {
  expect(clockOffset({ serverTime: 10_000, sentAt: 9000, receivedAt: 10_500 })).toBe(0);
  expect(clockOffset({ serverTime: 40_000, sentAt: 10_000, receivedAt: 40_000 })).toBe(0);
});

test("a wrong clock is put right by the server's, from the middle of the answer's way", () => {
  expect(clockOffset({ serverTime: 700_000, sentAt: 99_000, receivedAt: 101_000 })).toBe(600_000);
  expect(clockOffset({ serverTime: 0, sentAt: 299_000, receivedAt: 301_000 })).toBe(-300_000);
});

test("a code's time runs out evenly", () => {
  expect([leftOf(60_000, 30), leftOf(75_000, 30), leftOf(89_999, 30)]).toEqual([1, 0.5, expect.closeTo(0, 3)]);
});
