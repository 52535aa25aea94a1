/** A person with an app and a phone, a challenge, an application: the facts of a decision, each to be changed by a test. */

import type { Ask, Case, Decision } from "#core/case.ts";
import { decide } from "#core/decide.ts";
import {
  noFacts,
  type Application,
  type Challenge,
  type Factor,
  type Facts,
  type Person,
  type Taken,
} from "#core/facts.ts";
import { hotp } from "#core/crypto/hotp.ts";

export const now = 1_800_000_000_000;
export const step = now / 30_000;
const seed = Buffer.from("12345678901234567890");
export const code = (offset = 0) => hotp(seed, step + offset, { digits: 6, algorithm: "sha1" });
export const locks = { lockAfter: 10, lockMs: 1_800_000, disableAfter: 100, perDay: 30 };

export const ada: Person = {
  id: "usr_ada",
  nameKey: "ada",
  username: "Ada",
  displayName: null,
  firstName: null,
  lastName: null,
  email: null,
  language: "sv",
  state: "enabled",
  blockedUntil: 0,
  passwordHash: "hash",
  directoryId: null,
  passwordExpired: false,
  mustRegister: false,
  defaultMethod: null,
  pinMac: null,
  pinChangedAt: 0,
  pinMustChange: false,
  createdAt: 0,
};
export const factor = (changes: Partial<Factor> = {}): Factor => ({
  id: "fac_app",
  method: "totp",
  name: null,
  sealedSecret: seed,
  parameters: "",
  address: null,
  counter: 0,
  drift: 0,
  fails: 0,
  attemptedAt: 0,
  lockedUntil: 0,
  dayCost: 0,
  dayStart: 0,
  expiresAt: null,
  createdAt: 0,
  ...changes,
});
export const app = factor();
export const phone = factor({ id: "fac_phone", method: "sms", address: "+46701234567", sealedSecret: null });
export const open = (changes: Partial<Challenge> = {}): Challenge => ({
  id: "chl_1",
  userId: ada.id,
  factorId: app.id,
  method: "totp",
  applicationId: "app_vpn",
  nameKey: null,
  state: "pending",
  round: 0,
  tries: 0,
  expected: null,
  mode: "",
  result: null,
  holder: null,
  isFallback: false,
  offered: [app.id, phone.id],
  correlationId: "cor_1",
  expiresAt: now + 1,
  ...changes,
});
export const texted = (changes: Partial<Challenge> = {}) =>
  open({ factorId: phone.id, method: "sms", expected: Buffer.from("123456"), ...changes });
export const vpn: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
export const local: Application = { ...vpn, firstFactor: "local" };

const taken: Taken = { fails: 1, attemptedAt: now, lockedUntil: 0, cost: 3, dayCost: 3, dayStart: now };
const tookAll = (factors: Factor[]) => new Map(factors.map((one) => [one.id, taken]));
export const known = (changes: Partial<Facts> = {}): Facts => {
  const factors = changes.factors ?? [app, phone];
  return { ...noFacts, person: ada, factors, taken: tookAll(factors), answered: true, ...changes };
};
export const asks = (changes: Partial<Ask> = {}): Ask => ({ application: vpn, nameKey: "ada", ...changes });
const given = (facts: Facts, ask: Ask): Case => ({
  facts,
  ask,
  rules: { tries: 3, locks },
  moment: { now, randomInt: () => 42 },
  seen: (one) => ({
    secret: seed,
    parameters: one.parameters,
    counter: one.counter,
    drift: one.drift,
    address: one.address,
  }),
  pin: undefined,
  sent: ({ expected }) => (expected ? { hash: expected, hashOf: (text) => Buffer.from(text.padEnd(6)) } : undefined),
});
export const decided = (facts: Facts, changes: Partial<Ask> = {}): Decision => decide(given(facts, asks(changes)));
export const answered = (challenge: Challenge, answer: string, changes: Partial<Facts> = {}) =>
  decided(known({ challenge, ...changes }), { challengeId: challenge.id, answer });
