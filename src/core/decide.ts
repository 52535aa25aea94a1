/**
 * Whether this person may in, and by what: gates in order, the first that speaks wins and is named in the record.
 * Pure. Must stay true: nothing allows but the code gate (or, by a dated exception, the method gate), and no answer is
 * checked for a factor that no attempt was taken of. A guess is paid for before it is looked at (R-065…R-072): attempts are
 * written by compare-and-set, so parallel guesses cost what they are, and success gives them back.
 */

import type { Ask, Case, Decision, LockRules } from "./case.ts";
import type { Challenge, Factor, Facts, Taken } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Checked, Method } from "./methods/method.ts";
import type { DenyCode } from "./outcome.ts";
import type { ResultCode } from "./results.ts";

type Gate = (given: Case) => Decision | undefined;
type More = { method?: Method; free?: boolean; retry?: boolean };
const deny = (gate: string, code: DenyCode, result: ResultCode, more: More = {}): Decision => {
  return { kind: "deny", gate, code, result, free: true, retry: false, ...more };
};

/** Is the challenge this edge's and this person's to answer? Read before an attempt is taken, and again after. */
export function mayAnswer({ facts, ask, now }: { facts: Facts; ask: Ask; now: number }): boolean {
  const { challenge, person } = facts;
  if (!challenge || !person || !bound(facts, ask)) return false;
  return (
    challenge.state === "pending" && challenge.expiresAt > now && (ask.round ?? challenge.round) === challenge.round
  );
}

/** an answer counts for the challenge's own application and person alone. */
const bound = ({ challenge, person }: Facts, ask: Ask) =>
  challenge?.applicationId === ask.application.id && (ask.nameKey === undefined || ask.nameKey === person?.nameKey);

/** The other method that a lone digit asks for, while a challenge is open. */
export function chosen(facts: Facts, answer: string | undefined): Factor | undefined {
  const id =
    answer !== undefined && /^[1-9]$/.test(answer.trim()) ? facts.challenge?.offered[Number(answer) - 1] : undefined;
  return facts.factors.find((factor) => factor.id === id);
}

const person: Gate = ({ facts }) => {
  if (facts.person?.state === "disabled") return deny("person", "person_disabled", "FAILED_PERSON_DISABLED");
  return undefined;
};

const password: Gate = ({ facts, ask }) => {
  if (ask.application.firstFactor === "none" || ask.challengeId !== undefined) return undefined;
  if (ask.password === undefined) return { kind: "ask", gate: "password" };
  if (ask.password === "throttled") return deny("password", "throttled", "FAILED_AUTHENTICATION_THROTTLED");
  if (ask.password === "unavailable") return deny("password", "unavailable", "FAILED_SERVER_ERROR");
  if (ask.password === "wrong" && facts.person) return deny("password", "wrong_password", "FAILED_PASSWORD_INCORRECT");
  return undefined;
};

// After the password, so that an unknown name costs what a known one costs.
const known: Gate = ({ facts }) =>
  facts.person ? undefined : deny("known", "unknown_person", "FAILED_UNKNOWN_PERSON");

const method: Gate = ({ facts, ask, moment }) => {
  const usable = ask.challengeId === undefined && !ask.application.canChallenge ? standing(facts) : facts.factors;
  if (usable.length > 0) return undefined;
  if (facts.factors.length === 0 && ask.application.allowWithoutMethodUntil > moment.now)
    return { kind: "allow", gate: "method", result: "SUCCESS_NO_METHOD_ALLOWED", accepted: [] };
  return deny("method", "no_method", "FAILED_NO_METHOD");
};
const standing = (facts: Facts) => facts.factors.filter((factor) => methods.get(factor.method)?.standing);

const challenge: Gate = (given) => {
  const { facts, ask, moment } = given;
  if (ask.challengeId === undefined) return undefined;
  const open = facts.challenge;
  const by = open && methods.get(open.method);
  if (!open || !by || !bound(facts, ask)) return deny("challenge", "foreign_challenge", "FAILED_CHALLENGE_FOREIGN");
  if (open.state === "approved") return used(given, open, by);
  if (open.state === "superseded") return deny("challenge", "superseded", "FAILED_CODE_SUPERSEDED", { method: by });
  if (open.state === "cancelled") return deny("challenge", "cancelled", "FAILED_CANCELLED", { method: by });
  if (open.state === "denied") return deny("challenge", "too_many_tries", by.results.too_many_tries, { method: by });
  if (!mayAnswer({ facts, ask, now: moment.now }) || !facts.answered)
    return deny("challenge", "expired", by.results.expired, { method: by });
  return undefined;
};

/** Mission G13: an answer equal to the code that was accepted is a retransmission or a replay, told apart in the record. */
function used({ facts, ask, seen, sent, moment }: Case, open: Challenge, by: Method): Decision {
  const factor = facts.factors.find((one) => one.id === open.factorId);
  const checked = factor && by.check({ factor: seen(factor), sent: sent(open), answer: ask.answer ?? "" }, moment);
  const again = checked && (checked.ok || checked.code === "code_duplicate");
  return again
    ? deny("challenge", "code_duplicate", by.results.code_duplicate, { method: by })
    : deny("challenge", "expired", by.results.expired, { method: by });
}

const code: Gate = (given) => {
  const { facts, ask } = given;
  if (ask.answer === undefined || chosen(facts, ask.answer)) return undefined;
  const tried = candidates(facts, ask);
  if (tried.length === 0) return deny("code", "no_method", "FAILED_NO_METHOD");
  const taken = tried.filter((factor) => facts.taken.has(factor.id));
  if (taken.length === 0) return refused(given, tried);
  const checks = taken.map((factor) => ({ factor, checked: check(given, factor) }));
  const accepted = checks.flatMap(({ factor, checked }) =>
    checked.ok ? [{ factor, counter: checked.counter, drift: checked.drift }] : [],
  );
  const by = methods.get(taken[0]!.method)!;
  if (accepted.length > 0) return { kind: "allow", gate: "code", result: by.results.verified, method: by, accepted };
  const worst = (["code_duplicate", "code_old", "wrong_code"] as const).find((verdict) =>
    checks.some(({ checked }) => !checked.ok && checked.code === verdict),
  )!;
  return wrong(given, by, worst);
};

function check({ facts, ask, seen, sent, moment }: Case, factor: Factor): Checked {
  const by = methods.get(factor.method)!;
  return by.check(
    { factor: seen(factor), sent: facts.challenge && sent(facts.challenge), answer: ask.answer ?? "" },
    moment,
  );
}

/** A wrong answer leaves tries while the challenge has some; a repeated one is free (mission G13). */
function wrong({ facts, rules }: Case, by: Method, verdict: "wrong_code" | "code_duplicate" | "code_old"): Decision {
  const last = facts.challenge !== undefined && facts.challenge.tries + 1 >= rules.tries;
  if (last && verdict === "wrong_code")
    return deny("code", "too_many_tries", by.results.too_many_tries, { method: by, free: false });
  const retry = facts.challenge !== undefined && !last;
  return deny("code", verdict, by.results[verdict], {
    method: by,
    free: verdict === "code_duplicate",
    retry,
  });
}

function refused({ facts, moment, rules }: Case, tried: Factor[]): Decision {
  const reasons = tried.map((factor) => nextAttempt(factor, facts.factors, { now: moment.now, rules: rules.locks }));
  const code: Refused = reasons.includes("locked_out") ? "locked_out" : "throttled";
  const by = tried[0] && methods.get(tried[0].method);
  return deny(
    "attempts",
    code,
    code === "locked_out" ? "FAILED_LOCKED_OUT" : "FAILED_AUTHENTICATION_THROTTLED",
    by ? { method: by } : {},
  );
}

/** Nothing refused and nothing proved yet: ask for the second step, by the method wanted, the default, or the next. */
const begin: Gate = (given) => {
  const { facts, ask, moment, rules } = given;
  const open = facts.challenge;
  if (open && ask.challengeId === undefined && open.expiresAt > moment.now)
    return { kind: "join", gate: "begin", challenge: open };
  const offered = order(facts, ask);
  const free = (factor: Factor) =>
    typeof nextAttempt(factor, facts.factors, { now: moment.now, rules: rules.locks }) !== "string";
  const factor = chosen(facts, ask.answer) ?? offered.find(free) ?? undefined;
  if (!factor || !free(factor)) return refused(given, factor ? [factor] : offered);
  const by = methods.get(factor.method)!;
  return {
    kind: "challenge",
    gate: "begin",
    factor,
    method: by,
    begun: by.begin(moment),
    offered,
  };
};

function order({ factors, person }: Facts, ask: Ask): Factor[] {
  const ranks = [...methods.keys()];
  const rank = (factor: Factor) =>
    factor.method === ask.method ? -2 : factor.method === person?.defaultMethod ? -1 : ranks.indexOf(factor.method);
  return factors.toSorted((a, b) => rank(a) - rank(b)).slice(0, 9);
}

const gates: Gate[] = [person, password, known, method, challenge, code, begin];

export function decide(given: Case): Decision {
  for (const gate of gates) {
    const decision = gate(given);
    if (decision) return decision;
  }
  throw new Error("no gate spoke"); // begin always speaks
}

/** What an answer takes before it is checked: its round of the challenge, and an attempt at each factor it is tried against. */
export function reservation(
  facts: Facts,
  ask: Ask,
  { now, locks }: { now: number; locks: LockRules },
): { answer: boolean; attempts: { factor: Factor; taken: Taken }[] } {
  const passwordFirst =
    ask.challengeId === undefined && ask.application.firstFactor !== "none" && ask.password !== "right";
  const answers = ask.challengeId !== undefined && mayAnswer({ facts, ask, now });
  if (ask.answer === undefined || passwordFirst || (ask.challengeId !== undefined && !answers))
    return { answer: false, attempts: [] };
  if (facts.person?.state === "disabled" || chosen(facts, ask.answer)) return { answer: answers, attempts: [] };
  const attempts = candidates(facts, ask).flatMap((factor) => {
    const taken = nextAttempt(factor, facts.factors, { now, rules: locks });
    return typeof taken === "string" ? [] : [{ factor, taken }];
  });
  return { answer: answers, attempts };
}

type Refused = "locked_out" | "throttled";

const day = 24 * 3_600_000;
/** A guess at a factor whose window holds three codes costs three: the daily bound on luck then holds for any width. */
const usualWidth = 3;
const freeFailures = 3;
/** a code is tried against this many factors at most. */
const candidateLimit = 5;

const dayCost = (factor: Factor, now: number) => (factor.dayStart > now - day ? factor.dayCost : 0);
const costOf = (factor: Factor) => Math.max(usualWidth, methods.get(factor.method)?.width(factor.parameters) ?? 0);

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
function candidates(facts: Facts, ask: Ask): Factor[] {
  const { challenge } = facts;
  if (ask.challengeId !== undefined) return facts.factors.filter((factor) => factor.id === challenge?.factorId);
  return facts.factors.filter((factor) => methods.get(factor.method)?.standing).slice(0, candidateLimit);
}
