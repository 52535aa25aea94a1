import fc from "fast-check";
import { expect, test } from "vitest";
import { hotp as codeOf } from "../crypto/hotp.ts";
import { hotp } from "./hotp.ts";

const secret = () => Buffer.from("12345678901234567890");
const parameters = JSON.stringify({ digits: 8, algorithm: "sha1" });
const code = (counter: number) => codeOf(secret(), counter, { digits: 8, algorithm: "sha1" });
const check = (counter: number, answer: string) =>
  hotp.check(
    { factor: { secret: secret(), parameters, counter, drift: 0, address: null }, sent: undefined, answer },
    { now: 0, randomInt: () => 0 },
  );

test("the next code counts, and so do the nine after it; the counter stands behind it then (R-007)", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: 0, max: 15 }), (counter, skipped) => {
      const expected =
        skipped < 10 ? { ok: true, counter: counter + skipped + 1, drift: 0 } : { ok: false, code: "wrong_code" };
      expect(check(counter, code(counter + skipped))).toEqual(expected);
    }),
  );
});

test("a used code is told from a wrong one in the record", () => {
  expect(check(20, code(19))).toEqual({ ok: false, code: "code_duplicate" });
  expect(check(20, code(18))).toEqual({ ok: false, code: "code_old" });
  expect(check(20, code(10))).toEqual({ ok: false, code: "code_old" });
  expect(check(20, code(9))).toEqual({ ok: false, code: "wrong_code" });
  expect(check(0, "00000000")).toEqual({ ok: false, code: "wrong_code" });
});

test("what is no code of its length costs the same work and is wrong", () => {
  for (const answer of ["", "1", `${code(0)}0`, "١٢٣٤٥٦٧٨"])
    expect(check(0, answer)).toEqual({ ok: false, code: "wrong_code" });
  expect(check(0, `${code(0).slice(0, 4)} ${code(0).slice(4)}`)).toMatchObject({ ok: true });
});

test("a guess is worth the codes that would be right", () => {
  expect(hotp.width(parameters)).toBe(10);
  expect(hotp.length(parameters)).toBe(8);
  expect(hotp.begin({ now: 0, randomInt: () => 0 })).toEqual({});
});
