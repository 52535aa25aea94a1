import { expect, test } from "vitest";
import { base32 } from "./crypto/base32.ts";
import { hotp } from "./crypto/hotp.ts";
import { fitsOf } from "./token-proof.ts";

const now = 1_800_000_000_000;
const seed = () => Buffer.from("12345678901234567890");
const code = (counter: number, digits: 6 | 7 | 8 = 6, algorithm: "sha1" | "sha256" | "sha512" = "sha1") =>
  hotp(seed(), counter, { digits, algorithm });
const text = { secret: { text: base32(seed()), encoding: "base32" as const } };

test("two codes tell hash, period, digits and encoding", () => {
  const step = now / 60_000;
  const codes = { first: code(step - 3, 8, "sha256"), second: code(step - 2, 8, "sha256") };
  expect(fitsOf(text, codes, { now })).toEqual([
    { type: "totp", algorithm: "sha256", digits: 8, period: 60, encoding: "base32" },
  ]);
  const hex = { secret: { text: seed().toString("hex"), encoding: "hex" as const } };
  expect(fitsOf(hex, codes, { now })).toEqual([
    { type: "totp", algorithm: "sha256", digits: 8, period: 60, encoding: "hex" },
  ]);
});

test("or that it counts", () => {
  const codes = { first: code(700), second: code(701) };
  expect(fitsOf({ secret: { bytes: seed() } }, codes, { now })).toEqual([
    { type: "hotp", algorithm: "sha1", digits: 6 },
  ]);
  expect(fitsOf({ secret: { bytes: seed() }, counter: 701 }, codes, { now })).toEqual([]);
});

test("codes of another token, too far apart or of other lengths fit nothing", () => {
  const step = now / 30_000;
  expect(fitsOf(text, { first: "000000", second: "000001" }, { now })).toEqual([]);
  expect(fitsOf(text, { first: code(step), second: code(step + 9) }, { now })).toEqual([]);
  expect(fitsOf(text, { first: code(step + 1), second: code(step) }, { now })).toEqual([]);
  expect(fitsOf(text, { first: code(step), second: code(step + 1, 8) }, { now })).toEqual([]);
  expect(fitsOf(text, { first: "12345", second: "12345" }, { now })).toEqual([]);
  expect(
    fitsOf({ secret: { text: "!", encoding: "base32" } }, { first: code(step), second: code(step + 1) }, { now }),
  ).toEqual([]);
});
