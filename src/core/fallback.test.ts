import { describe, expect, test } from "vitest";
import type { Challenge } from "./facts.ts";
import { answered, app, code, decided, factor, known, open, phone, vpn } from "../../test/support/facts.ts";

const called = factor({ id: "fac_call", method: "voice", address: "+46701234567", sealedSecret: null });
const client = { ...vpn, fallback: true as const };
const ended = (changes: Partial<Challenge>, factors = [app, phone, called]) =>
  decided(known({ factors, challenge: open({ factorId: called.id, method: "voice", state: "denied", ...changes }) }), {
    application: client,
    challengeId: "chl_1",
  });

describe("a phone that was not answered", () => {
  test("is followed by a code of the app, and by nothing that is sent", () => {
    expect(ended({ result: "CONFIG_ISSUE" })).toMatchObject({ kind: "challenge", gate: "fallback", offered: [app] });
    expect(ended({ result: "FAILED_AUTH_RESULT_TIMEOUT" }).kind).toBe("challenge");
    expect(ended({ result: "CONFIG_ISSUE" }, [phone, called])).toMatchObject({ kind: "deny", code: "unreachable" });
  });

  test("and one whose owner said no, are two things", () => {
    for (const result of ["FAILED_FRAUD_CODE_ENTERED", "FAILED_USER_HUNGUP_ON_US", "SUCCESS_WITH_PIN"] as const)
      expect(ended({ result })).toMatchObject({ kind: "deny", result });
  });

  test("is on record before anything else is asked", () => {
    expect(ended({ state: "pending", expiresAt: 0 })).toMatchObject({ kind: "deny", gate: "phone", code: "no_answer" });
    expect(ended({ state: "consumed" })).toMatchObject({ kind: "deny", code: "code_duplicate" });
  });

  test("leads to no code that is locked, and to none at other clients", () => {
    const locked = factor({ lockedUntil: Number.MAX_SAFE_INTEGER });
    expect(ended({ result: "CONFIG_ISSUE" }, [locked, called])).toMatchObject({ kind: "deny", code: "unreachable" });
    const challenge = open({ factorId: called.id, method: "voice", state: "denied", result: "CONFIG_ISSUE" });
    const usual = decided(known({ factors: [app, called], challenge }), { challengeId: "chl_1" });
    expect(usual).toMatchObject({ kind: "deny", code: "unreachable" });
  });
});

test.each([
  ["FAILED_PHONE_APP_NO_RESPONSE", "challenge"],
  ["FAILED_PHONE_APP_NOTIFICATION_FAILED", "challenge"],
  ["FAILED_PHONE_APP_DENIED", "deny"],
  ["FAILED_FRAUD_REPORTED", "deny"],
  ["FAILED_PHONE_APP_INVALID_PIN", "deny"],
] as const)("an approval in the app that ended in %s: %s", (result, kind) => {
  const push = factor({ id: "fac_push", method: "push", sealedSecret: null });
  expect(ended({ factorId: push.id, method: "push", result }, [app, push]).kind).toBe(kind);
});

test("a right code is recorded as what it stood in for", () => {
  expect(answered(open({ isFallback: true }), code())).toMatchObject({ result: "SUCCESS_FALLBACK_OATH_CODE_VERIFIED" });
  expect(answered(open(), code())).toMatchObject({ result: "SUCCESS_OATH_CODE_VERIFIED" });
});
