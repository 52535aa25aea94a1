/**
 * Whether someone must register a method before going on, why, and whether they may do so now. Pure. Must stay true: a
 * password alone opens a registration only within its window (mission G2, G8; R-206…R-208).
 */

import { methods } from "./methods/index.ts";
import { channelOf } from "./number-class.ts";
import type { Need, Proof } from "./strength.ts";

/** The reasons of M-134 that exist here, and the help desk's. */
export const reasons = [
  "enabled",
  "reset",
  "strength",
  "device",
  "passkey",
  "policy",
  "method_disabled",
  "phone_only",
  "help_desk",
  "recovered",
  "added",
] as const;
export type Reason = (typeof reasons)[number];
/** Those for which an integration may ask. */
export const askableReasons = ["device", "policy", "passkey"] as const satisfies readonly Reason[];
export type AskableReason = (typeof askableReasons)[number];

export type Registrant = {
  state: string;
  groups: readonly string[];
  /** set by an administrator or an integration */
  mustRegister: Reason | null;
  registerUntil: number | null;
  firstPageAt: number | null;
  registeredAt: number | null;
  /** kinds of the active factors that can still be used */
  methods: readonly string[];
};
export type RegistrationRules = {
  requiredGroups: readonly string[];
  selfServiceReset: boolean;
  /** for how long a password alone may register, from the first sign-in page on; 0: never */
  passwordDays: number;
  off: ReadonlySet<string>;
  /** whether texts and calls alone are not enough, and for whom they are nothing */
  phoneNeedsAnother: boolean;
  phoneForbidden: readonly string[];
};

/** Texts and calls: the number can be taken over, and the network reads along. */
export const isRestricted = (id: string): boolean => channelOf(id) !== undefined;

/** Methods that prove something; passes and recovery codes are ways to one. A token is registered as such, whichever it is. */
export const isLasting = (id: string): boolean => id === "token" || methods.get(id)?.amr !== undefined;

/** Somebody who came in by a way to a method alone needs one, whatever else is still listed: it is not at hand. */
export const isRecovering = (proofs: readonly Proof[]): boolean =>
  proofs.length > 0 && !proofs.some(({ method }) => isLasting(method));

export function reasonToRegister(
  { mustRegister, groups, methods: has }: Registrant,
  { need, rules }: { need: Need; rules: RegistrationRules },
): Reason | undefined {
  if (mustRegister !== null) return mustRegister;
  const lasting = has.filter(isLasting);
  const withoutPhone = groups.some((group) => rules.phoneForbidden.includes(group));
  const usable = lasting.filter((id) => !rules.off.has(id) && !(withoutPhone && isRestricted(id)));
  if (need.strength === "phishing-resistant" && !usable.includes("passkey")) return "strength";
  if (usable.length > 0) return rules.phoneNeedsAnother && usable.every(isRestricted) ? "phone_only" : undefined;
  if (lasting.length > 0) return "method_disabled";
  if (need.strength !== "password") return "enabled";
  if (groups.some((group) => rules.requiredGroups.includes(group))) return "policy";
  return rules.selfServiceReset ? "reset" : undefined;
}

/** Whether what was registered is what it was about. */
export function isEnough({ reason, done }: { reason: Reason; done: readonly string[] }): boolean {
  if (reason === "strength") return done.includes("passkey");
  return done.some((id) => isLasting(id) && (reason !== "phone_only" || !isRestricted(id)));
}

const day = 86_400_000;

/** something beside the password, or a window that is open. */
export function mayRegister(
  { mustRegister, registerUntil, firstPageAt, registeredAt, methods: has }: Registrant,
  { proofs, rules, now }: { proofs: readonly Proof[]; rules: RegistrationRules; now: number },
): boolean {
  if (proofs.length > 0) return true;
  if (registerUntil !== null && registerUntil > now) return true;
  // who has a method proves it first, or is helped; who once had one, or starts anew for the help desk, is no beginner
  if (has.some(isLasting) || registeredAt !== null || mustRegister === "help_desk") return false;
  return rules.passwordDays > 0 && now < (firstPageAt ?? now) + rules.passwordDays * day;
}
