import { describe, expect, test } from "vitest";
import { drawPin, findPinFault, isPinOver, type PinRule } from "./pin.ts";

const rule: PinRule = { shortest: 4, phones: ["+46 70 174 06 35", "08-5551 2290"], isRecent: (pin) => pin === "2580" };
const day = 86_400_000;

describe("a PIN that is refused, with the reason", () => {
  test.each([
    ["", "form"],
    ["12a4", "form"],
    ["29*5", "form"],
    ["295", "length"],
    ["29529529529529529", "length"],
    ["2555", "all_same"],
    ["955591", "all_same"],
    ["3459", "sequential"],
    ["9543", "sequential"],
    ["901294", "sequential"],
    ["7406", "phone"],
    ["974063", "phone"],
    ["5122", "phone"],
    ["2580", "history"],
  ])("%s: %s", (pin, fault) => {
    expect(findPinFault(pin, rule)).toBe(fault);
  });
});

test("a PIN is accepted when no rule speaks: two equal, two in a row and three of the number's digits are fine", () => {
  for (const pin of ["2955", "1290", "1352", "7409", "2952952952952952"])
    expect(findPinFault(pin, rule)).toBeUndefined();
});

test("the shortest length is the setting's", () => {
  expect(findPinFault("29529", { ...rule, shortest: 6 })).toBe("length");
  expect(findPinFault("295295", { ...rule, shortest: 6 })).toBeUndefined();
});

describe("a PIN is over", () => {
  const pin = { changedAt: 10 * day, mustChange: false };
  test("after the days of the setting, and never where it is 0", () => {
    expect(isPinOver(pin, { days: 30, now: 40 * day - 1 })).toBe(false);
    expect(isPinOver(pin, { days: 30, now: 40 * day })).toBe(true);
    expect(isPinOver(pin, { days: 0, now: 4000 * day })).toBe(false);
  });
  test("at its first use when somebody else chose it", () => {
    expect(isPinOver({ ...pin, mustChange: true }, { days: 0, now: 10 * day })).toBe(true);
  });
});

test("a drawn PIN keeps the rules: what breaks them is drawn again", () => {
  const digits = [1, 1, 1, 1, 1, 1, 4, 9, 2, 8, 5, 1];
  expect(drawPin(rule, () => digits.shift()!)).toBe("492851");
  const longer = [4, 9, 2, 8, 5, 1, 7, 3];
  expect(drawPin({ ...rule, shortest: 8 }, () => longer.shift()!)).toBe("49285173");
});
