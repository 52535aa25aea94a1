/**
 * What a session proves and what an application may ask of it. Must stay true: nothing is claimed that was not verified in
 * this session; a remembered device lets someone through and claims nothing.
 */

import { methods } from "./methods/index.ts";

/** A method verified in this session; `at` in epoch ms. */
export type Proof = { method: string; at: number; userVerified: boolean };
export type Proven = {
  /** when the password was right (epoch ms) */
  passwordAt: number | null;
  proofs: readonly Proof[];
  /** when a remembered device stood in for the second step (epoch ms) */
  rememberedAt: number | null;
};

export const strengths = ["password", "mfa", "phishing-resistant"] as const;
export type Strength = (typeof strengths)[number];
export type Need = {
  strength: Strength;
  /** epoch ms: what was proven before counts no more */
  notBefore: number;
  /** Asked for by name, to be claimed to others: then a remembered device does not do. */
  explicit?: boolean | undefined;
};

export const stronger = (a: Strength, b: Strength): Strength => (strengths.indexOf(a) > strengths.indexOf(b) ? a : b);

/** the highest level that someone with these methods can be asked for. */
export const reachable = (kinds: readonly string[]): Strength =>
  kinds.includes("passkey") ? "phishing-resistant" : "mfa";

/** Methods that let a person register another one prove nothing else (mission B). */
const counting = ({ proofs }: Proven) => proofs.filter(({ method }) => methods.get(method)?.amr !== undefined);
const isPasskey = ({ method }: Proof) => method === "passkey";

export function strengthOf(proven: Proven): Strength {
  const counted = counting(proven);
  if (counted.some((proof) => isPasskey(proof) && (proof.userVerified || proven.passwordAt !== null)))
    return "phishing-resistant";
  return counted.length > 0 && proven.passwordAt !== null ? "mfa" : "password";
}

export function satisfies(proven: Proven, need: Need): boolean {
  const fresh: Proven = {
    passwordAt: since(need, proven.passwordAt),
    proofs: proven.proofs.filter(({ at }) => at >= need.notBefore),
    rememberedAt: since(need, proven.rememberedAt),
  };
  if (fresh.passwordAt === null && !counting(fresh).some((proof) => isPasskey(proof) && proof.userVerified))
    return false;
  const reached = strengthOf(fresh);
  if (stronger(reached, need.strength) === reached) return true;
  return need.strength === "mfa" && need.explicit !== true && fresh.rememberedAt !== null;
}
const since = ({ notBefore }: Need, at: number | null) => (at !== null && at >= notBefore ? at : null);

/** RFC 8176 values of what was verified, in its order. */
export function amrOf(proven: Proven): string[] {
  const values = proven.passwordAt === null ? [] : ["pwd"];
  for (const proof of counting(proven)) {
    values.push(methods.get(proof.method)!.amr!);
    if (proof.userVerified) values.push("user");
  }
  if (strengthOf(proven) !== "password") values.push("mfa");
  return [...new Set(values)];
}

/** When the newest of it was proven (epoch ms). */
export const authTimeOf = (proven: Proven): number =>
  Math.max(proven.passwordAt ?? 0, ...counting(proven).map(({ at }) => at));
