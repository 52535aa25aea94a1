import { describe, expect, test } from "vitest";
import { hotp as codeOf } from "../crypto/hotp.ts";
import { hotp } from "./hotp.ts";
import type { Circumstances, Method } from "./method.ts";
import { totp } from "./totp.ts";

const secret = () => Buffer.from("12345678901234567890");
const moment = { now: 3_000_000, randomInt: () => 0 };
const step = 100;
const code = (counter: number) => codeOf(secret(), counter, { digits: 6, algorithm: "sha1" });
const wrong = { ok: false, code: "wrong_code", result: "FAILED_OATH_CODE_PIN_INCORRECT" };

/** The token's next code is that of step 100, by time and by count. */
const check = (method: Method, answer: string, { pin = "8264", expired = false, counter = -1 } = {}) =>
  method.check(
    {
      factor: {
        secret: secret(),
        parameters: "",
        counter: counter === -1 ? (method === hotp ? step : 0) : counter,
        drift: 0,
        address: null,
      },
      sent: undefined,
      answer,
      mode: "otp-pin",
      ...(pin !== "" && { pin: { matches: (typed) => typed === pin, expired } }),
    },
    moment,
  );

describe.each([totp, hotp])("a code and a PIN: $id", (method) => {
  test("are asked for of people who have a PIN, where an administrator wants it", () => {
    const here = { screen: true, plain: false, pin: true, pinWanted: true } satisfies Circumstances;
    expect(method.mode!(here)).toBe("otp-pin");
    expect(method.begin(moment, "otp-pin")).toEqual({ mode: "otp-pin" });
    for (const without of [{ pin: false }, { pinWanted: false }])
      expect(method.begin(moment, method.mode!({ ...here, ...without })!)).toEqual({});
  });

  test("count together, in one field, spaces or not", () => {
    for (const answer of [`${code(step)}8264`, `${code(step)} 8264`, `${code(step)}-82 64`])
      expect(check(method, answer)).toMatchObject({ ok: true });
  });

  test("fail alike whichever is wrong (R-018)", () => {
    const answers = ["0000008264", `${code(step)}8265`, "0000000000", code(step), `8264${code(step)}`, "", "٨٢٦٤"];
    for (const answer of answers) expect(check(method, answer)).toEqual(wrong);
    expect(check(method, code(step), { pin: "" })).toEqual(wrong);
  });

  test("a used code is named in the record with the right PIN alone, and tells nobody for free that it is right", () => {
    const used = method === hotp ? { duplicate: step + 1, old: step + 2 } : { duplicate: step, old: step + 1 };
    expect(check(method, `${code(step)}8264`, { counter: used.duplicate })).toEqual({
      ok: false,
      code: "code_duplicate",
      result: "FAILED_OATH_CODE_DUPLICATE",
    });
    expect(check(method, `${code(step)}8264`, { counter: used.old })).toEqual({ ok: false, code: "code_old" });
    for (const counter of Object.values(used)) expect(check(method, `${code(step)}1111`, { counter })).toEqual(wrong);
  });

  test("a PIN that must be changed is said to its owner alone, and the code stays good", () => {
    expect(check(method, `${code(step)}8264`, { expired: true })).toEqual({
      ok: false,
      code: "pin_expired",
      result: "SUCCESS_PIN_EXPIRED",
    });
    expect(check(method, `${code(step)}8265`, { expired: true })).toEqual(wrong);
  });
});
