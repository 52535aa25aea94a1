import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { newCrowd } from "./crowd.ts";

const now = 1_800_000_000_000;
const many = (times: number, ask: (one: number) => boolean) =>
  Array.from({ length: times }, (_, one) => ask(one)).filter(Boolean).length;

test("an address may ask six hundred times at once, and thirty times a second from then on", () => {
  const allow = newCrowd();
  expect(many(1000, () => allow("198.51.100.7", now))).toBe(600);
  expect(many(1000, () => allow("198.51.100.7", now + 1000))).toBe(30);
  expect(many(1000, () => allow("198.51.100.7", now + 500))).toBe(0);
  expect(many(1000, () => allow("198.51.100.7", now + 3_600_000))).toBe(600);
  expect(allow("198.51.100.8", now)).toBe(true);
});

test("addresses of one IPv6 customer are one, however many there are", () => {
  const allow = newCrowd();
  expect(many(1000, (one) => allow(`2001:db8:1:${one.toString(16)}::1`, now))).toBe(600);
  expect(allow("2001:db8:2::1", now)).toBe(true);
  expect(allow("fe80::1%eth0", now)).toBe(true);
  expect(many(1000, () => allow("::ffff:192.0.2.1", now))).toBe(600);
  expect(allow("::ffff:192.0.2.2", now)).toBe(true);
  expect(allow("", now)).toBe(true);
});

test("however many addresses there are, they take the memory of fifty thousand, and the oldest are forgotten", () => {
  const allow = newCrowd();
  many(600, () => allow("198.51.100.7", now));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const kept = () => (collect(), process.memoryUsage().heapUsed);
  const before = kept();
  const address = (one: number) => `10.${one >> 16}.${(one >> 8) & 255}.${one & 255}`;
  expect(many(300_000, (one) => allow(address(one), now))).toBe(300_000);
  expect(kept() - before).toBeLessThan(16 * 2 ** 20);
  expect(allow("198.51.100.7", now)).toBe(true);
});
