import { describe, expect, test } from "vitest";
import { push } from "./push.ts";

const moment = { now: 0, randomInt: () => 0 };
const factor = { secret: Buffer.alloc(0), parameters: "", counter: 4, drift: 0, address: null };
const sent = { hash: Buffer.from("482913"), hashOf: (code: string) => Buffer.from(code) };
const check = (answer: string, more: object = {}) =>
  push.check({ factor, sent, answer, mode: "number", ...more }, moment);
const pin = (expired = false) => ({ matches: (typed: string) => typed === "7294", expired });

describe("how it is asked", () => {
  const here = { screen: false, plain: false, pin: false, pinWanted: false };
  test.each([
    [{ screen: true }, "number"],
    [{ screen: true, plain: true }, "number"],
    [{ screen: true, pin: true }, "number"],
    [{ screen: true, pin: true, pinWanted: true }, "number-pin"],
    [{ screen: true, pinWanted: true }, "number"],
    [{}, undefined],
    [{ pin: true }, undefined],
    [{ pin: true, pinWanted: true }, "pin"],
    [{ plain: true }, "standard"],
    [{ plain: true, pin: true }, "pin"],
  ])("%o: %s", (more, mode) => expect(push.mode!({ ...here, ...more })).toBe(mode));

  test("only a number is shown", () => {
    expect(push.begin(moment)).toEqual({ message: "push", mode: "number", shown: true });
    expect(push.begin(moment, "number-pin")).toMatchObject({ shown: true });
    expect(push.begin(moment, "pin")).toEqual({ message: "push", mode: "pin" });
    expect([push.width(""), push.length("")]).toEqual([1, 6]);
  });
});

describe("the answer", () => {
  test("is the number, and one wrong number ends it", () => {
    expect(check("482 913")).toEqual({ ok: true, counter: 5, drift: 0 });
    for (const wrong of ["482914", "", "48291", "4829130", "٤٨٢٩١٣"])
      expect(check(wrong)).toMatchObject({ ok: false, code: "wrong_code", final: true });
    expect(check("482913", { sent: undefined })).toMatchObject({ ok: false });
  });

  test("is the PIN, with further tries; one that is over does not count", () => {
    const mode = "pin";
    expect(check("7294", { mode, pin: pin() })).toMatchObject({ ok: true });
    for (const given of [pin(), undefined]) {
      const wrong = check("7295", { mode, pin: given });
      expect(wrong).toEqual({ ok: false, code: "wrong_code", result: "FAILED_PHONE_APP_INVALID_PIN" });
    }
    const over = { code: "pin_expired", result: "FAILED_PHONE_APP_PIN_NOT_CHANGED" };
    expect(check("7294", { mode, pin: pin(true) })).toMatchObject(over);
  });

  test("is the number and the PIN, of which one wrong ends it", () => {
    const both = (answer: string, expired = false) => check(answer, { mode: "number-pin", pin: pin(expired) });
    expect(both("482913\n7294")).toMatchObject({ ok: true });
    for (const wrong of ["482913\n7295", "482914\n7294", "482913", "7294", "4829137294", "\n7294"])
      expect(both(wrong)).toMatchObject({ ok: false, code: "wrong_code", final: true });
    expect(both("482913\n7294", true)).toMatchObject({ code: "pin_expired" });
    expect(check("482913\n7294", { mode: "number-pin" })).toMatchObject({ ok: false, final: true });
  });

  test("is nothing but the approval, where that is allowed", () => {
    expect(check("", { mode: "standard" })).toMatchObject({ ok: true });
    expect(check("482913", { mode: "standard" })).toMatchObject({ result: "FAILED_PHONE_APP_INVALID_RESULT" });
  });
});
