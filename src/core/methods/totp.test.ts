// RFC 4226 and 6238 as published, and what must hold for every seed, time and drift.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Seen } from "./method.ts";
import { defaultTotp, readTotpParameters, type TotpParameters } from "./totp-parameters.ts";
import { hotp } from "../crypto/hotp.ts";
import { totp } from "./totp.ts";

const ascii = (length: number) => Buffer.from("1234567890".repeat(7).slice(0, length));
const parametersOf = (changes: Partial<TotpParameters>) => JSON.stringify(changes);
const factorWith = (changes: Partial<Seen> = {}): Seen => ({
  secret: ascii(20),
  parameters: "",
  counter: 0,
  drift: 0,
  address: null,
  ...changes,
});
const check = (factor: Seen, answer: string, now: number) =>
  totp.check({ factor, sent: undefined, answer }, { now, randomInt: () => 0 });
/** Eight digits, so that two steps share a code by chance once in a hundred million. */
const long = { ...defaultTotp, digits: 8 } as const;
const codeOf = (step: number, secret: Uint8Array = ascii(20)) => hotp(secret, step, long);
const at = (step: number) => step * 30_000 + 17_000;

//
test("RFC 4226 appendix D", () => {
  const codes = Array.from({ length: 10 }, (_, counter) => hotp(ascii(20), counter, { digits: 6, algorithm: "sha1" }));
  expect(codes).toEqual([
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
  ]);
});

//
describe("RFC 6238 appendix B", () => {
  const keys = { sha1: ascii(20), sha256: ascii(32), sha512: ascii(64) };
  const table: [number, "sha1" | "sha256" | "sha512", string][] = [
    [59, "sha1", "94287082"],
    [59, "sha256", "46119246"],
    [59, "sha512", "90693936"],
    [1111111109, "sha1", "07081804"],
    [1111111109, "sha256", "68084774"],
    [1111111109, "sha512", "25091201"],
    [1111111111, "sha1", "14050471"],
    [1111111111, "sha256", "67062674"],
    [1111111111, "sha512", "99943326"],
    [1234567890, "sha1", "89005924"],
    [1234567890, "sha256", "91819424"],
    [1234567890, "sha512", "93441116"],
    [2000000000, "sha1", "69279037"],
    [2000000000, "sha256", "90698825"],
    [2000000000, "sha512", "38618901"],
    [20000000000, "sha1", "65353130"],
    [20000000000, "sha256", "77737706"],
    [20000000000, "sha512", "47863826"],
  ];
  test.each(table)("at %i s with %s the code is %s", (seconds, algorithm, code) => {
    const factor = factorWith({ secret: keys[algorithm], parameters: parametersOf({ digits: 8, algorithm }) });
    const counter = Math.floor(seconds / 30);
    expect(check(factor, code, seconds * 1000)).toEqual({ ok: true, counter, drift: 0 });
    // it is used now
    expect(check({ ...factor, counter }, code, seconds * 1000)).toEqual({ ok: false, code: "code_duplicate" });
  });
});

//
describe("the codes that are good at one moment", () => {
  const drifts = fc.integer({ min: -10, max: 10 });
  const step = fc.integer({ min: 40, max: 2 ** 33 });
  const windows = fc.constantFrom(0, 1, 2);

  test("are 1, 3 or 5 by the window, around the drift, for every drift", () => {
    fc.assert(
      fc.property(step, drifts, windows, (now, drift, window) => {
        const factor = factorWith({ drift, parameters: parametersOf({ digits: 8, window: window as 0 | 1 | 2 }) });
        const good = [];
        for (let offset = -20; offset <= 20; offset++)
          if (check(factor, codeOf(now + offset), at(now)).ok) good.push(offset);
        expect(good).toEqual(Array.from({ length: 2 * window + 1 }, (_, index) => drift - window + index));
        expect(totp.width(factor.parameters)).toBe(good.length);
      }),
      { numRuns: 60 },
    );
  });

  test("change at the end of a period, of 30 s or of 60 s", () => {
    for (const period of [30, 60] as const) {
      const factor = factorWith({ parameters: parametersOf({ digits: 8, period, window: 0 }) });
      const begins = 1000 * period * 1000;
      expect(check(factor, codeOf(1000), begins)).toMatchObject({ ok: true });
      expect(check(factor, codeOf(1000), begins + period * 1000 - 1)).toMatchObject({ ok: true });
      expect(check(factor, codeOf(1000), begins - 1)).toMatchObject({ ok: false });
      expect(check(factor, codeOf(1000), begins + period * 1000)).toMatchObject({ ok: false });
    }
  });

  test("hold nothing from before the epoch", () => {
    expect(check(factorWith({ drift: -10 }), "123456", 0)).toEqual({ ok: false, code: "wrong_code" });
  });
});

//
const rising = (window: 0 | 1 | 2) => {
  const submission = fc.record({ wait: fc.integer({ min: 0, max: 5 }), offset: fc.integer({ min: -14, max: 14 }) });
  const property = fc.property(fc.array(submission, { minLength: 1, maxLength: 80 }), (submissions) => {
    let factor = factorWith({ parameters: parametersOf({ digits: 8, window }) });
    let step = 1_000_000;
    for (const { wait, offset } of submissions) {
      step += wait;
      const meant = step + offset;
      const inWindow = Math.abs(offset - factor.drift) <= window;
      const checked = check(factor, codeOf(meant), at(step));
      // what was used is told apart from what is older and from what never was right
      const refusal = !inWindow ? "wrong_code" : meant === factor.counter ? "code_duplicate" : "code_old";
      const verdict = inWindow && meant > factor.counter ? meant : refusal;
      expect(checked.ok ? checked.counter : checked.code).toBe(verdict);
      if (!checked.ok) continue;
      expect(Math.abs(checked.drift - factor.drift)).toBeLessThanOrEqual(1);
      expect(Math.abs(checked.drift)).toBeLessThanOrEqual(10);
      factor = { ...factor, counter: checked.counter, drift: checked.drift };
    }
  });
  fc.assert(property, { numRuns: 60 });
};
const sentence =
  "over any sequence of answers accepted steps rise strictly, drift moves by one at most and to ten at most";
test.each([0, 1] as const)(`${sentence} (window %i)`, (window) => {
  expect(() => rising(window)).not.toThrow();
});
// The drift follows by the whole distance, which at this window may be two.
test(`${sentence} (window 2)`, () => {
  expect(() => rising(2)).not.toThrow();
});

test("a token that runs ever faster is followed for ten steps, and no further", () => {
  let factor = factorWith({ parameters: parametersOf({ digits: 8 }) });
  const accepted = Array.from({ length: 15 }, (_, index) => {
    const step = 1000 + index * 20;
    const checked = check(factor, codeOf(step + index), at(step));
    if (checked.ok) factor = { ...factor, counter: checked.counter, drift: checked.drift };
    return checked.ok;
  });
  expect(accepted.indexOf(false)).toBe(12);
  expect(factor.drift).toBe(10);
});

//
test("right, wrong, used, old and malformed answers cost the same digests, for every step of the window", () => {
  const digests = vi.spyOn(crypto, "hash");
  syncBuiltinESMExports();
  try {
    const costOf = (answer: string, window: 0 | 1 | 2) => {
      digests.mockClear();
      check(factorWith({ counter: 1000, parameters: parametersOf({ digits: 8, window }) }), answer, at(1001));
      return digests.mock.calls.length;
    };
    const right = [-2, -1, 0, 1, 2, 3].map((offset) => codeOf(1001 + offset));
    const one = costOf("", 0);
    expect(one).toBeGreaterThan(0);
    for (const answer of ["", "x", "1".repeat(500), "00000000", ...right])
      expect([0, 1, 2].map((window) => costOf(answer, window as 0 | 1 | 2))).toEqual([one, 3 * one, 5 * one]);
  } finally {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  }
});

//
describe("a code as it is typed", () => {
  const code = codeOf(1000);
  const factor = factorWith({ parameters: parametersOf({ digits: 8 }) });
  const withZero = Array.from({ length: 1000 }, (_, index) => 2000 + index).find((step) =>
    codeOf(step).startsWith("0"),
  )!;

  test.each([
    ["as it is", code],
    ["in groups", `${code.slice(0, 4)} ${code.slice(4)}`],
    ["with hyphens", `${code.slice(0, 3)}-${code.slice(3, 6)}-${code.slice(6)}`],
    ["with spaces around", `  ${code} `],
  ])("%s is read", (_, text) => {
    expect(check(factor, text, at(1000)).ok).toBe(true);
  });

  const otherDigits = (zero: number) =>
    Array.from(code, (digit) => String.fromCodePoint(zero + Number(digit))).join("");
  test.each([
    ["in full-width digits", otherDigits(0xff10)],
    ["in Arabic-Indic digits", otherDigits(0x0660)],
    ["in Devanagari digits", otherDigits(0x0966)],
    ["with a sign", `+${code}`],
    ["as hexadecimal", `0x${Number(code).toString(16)}`],
    ["with a decimal point", `${code}.0`],
    ["with a digit more", `${code}0`],
    ["with a zero before", `0${code}`],
    ["with a digit less", code.slice(1)],
    ["with a tab", `${code.slice(0, 4)}\t${code.slice(4)}`],
    ["with a line break", `${code}\n`],
    ["with a NUL", `${code}\0`],
    ["with a no-break space", `${code.slice(0, 4)}\u00a0${code.slice(4)}`],
    ["twice", code + code],
    ["empty", ""],
  ])("%s is no code", (_, text) => {
    expect(check(factor, text, at(1000))).toEqual({ ok: false, code: "wrong_code" });
  });

  test("keeps its leading zeros and needs them", () => {
    expect(check(factor, codeOf(withZero), at(withZero)).ok).toBe(true);
    expect(check(factor, String(Number(codeOf(withZero))), at(withZero)).ok).toBe(false);
  });

  test.each([6, 7, 8] as const)("has %i digits, no more and no fewer", (digits) => {
    const sized = factorWith({ parameters: parametersOf({ digits }) });
    expect(totp.length(sized.parameters)).toBe(digits);
    for (const given of [6, 7, 8] as const)
      expect(check(sized, hotp(ascii(20), 1000, { digits: given, algorithm: "sha1" }), at(1000)).ok).toBe(
        given === digits,
      );
  });
});

test("a seed is not changed by its use", () => {
  const secret = ascii(20);
  check(factorWith({ secret }), "123456", at(1000));
  expect(secret).toEqual(ascii(20));
});

test("what parameters do not say is the default; a challenge for a code sends nothing", () => {
  expect(readTotpParameters("")).toEqual(defaultTotp);
  expect(readTotpParameters(parametersOf({ digits: 8 }))).toEqual({ ...defaultTotp, digits: 8 });
  expect(totp.begin({ now: 0, randomInt: () => 0 })).toEqual({});
});
