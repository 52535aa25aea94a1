import { expect, test } from "vitest";
import { phoneReader } from "./phone.ts";

const readPhone = await phoneReader();
const number = (text: string, country = "") => {
  const read = readPhone(text, country);
  return read.ok ? read.number : read.reason;
};

test("an international number is read however it is spaced", () => {
  for (const text of ["+46701234567", "+46 70-123 45 67", " +46 (0)70 123 45 67", "+46 701234567"])
    expect(number(text)).toBe("+46701234567");
});

test("a national number is read once a country is set", () => {
  expect(number("070-123 45 67", "SE")).toBe("+46701234567");
  expect(number("0046 70 123 45 67", "SE")).toBe("+46701234567");
  expect(number("+1 202 555 0123", "SE")).toBe("+12025550123");
  expect(number("070-123 45 67")).toContain("phone.default-country");
});

test("what is no number is refused", () => {
  expect(number("call me", "SE")).toBe("is not a phone number");
  expect(number("+46 12", "SE")).toContain("too short");
  expect(number("+46 70 123 45 67 89 01 23")).toContain("too");
  expect(number("+46 8 123 456 x12")).toContain("extension");
  expect(number("my number is +46701234567")).toContain("no + and country code");
});

test("a number that costs its caller extra is read and refused", () => {
  expect(readPhone("0900-123 45 67", "SE")).toEqual({ ok: false, reason: "is a premium-rate number", unusable: true });
});
