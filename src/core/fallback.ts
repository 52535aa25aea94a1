/**
 * A code of the person's app or token, asked for after a phone that nobody answered, by a client that is allowed to (fact sheet
 * 2.11). Must stay true: who said no on the phone, reported fraud or typed something wrong is asked for nothing else, and the
 * call or text had ended, on record, before.
 */

import type { Case, Decision } from "./case.ts";
import type { Challenge, Factor } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Method } from "./methods/method.ts";
import { modeOf } from "./out-of-band.ts";
import type { DenyCode } from "./outcome.ts";

/** Whether what the client hears of its waiting may be followed by a question for a code. */
export const mayFallBack = (code: DenyCode): boolean => code === "no_answer" || code === "unreachable";

/** `free`: the factors that could be asked for, in order. */
export function fallback({ facts, ask, moment }: Case, ended: Decision, free: () => Factor[]): Decision | undefined {
  if (!ask.application.fallback || ended.kind !== "deny" || !ended.recorded || !mayFallBack(ended.code))
    return undefined;
  // every call asks people who are not signing in to hang up: that is a no, and not an absence
  if (ended.result === "FAILED_USER_HUNGUP_ON_US") return undefined;
  const offered = free().filter(({ method }) => methods.get(method)?.results.fallback);
  const [factor] = offered;
  if (!factor) return undefined;
  const method = methods.get(factor.method)!;
  const begun = method.begin(moment, modeOf(factor, facts, ask)!);
  return { kind: "challenge", gate: "fallback", factor, method, begun, offered };
}

export const verifiedBy = ({ results }: Method, open: Challenge | undefined) =>
  (open?.isFallback && results.fallback) || results.verified;
