import { expect, test } from "vitest";
import { amrOf, authTimeOf, satisfies, strengthOf, stronger, type Proven, type Strength } from "./strength.ts";

const nothing: Proven = { passwordAt: null, proofs: [], rememberedAt: null };
const password: Proven = { ...nothing, passwordAt: 1000 };
const by = (method: string, userVerified = false, at = 2000) => ({ method, at, userVerified });
const mfa: Proven = { ...password, proofs: [by("totp")] };

test.each<[string, Proven, Strength, string[]]>([
  ["a password", password, "password", ["pwd"]],
  ["a password and an app code", mfa, "mfa", ["pwd", "otp", "mfa"]],
  ["a password and a text", { ...password, proofs: [by("sms")] }, "mfa", ["pwd", "sms", "mfa"]],
  ["a password and a Temporary Access Pass", { ...password, proofs: [by("tap")] }, "password", ["pwd"]],
  ["a password and a recovery code", { ...password, proofs: [by("recovery")] }, "password", ["pwd"]],
  ["a password on a remembered device", { ...password, rememberedAt: 1000 }, "password", ["pwd"]],
  ["an app code alone", { ...nothing, proofs: [by("totp")] }, "password", ["otp"]],
  ["a method that is none", { ...password, proofs: [by("nothing")] }, "password", ["pwd"]],
])("%s is worth what it proves and claims no more", (_, proven, strength, amr) => {
  expect(strengthOf(proven)).toBe(strength);
  expect(amrOf(proven)).toEqual(amr);
});

test("a need is met by what is as strong, or stronger", () => {
  const need = { strength: "mfa", notBefore: 0 } as const;
  expect(satisfies(password, need)).toBe(false);
  expect(satisfies(mfa, need)).toBe(true);
  expect(satisfies(mfa, { ...need, strength: "password" })).toBe(true);
  expect(satisfies(mfa, { ...need, strength: "phishing-resistant" })).toBe(false);
  expect(satisfies({ ...nothing, proofs: [by("totp")] }, { ...need, strength: "password" })).toBe(false);
  expect(satisfies(nothing, { ...need, strength: "password" })).toBe(false);
  expect(stronger("mfa", "password")).toBe("mfa");
  expect(stronger("password", "phishing-resistant")).toBe("phishing-resistant");
});

test("what was proven too long ago counts no more", () => {
  const need = { strength: "mfa", notBefore: 1500 } as const;
  expect(satisfies(mfa, need)).toBe(false);
  expect(satisfies({ ...mfa, passwordAt: 1500 }, need)).toBe(true);
  expect(satisfies({ ...mfa, passwordAt: 3000 }, { ...need, notBefore: 2500 })).toBe(false);
});

test("a remembered device stands in for the second step, but not where it is asked for by name, and for no more", () => {
  const remembered: Proven = { ...password, rememberedAt: 1000 };
  const need = { strength: "mfa", notBefore: 0 } as const;
  expect(satisfies(remembered, need)).toBe(true);
  expect(satisfies(remembered, { ...need, explicit: true })).toBe(false);
  expect(satisfies(remembered, { ...need, strength: "phishing-resistant" })).toBe(false);
  expect(satisfies({ ...remembered, passwordAt: 2000 }, { ...need, notBefore: 1500 })).toBe(false);
});

test("the time of authentication is that of the newest proof", () => {
  expect(authTimeOf(mfa)).toBe(2000);
  expect(authTimeOf(password)).toBe(1000);
});
