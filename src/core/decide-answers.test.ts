// What an answer means and takes before it is looked at, and how the question before it reads.
import { describe, expect, test } from "vitest";
import type { Ask } from "./case.ts";
import { chosen, mayAnswer, reservation } from "./decide.ts";
import type { Facts } from "./facts.ts";
import { promptFor } from "./prompt.ts";
import {
  ada,
  app,
  asks,
  code,
  factor,
  known,
  local,
  locks,
  now,
  open,
  phone,
  texted,
} from "../../test/support/facts.ts";

describe("a lone digit", () => {
  const facts = known({ challenge: open({ offered: [app.id, phone.id, "fac_gone"] }) });
  test.each([
    ["1", app.id],
    ["2", phone.id],
    ["3", undefined],
    ["4", undefined],
    ["0", undefined],
    ["12", undefined],
    ["２", undefined],
    ["", undefined],
  ])("%j stands for %s", (answer, id) => {
    expect(chosen(facts, asks({ challengeId: facts.challenge!.id, answer }))?.id).toBe(id);
  });

  test("stands for nothing without a challenge, and no answer for none", () => {
    const challengeId = facts.challenge!.id;
    expect(chosen(known(), asks({ challengeId, answer: "1" }))).toBeUndefined();
    expect(chosen(facts, asks({ challengeId }))).toBeUndefined();
    // a first request knows of a challenge that it may join, and answers none
    expect(chosen(facts, asks({ answer: "1" }))).toBeUndefined();
  });
});

describe("an answer may be given", () => {
  const may = (facts: Partial<Facts>, ask: Partial<Ask> = {}) =>
    mayAnswer({ facts: known({ challenge: open(), ...facts }), ask: asks(ask), now });
  test("to a pending challenge of this application and person, in its time and its round", () => {
    expect(may({})).toBe(true);
    expect(may({ challenge: open({ round: 3 }) }, { round: 3 })).toBe(true);
    expect(may({ challenge: undefined })).toBe(false);
    expect(may({ person: undefined })).toBe(false);
    expect(may({ challenge: open({ applicationId: "app_other" }) })).toBe(false);
    expect(may({}, { nameKey: "eve" })).toBe(false);
    expect(may({ challenge: open({ expiresAt: now }) })).toBe(false);
    expect(may({ challenge: open({ round: 3 }) }, { round: 2 })).toBe(false);
    for (const state of ["approved", "denied", "superseded", "cancelled"] as const)
      expect(may({ challenge: open({ state }) })).toBe(false);
  });
});

describe("what an answer takes before it is looked at", () => {
  const takes = (facts: Partial<Facts>, ask: Partial<Ask>) => {
    const { answer, attempts } = reservation(known(facts), asks(ask), { now, locks });
    return { answer, attempts: attempts.map((one) => one.factor.id) };
  };
  const nothing = { answer: false, attempts: [] };

  test("nothing without an answer", () => {
    expect(takes({}, {})).toEqual(nothing);
  });

  test("nothing before the password is known to be right (R-072)", () => {
    const answer = code();
    expect(takes({}, { application: local, answer })).toEqual(nothing);
    expect(takes({}, { application: local, answer, password: "wrong" })).toEqual(nothing);
    expect(takes({}, { application: local, answer, password: "right" })).toEqual({ answer: false, attempts: [app.id] });
    expect(takes({}, { answer })).toEqual({ answer: false, attempts: [app.id] });
  });

  test("its round of the challenge, and an attempt at the challenge's own factor", () => {
    const challenge = texted();
    expect(takes({ challenge }, { challengeId: "chl_1", answer: "123456" })).toEqual({
      answer: true,
      attempts: [phone.id],
    });
    expect(takes({ challenge }, { challengeId: "chl_1", answer: "123456", nameKey: "eve" })).toEqual(nothing);
  });

  test("no attempt for the choice of a method, nor for someone disabled or blocked", () => {
    const person = { ...ada, state: "disabled" } as const;
    expect(takes({ challenge: open() }, { challengeId: "chl_1", answer: "2" })).toEqual({ answer: true, attempts: [] });
    expect(takes({ person }, { answer: code() })).toEqual(nothing);
    const blocked = { ...ada, blockedUntil: now + 1 };
    expect(takes({ person: blocked }, { answer: code() })).toEqual(nothing);
    const answered = takes({ person: blocked, challenge: open() }, { challengeId: "chl_1", answer: code() });
    expect(answered).toEqual({ answer: true, attempts: [] });
  });

  test("an attempt at five tokens at most (R-016), and at none that is locked", () => {
    const tokens = Array.from({ length: 7 }, (_, index) =>
      factor({ id: `fac_${index}`, lockedUntil: index === 1 ? now + 1 : 0 }),
    );
    expect(takes({ factors: [phone, ...tokens] }, { answer: code() }).attempts).toEqual([
      "fac_0",
      "fac_2",
      "fac_3",
      "fac_4",
    ]);
  });
});

test("a prompt names the method, its digit, where a text went by two digits, and the others", () => {
  expect(promptFor(phone, { person: ada, offered: [app, phone] })).toEqual({
    kind: "code",
    language: "sv",
    method: "sms",
    length: 6,
    digit: 2,
    sentTo: "•• 67",
    others: [{ digit: 1, method: "totp" }],
  });
  const long = factor({ parameters: '{"digits":8}' });
  expect(promptFor(long, { person: undefined, offered: [long] })).toEqual({
    kind: "code",
    language: null,
    method: "totp",
    length: 8,
    digit: 1,
    others: [],
  });
  const token = factor({ id: "fac_token", token: "2600124809778" });
  expect(promptFor(token, { person: ada, offered: [token, app] })).toMatchObject({ token: "2600124809778" });
  expect(promptFor(app, { person: ada, offered: [token, app] }).others).toEqual([
    { digit: 1, method: "totp", token: "2600124809778" },
  ]);
});
