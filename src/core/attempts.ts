/**
 * What a guess costs, before it is looked at (R-065…R-072). An attempt is written by compare-and-set, so parallel
 * guesses cost what they are; success gives it back. Must stay true: no answer is checked for a factor not taken here.
 */

import type { Factor, Facts, Taken } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Ask } from "./decide.ts";

export type LockRules = {
  /** consecutive failures that lock a factor, and for how long (ms) */
  lockAfter: number;
  lockMs: number;
  /** consecutive failures after which only a new binding helps */
  disableAfter: number;
  /** failed codes a person may enter in 24 hours, over all factors */
  perDay: number;
};

export type Refused = "locked_out" | "throttled";

const day = 24 * 3_600_000;
/** A guess at a factor whose window holds three codes costs three: the daily bound on luck then holds for any width. */
const usualWidth = 3;
const freeFailures = 3;
/** a code is tried against this many factors at most. */
const candidateLimit = 5;

const dayCost = (factor: Factor, now: number) => (factor.dayStart > now - day ? factor.dayCost : 0);
const costOf = (factor: Factor) =>
  Math.max(usualWidth, methods.get(factor.method)?.width(factor.parameters) ?? 0);

/** What one more attempt at the factor writes, or why it is not to be had now. */
export function nextAttempt(
  factor: Factor,
  all: Factor[],
  { now, rules }: { now: number; rules: LockRules },
): Taken | Refused {
  if (factor.lockedUntil > now || factor.fails >= rules.disableAfter) return "locked_out";
  const spent = all.reduce((sum, other) => sum + dayCost(other, now), 0);
  if (spent + costOf(factor) > rules.perDay * usualWidth) return "locked_out";
  const inCycle = factor.fails % rules.lockAfter;
  const pause = inCycle < freeFailures ? 0 : 1000 * 2 ** (inCycle - freeFailures);
  if (now < factor.attemptedAt + pause) return "throttled";
  const fails = factor.fails + 1;
  const fresh = dayCost(factor, now) === 0;
  return {
    fails,
    attemptedAt: now,
    lockedUntil: fails % rules.lockAfter === 0 ? now + rules.lockMs : 0,
    cost: costOf(factor),
    dayCost: dayCost(factor, now) + costOf(factor),
    dayStart: fresh ? now : factor.dayStart,
  };
}

/** The factors that an answer would be tried against. */
export function candidates(facts: Facts, ask: Ask): Factor[] {
  const { challenge } = facts;
  if (ask.challengeId !== undefined)
    return facts.factors.filter((factor) => factor.id === challenge?.factorId);
  return facts.factors.filter((factor) => methods.get(factor.method)?.standing).slice(0, candidateLimit);
}
