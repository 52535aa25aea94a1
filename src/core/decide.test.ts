// Every gate, alone and before the others: what is decided from given facts, without a database or a clock.
import { describe, expect, test } from "vitest";
import type { Ask } from "./case.ts";
import { noFacts, type Application, type Challenge, type Facts } from "./facts.ts";
import {
  ada,
  answered,
  app,
  code,
  decided,
  factor,
  known,
  local,
  now,
  open,
  phone,
  step,
  texted,
  vpn,
} from "../../test/support/facts.ts";

describe("the person gate", () => {
  test("stops someone disabled before anything is looked at", () => {
    const facts = known({ person: { ...ada, state: "disabled" } });
    expect(decided(facts, { application: local })).toMatchObject({
      gate: "person",
      code: "person_disabled",
      free: true,
    });
    expect(decided(facts, { answer: code() })).toMatchObject({ gate: "person" });
  });
});

describe("the blocked gate", () => {
  test("stops someone blocked before password, answer and first factor, until the block ends", () => {
    const until = (blockedUntil: number) => known({ person: { ...ada, blockedUntil } });
    const refusal = {
      gate: "blocked",
      code: "person_blocked",
      result: "SUCCESS_USER_BLOCKED",
      free: true,
      retry: false,
    };
    expect(decided(until(now + 1), { application: local })).toMatchObject(refusal);
    expect(decided(until(now + 1), { answer: code() })).toMatchObject(refusal);
    expect(decided(until(now), { application: local })).toEqual({ kind: "ask", gate: "password" });
  });
});

describe("the password gate", () => {
  test("asks for the verdict on a password, also for someone unknown", () => {
    expect(decided(known(), { application: local, answer: code() })).toEqual({ kind: "ask", gate: "password" });
    expect(decided(noFacts, { application: local })).toEqual({ kind: "ask", gate: "password" });
  });

  test.each([
    ["wrong", "wrong_password", "FAILED_PASSWORD_INCORRECT"],
    ["unknown", "wrong_password", "FAILED_PASSWORD_INCORRECT"],
    ["throttled", "throttled", "FAILED_AUTHENTICATION_THROTTLED"],
    ["unavailable", "unavailable", "FAILED_SERVER_ERROR"],
  ] as const)("refuses when it is %s, whatever code came along", (password, of, result) => {
    expect(decided(known(), { application: local, password, answer: code() })).toMatchObject({
      kind: "deny",
      gate: "password",
      code: of,
      result,
      free: true,
      retry: false,
    });
  });

  test("takes a password that somebody else chose only where a new one can be chosen", () => {
    const facts = known({ person: { ...ada, passwordExpired: true } });
    const asked = { password: "right" as const, answer: code() };
    expect(decided(facts, { ...asked, application: local })).toMatchObject({
      gate: "password",
      code: "password_expired",
      result: "FAILED_PASSWORD_EXPIRED",
    });
    expect(decided(facts, { ...asked, application: { ...local, pages: true } })).toMatchObject({ kind: "allow" });
    expect(decided(facts, { ...asked, application: local, password: "wrong" })).toMatchObject({
      code: "wrong_password",
    });
  });

  test("lets the others speak when it is right, when it was checked elsewhere, and in an answer", () => {
    expect(decided(known(), { application: local, password: "right", answer: code() })).toMatchObject({
      kind: "allow",
    });
    expect(decided(known(), { answer: code() })).toMatchObject({ kind: "allow" });
    const challenge = open();
    expect(
      decided(known({ challenge }), { application: local, challengeId: challenge.id, answer: code() }),
    ).toMatchObject({ kind: "allow" });
  });
});

test("whose directory has refused the password need not be known here yet", () => {
  expect(decided(noFacts, { application: local, password: "wrong" })).toMatchObject({
    gate: "password",
    code: "wrong_password",
  });
});

test("someone unknown is refused as such, after the password was weighed", () => {
  for (const ask of [{}, { answer: code() }, { application: local, password: "unknown" as const }])
    expect(decided(noFacts, ask)).toMatchObject({ gate: "known", code: "unknown_person", free: true, retry: false });
});

describe("the method gate", () => {
  test("refuses someone without a method", () => {
    expect(decided(known({ factors: [] }))).toMatchObject({ gate: "method", code: "no_method" });
  });

  test("lets someone without a method through until the date, and proves nothing by it", () => {
    const until = (allowWithoutMethodUntil: number) => ({ application: { ...vpn, allowWithoutMethodUntil } });
    expect(decided(known({ factors: [] }), until(now + 1))).toEqual({
      kind: "allow",
      gate: "method",
      result: "SUCCESS_NO_METHOD_ALLOWED",
      accepted: [],
    });
    expect(decided(known({ factors: [] }), until(now))).toMatchObject({ code: "no_method" });
    // whose methods were taken away for them to register anew is not without by choice
    const owing = known({ factors: [], person: { ...ada, mustRegister: true } });
    expect(decided(owing, until(now + 1))).toMatchObject({ kind: "deny", code: "no_method" });
    // who has a method needs it, also where it cannot be used
    expect(decided(known({ factors: [phone] }), { ...until(now + 1), answer: "000000" })).toMatchObject({
      kind: "deny",
    });
    const append = { ...vpn, canChallenge: false, allowWithoutMethodUntil: now + 1 };
    expect(decided(known({ factors: [phone] }), { application: append, answer: "1" })).toMatchObject({
      gate: "method",
      code: "no_method",
    });
  });

  test("offers another method where nobody can carry a text, and says so of who has no other", () => {
    const unreachable = ({ method }: { method: string }) => method === "sms";
    const asked = { unreachable, method: "sms" };
    const offered = [expect.objectContaining({ id: app.id }) as unknown];
    expect(decided(known(), asked)).toMatchObject({ kind: "challenge", factor: { id: app.id }, offered });
    expect(decided(known({ factors: [phone] }), asked)).toMatchObject({
      gate: "method",
      code: "unreachable",
      result: "FAILED_SMS_NOT_SENT",
    });
    // what was sent before is answered all the same
    const challenge = texted();
    expect(decided(known({ challenge }), { ...asked, challengeId: challenge.id, answer: "123456" })).toMatchObject({
      kind: "allow",
    });
  });

  test("where nobody can be asked, counts only methods whose code exists beforehand", () => {
    const application = { ...vpn, canChallenge: false };
    expect(decided(known({ factors: [phone] }), { application, answer: "123456" })).toMatchObject({
      code: "no_method",
    });
    expect(decided(known(), { application, answer: code() })).toMatchObject({ kind: "allow" });
  });
});

describe("the challenge gate", () => {
  test.each<[string, Partial<Facts>, Partial<Ask>]>([
    ["there is none", { challenge: undefined }, {}],
    ["it is another application's", { challenge: open({ applicationId: "app_other" }) }, {}],
    ["it is another person's", { challenge: open() }, { nameKey: "eve" }],
    ["the name is none", { challenge: open() }, { nameKey: "" }],
    ["its method is unknown here", { challenge: open({ method: "carrier pigeon" }) }, {}],
  ])("is foreign when %s", (_, facts, ask) => {
    expect(decided(known(facts), { challengeId: "chl_1", answer: code(), ...ask })).toMatchObject({
      gate: "challenge",
      code: "foreign_challenge",
      result: "FAILED_CHALLENGE_FOREIGN",
      free: true,
    });
  });

  test("a person may answer by the name that it was asked for by", () => {
    const challenge = open({ nameKey: "ada.lovelace" });
    const asked = { challengeId: "chl_1", answer: code() };
    expect(decided(known({ challenge }), { ...asked, nameKey: "ada.lovelace" })).toMatchObject({ kind: "allow" });
    expect(decided(known({ challenge }), { ...asked, nameKey: "lovelace" })).toMatchObject({
      code: "foreign_challenge",
    });
  });

  test("without a name the challenge says whose it is", () => {
    expect(
      decided(known({ challenge: open() }), { nameKey: undefined, challengeId: "chl_1", answer: code() }),
    ).toMatchObject({ kind: "allow" });
  });

  test.each([
    ["superseded", "superseded", "FAILED_CODE_SUPERSEDED"],
    ["cancelled", "cancelled", "FAILED_CANCELLED"],
    ["denied", "too_many_tries", "FAILED_OATH_CODE_INCORRECT"],
  ] as const)("when it is %s, the right code comes too late", (state, of, result) => {
    expect(answered(open({ state }), code())).toMatchObject({ gate: "challenge", code: of, result, retry: false });
  });

  test.each<[string, Partial<Challenge>, Partial<Ask>, boolean]>([
    ["its time is up", { expiresAt: now }, {}, true],
    ["another round is asked for", { round: 1 }, { round: 0 }, true],
    ["another answer won the round", {}, { round: 0 }, false],
  ])("when %s, it has expired", (_, challenge, ask, won) => {
    const facts = known({ challenge: open(challenge), answered: won });
    expect(decided(facts, { challengeId: "chl_1", answer: code(), ...ask })).toMatchObject({
      gate: "challenge",
      code: "expired",
    });
  });

  test("when it was approved, a used code is told apart from another one", () => {
    const state = "approved";
    const usedApp = factor({ counter: step });
    expect(answered(open({ state }), code(), { factors: [usedApp, phone] })).toMatchObject({ code: "code_duplicate" });
    expect(answered(open({ state }), "000000", { factors: [usedApp] })).toMatchObject({ code: "expired" });
    expect(answered(texted({ state }), "123456")).toMatchObject({
      code: "code_duplicate",
      result: "FAILED_SMS_CODE_DUPLICATE",
    });
    expect(answered(texted({ state }), "654321")).toMatchObject({ code: "expired" });
    // the factor is gone by now
    expect(answered(texted({ state }), "123456", { factors: [app] })).toMatchObject({ code: "expired" });
    expect(decided(known({ challenge: texted({ state }) }), { challengeId: "chl_1" })).toMatchObject({
      code: "expired",
    });
  });

  // A free answer must not say whether a code that nobody has used yet is right: that would be guessing without attempts.
  test("when it was approved, a right code that was not used reads like a wrong one", () => {
    const facts = { factors: [factor({ counter: step })] };
    const challenge = open({ state: "approved" });
    expect(answered(challenge, code(1), facts)).toEqual(answered(challenge, "000000", facts));
  });
});

describe("the code gate", () => {
  test("accepts a right code by the attempt that was taken, with the step it used", () => {
    expect(decided(known(), { answer: code(1) })).toMatchObject({
      kind: "allow",
      gate: "code",
      result: "SUCCESS_OATH_CODE_VERIFIED",
      accepted: [{ factor: app, counter: step + 1, drift: 1 }],
    });
    expect(answered(texted(), "123456")).toMatchObject({
      kind: "allow",
      result: "SUCCESS_SMS_AUTHENTICATED",
      accepted: [{ factor: phone, counter: 1, drift: 0 }],
    });
  });

  test("checks nothing that no attempt was taken for", () => {
    expect(decided(known({ taken: new Map() }), { answer: code() })).toMatchObject({
      gate: "attempts",
      code: "throttled",
      free: true,
    });
    const locked = factor({ lockedUntil: now + 1 });
    expect(decided(known({ factors: [locked], taken: new Map() }), { answer: code() })).toMatchObject({
      gate: "attempts",
      code: "locked_out",
      result: "FAILED_LOCKED_OUT",
    });
  });

  test("with several tokens any may be the one, and one code that is right for two is used up in both (R-016)", () => {
    const [second, other] = [factor({ id: "fac_2" }), factor({ id: "fac_3", parameters: '{"algorithm":"sha256"}' })];
    expect(decided(known({ factors: [app, other, second] }), { answer: code() })).toMatchObject({
      accepted: [{ factor: app }, { factor: second }],
    });
  });

  test("names the best of several refusals", () => {
    const [used, later] = [factor({ id: "fac_u", counter: step }), factor({ id: "fac_l", counter: step + 1 })];
    const other = factor({ id: "fac_o", parameters: '{"algorithm":"sha256"}' });
    expect(decided(known({ factors: [other, later, used] }), { answer: code() })).toMatchObject({
      code: "code_duplicate",
      free: true,
    });
    expect(decided(known({ factors: [other, later] }), { answer: code() })).toMatchObject({
      code: "code_old",
      free: false,
    });
    expect(decided(known({ factors: [other] }), { answer: code() })).toMatchObject({ code: "wrong_code", free: false });
  });

  test("an answer leaves tries until the last one; a used code costs none", () => {
    expect(answered(open({ tries: 0 }), "000000")).toMatchObject({ code: "wrong_code", retry: true, free: false });
    expect(answered(open({ tries: 1 }), "000000")).toMatchObject({ code: "wrong_code", retry: true });
    expect(answered(open({ tries: 2 }), "000000")).toMatchObject({ code: "too_many_tries", retry: false, free: false });
    const used = { factors: [factor({ counter: step })] };
    expect(answered(open({ tries: 0 }), code(), used)).toMatchObject({
      code: "code_duplicate",
      retry: true,
      free: true,
    });
    expect(answered(open({ tries: 2 }), code(), used)).toMatchObject({
      code: "code_duplicate",
      retry: false,
      free: true,
    });
  });

  test("a first packet's wrong code leaves no tries", () => {
    expect(decided(known(), { answer: "000000" })).toMatchObject({ code: "wrong_code", retry: false });
  });

  // The open challenge that a first packet may join is not what its code answered.
  test("not even while a challenge is open that it could have joined", () => {
    expect(decided(known({ challenge: open() }), { answer: "000000" })).toMatchObject({ retry: false });
  });

  test("has nothing to check where the code does not exist yet, or its factor is gone", () => {
    expect(decided(known({ factors: [phone] }), { answer: "123456" })).toMatchObject({
      gate: "code",
      code: "no_method",
    });
    expect(answered(open(), code(), { factors: [phone] })).toMatchObject({ gate: "code", code: "no_method" });
  });
});

describe("the last gate", () => {
  test("asks by the first method that can be used, and offers the others", () => {
    expect(decided(known())).toMatchObject({
      kind: "challenge",
      gate: "begin",
      factor: app,
      begun: {},
      offered: [app, phone],
    });
    expect(decided(known({ factors: [phone] }))).toMatchObject({
      factor: phone,
      begun: { code: "000042", message: "sms" },
    });
  });

  test("prefers what was asked for, then the person's own default", () => {
    const person = { ...ada, defaultMethod: "sms" };
    expect(decided(known({ person }))).toMatchObject({ factor: phone, offered: [phone, app] });
    expect(decided(known({ person }), { method: "totp" })).toMatchObject({ factor: app, offered: [app, phone] });
    expect(decided(known(), { method: "sms" })).toMatchObject({ factor: phone });
    expect(decided(known(), { method: "none of ours" })).toMatchObject({ factor: app });
  });

  test("passes over what is locked, and refuses when all of it is", () => {
    const lockedApp = factor({ lockedUntil: now + 1 });
    expect(decided(known({ factors: [lockedApp, phone] }))).toMatchObject({ factor: phone });
    const pausing = { ...phone, fails: 4, attemptedAt: now };
    expect(decided(known({ factors: [pausing] }))).toMatchObject({ code: "throttled" });
    expect(decided(known({ factors: [lockedApp, pausing] }))).toMatchObject({
      code: "locked_out",
      result: "FAILED_LOCKED_OUT",
    });
  });

  test("offers nine at most, for each has a digit", () => {
    const many = Array.from({ length: 12 }, (_, index) => factor({ id: `fac_${index}` }));
    expect(decided(known({ factors: many }))).toMatchObject({ offered: many.slice(0, 9) });
  });

  test("joins the challenge that is open rather than begin another (R-123)", () => {
    const challenge = open();
    expect(decided(known({ challenge }))).toEqual({ kind: "join", gate: "begin", challenge });
    expect(decided(known({ challenge: open({ expiresAt: now }) }))).toMatchObject({ kind: "challenge" });
  });

  test("a digit in an answer begins with the method that it stood for, unless that one is locked", () => {
    expect(answered(open(), "2")).toMatchObject({ kind: "challenge", factor: phone, begun: { message: "sms" } });
    expect(answered(open(), " 2 ")).toMatchObject({ kind: "challenge", factor: phone });
    expect(answered(open(), "2", { factors: [app, { ...phone, lockedUntil: now + 1 }] })).toMatchObject({
      code: "locked_out",
    });
  });

  test("a number that was bound of late recovers nothing, unless its person came with it (R-045)", () => {
    const hour = 3_600_000;
    const recovers: Application = { ...vpn, recovers: true };
    const asked = (createdAt: number, { person = ada, application = recovers, coolOffMs = 24 * hour } = {}) =>
      decided(known({ person, factors: [{ ...phone, createdAt }] }), { application, coolOffMs });
    expect(asked(now - hour)).toMatchObject({ gate: "method", code: "no_method" });
    expect(asked(now - 24 * hour)).toMatchObject({ factor: { id: phone.id } });
    expect(asked(now - hour, { person: { ...ada, createdAt: now - hour } })).toMatchObject({ kind: "challenge" });
    expect(asked(now - hour, { coolOffMs: 0 })).toMatchObject({ kind: "challenge" });
    expect(asked(now - hour, { application: vpn })).toMatchObject({ kind: "challenge" });
    expect(decided(known({ factors: [factor({ createdAt: now })] }), { application: recovers })).toMatchObject({
      kind: "challenge",
    });
  });
});
