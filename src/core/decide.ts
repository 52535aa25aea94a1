/**
 * Whether this person may in, and by what: gates in order, the first that speaks wins and is named in the record.
 * Pure. Must stay true: nothing allows but the code gate (or, where the application says so, the first and the method gate), and no answer is
 * checked for a factor that no attempt was taken of. A guess is paid for before it is looked at (R-065…R-072): attempts are
 * written by compare-and-set, so parallel guesses cost what they are, and success gives them back.
 */

import type { Ask, Case, Decision, LockRules } from "./case.ts";
import { isCooling } from "./cooling.ts";
import type { Challenge, Factor, Facts, Taken } from "./facts.ts";
import { fallback, verifiedBy } from "./fallback.ts";
import { methods } from "./methods/index.ts";
import type { Checked, Method, WrongCode } from "./methods/method.ts";
import { byPhone, mayJoin, modeOf } from "./out-of-band.ts";
import type { DenyCode } from "./outcome.ts";
import type { ResultCode } from "./results.ts";

type Gate = (given: Case) => Decision | undefined;
type More = { method?: Method; free?: boolean; retry?: boolean };
const deny = (gate: string, code: DenyCode, result: ResultCode, more: More = {}): Decision => {
  return { kind: "deny", gate, code, result, free: true, retry: false, ...more };
};

/** Is the challenge this edge's and this person's to answer? Read before an attempt is taken, and again after. */
export function mayAnswer({ facts, ask, now }: { facts: Facts; ask: Ask; now: number }): boolean {
  const { challenge: open, person } = facts;
  if (!open || !person || !bound(facts, ask) || open.state !== "pending") return false;
  return open.expiresAt > now && (ask.round ?? open.round) === open.round;
}

/** an answer counts for the challenge's own application and person alone. */
const bound = ({ challenge, person }: Facts, { application, nameKey }: Ask) =>
  challenge?.applicationId === application.id &&
  (nameKey === undefined || nameKey === person?.nameKey || nameKey === challenge.nameKey);

/** The challenge that is being answered; a first request may know of one that it could join, which is not that. */
const answered = (facts: Facts, ask: Ask) => (ask.challengeId === undefined ? undefined : facts.challenge);

/** The other method that a lone digit asks for, while a challenge is open. */
export function chosen(facts: Facts, ask: Ask): Factor | undefined {
  const digit = ask.byPhone ? null : /^[1-9]$/.exec(ask.answer?.trim() ?? "");
  const id = digit && answered(facts, ask)?.offered[Number(digit[0]) - 1];
  return facts.factors.find((factor) => factor.id === id);
}

const person: Gate = ({ facts }) => {
  if (facts.person?.state === "disabled") return deny("person", "person_disabled", "FAILED_PERSON_DISABLED");
  return undefined;
};

// Before password and method: of somebody blocked neither is looked at.
const blocked: Gate = ({ facts, moment }) =>
  isBlocked(facts, moment.now) ? deny("blocked", "person_blocked", "SUCCESS_USER_BLOCKED") : undefined;
const isBlocked = ({ person }: Facts, now: number) => person !== undefined && person.blockedUntil > now;

const password: Gate = ({ facts, ask }) => {
  if (ask.application.firstFactor === "none" || ask.challengeId !== undefined) return undefined;
  if (ask.password === undefined) return { kind: "ask", gate: "password" };
  if (ask.password === "throttled") return deny("password", "throttled", "FAILED_AUTHENTICATION_THROTTLED");
  if (ask.password === "unavailable") return deny("password", "unavailable", "FAILED_SERVER_ERROR");
  if (ask.password === "wrong" || (ask.password === "unknown" && facts.person))
    return deny("password", "wrong_password", "FAILED_PASSWORD_INCORRECT");
  // where no page of ours can ask for a new one
  if (facts.person?.passwordExpired && !ask.application.pages)
    return deny("password", "password_expired", "FAILED_PASSWORD_EXPIRED");
  return undefined;
};

// After the password, so that an unknown name costs what a known one costs.
const known: Gate = ({ facts }) =>
  facts.person ? undefined : deny("known", "unknown_person", "FAILED_UNKNOWN_PERSON");

/** Where the application asks for no more than the password, or the browser is remembered. */
const first: Gate = ({ ask }) => {
  const result = ask.challengeId === undefined && ask.password === "right" && ask.application.passwordSuffices;
  return result ? { kind: "allow", gate: "first", result, accepted: [] } : undefined;
};

const method: Gate = ({ facts, ask, moment }) => {
  if (usable(facts, ask, moment.now).length > 0) return undefined;
  if (facts.factors.length === 0 && !facts.person?.mustRegister && ask.application.allowWithoutMethodUntil > moment.now)
    return { kind: "allow", gate: "method", result: "SUCCESS_NO_METHOD_ALLOWED", accepted: [] };
  const [cut] = workable(facts, ask, moment.now);
  const by = cut && methods.get(cut.method)!;
  if (by) return deny("method", "unreachable", by.results.not_sent, { method: by });
  return deny("method", "no_method", "FAILED_NO_METHOD");
};
const worksAlone = (by: Method, answer: string | undefined) => (answer === undefined ? by.outOfBand : by.standing);
/** The factors that this edge can ask for now; without a challenge those whose code came along, or that need none. */
const workable = (facts: Facts, ask: Ask, now: number) =>
  facts.factors.filter((factor) => {
    const { application, off, challengeId, answer } = ask;
    const by = methods.get(factor.method);
    if (!by || off?.has(by.id) || (by.pages && !application.pages) || by.over?.(factor)) return false;
    if (challengeId === undefined && !application.canChallenge && !worksAlone(by, answer)) return false;
    return modeOf(factor, facts, ask) !== undefined && isReady(factor, facts, { ask, now });
  });
/** Those of them that can be reached now; what was sent may be answered whoever carries no more. */
const usable = (facts: Facts, ask: Ask, now: number) =>
  workable(facts, ask, now).filter((factor) => factor.id === facts.challenge?.factorId || !ask.unreachable?.(factor));
const isReady = (factor: Factor, facts: Facts, at: { ask: Ask; now: number }) =>
  (factor.expiresAt === null || factor.expiresAt > at.now) && !isCooling(factor, facts, at);

const challenge: Gate = (given) => {
  const { facts, ask, moment } = given;
  if (ask.challengeId === undefined) return undefined;
  const open = facts.challenge;
  const by = open && methods.get(open.method);
  if (!open || !by || !bound(facts, ask)) return deny("challenge", "foreign_challenge", "FAILED_CHALLENGE_FOREIGN");
  const waiting = byPhone(given, open, by);
  if (waiting)
    return fallback(given, waiting, () => free(given, order(usable(facts, ask, moment.now), facts, ask))) ?? waiting;
  if (open.state === "approved") return used(given, open, by);
  if (open.state !== "pending") return deny("challenge", ...ended(by)[open.state]!, { method: by });
  if (!mayAnswer({ facts, ask, now: moment.now }) || !facts.answered)
    return deny("challenge", "expired", by.results.expired, { method: by });
  return undefined;
};
const ended = ({ results }: Method): Record<string, [DenyCode, ResultCode]> => ({
  denied: ["too_many_tries", results.too_many_tries],
  consumed: ["code_duplicate", results.code_duplicate],
  superseded: ["superseded", "FAILED_CODE_SUPERSEDED"],
  cancelled: ["cancelled", "FAILED_CANCELLED"],
});

/** Mission G13: an answer equal to the code that was accepted is a retransmission or a replay, told apart in the record. */
function used(given: Case, open: Challenge, by: Method): Decision {
  const factor = given.facts.factors.find((one) => one.id === open.factorId);
  const checked = factor && check(given, factor);
  // a standing method's code that would be right now is another code than the one that was accepted
  const again = checked && (checked.ok ? !by.standing : checked.code === "code_duplicate");
  const verdict = again ? "code_duplicate" : "expired";
  return deny("challenge", verdict, by.results[verdict], { method: by });
}

const code: Gate = (given) => {
  const { facts, ask, moment } = given;
  if (ask.answer === undefined || chosen(facts, ask)) return undefined;
  const tried = candidates(facts, ask, moment.now);
  if (tried.length === 0) return deny("code", "no_method", "FAILED_NO_METHOD");
  const taken = tried.filter((factor) => facts.taken.has(factor.id));
  if (taken.length === 0) return refused(given, tried);
  const checks = taken.map((factor) => ({ factor, checked: check(given, factor) }));
  const accepted = checks.flatMap(({ factor, checked }) =>
    checked.ok ? [{ factor, counter: checked.counter, drift: checked.drift }] : [],
  );
  const by = methods.get(taken[0]!.method)!;
  const result = checks.find(({ checked }) => accepted.length === 0 || checked.ok)?.checked.result;
  if (accepted.length > 0)
    return {
      kind: "allow",
      gate: "code",
      result: result ?? verifiedBy(by, answered(facts, ask)),
      method: by,
      accepted,
    };
  const said = new Set(checks.map(({ checked }) => (checked.ok ? undefined : checked.code)));
  const final = checks.some(({ checked }) => !checked.ok && checked.final === true);
  return wrong(given, by, { verdict: worstFirst.find((verdict) => said.has(verdict))!, result, final });
};

const worstFirst = ["pin_expired", "code_duplicate", "code_old", "wrong_code"] as const;

function check({ facts, ask, seen, sent, pin, moment }: Case, factor: Factor): Checked {
  const by = methods.get(factor.method)!;
  return by.check(
    {
      factor: seen(factor),
      sent: facts.challenge && sent(facts.challenge),
      answer: ask.answer ?? "",
      proof: ask.proof?.factorId === factor.id ? ask.proof : undefined,
      mode: answered(facts, ask)?.mode ?? modeOf(factor, facts, ask) ?? "",
      pin,
    },
    moment,
  );
}

/** A wrong answer leaves tries while the challenge has some; a repeated one is free (mission G13). */
function wrong({ facts, ask, rules }: Case, by: Method, { verdict, result, final }: Wrong): Decision {
  const open = answered(facts, ask);
  const last = open !== undefined && (final || open.tries + 1 >= rules.tries);
  if (last && verdict === "wrong_code")
    return deny("code", "too_many_tries", result ?? by.results.too_many_tries, { method: by, free: false });
  const free = (verdict === "code_duplicate" && result === undefined) || verdict === "pin_expired";
  const named = result ?? by.results[verdict as Exclude<WrongCode, "pin_expired">];
  const retry = open !== undefined && (!last || verdict === "pin_expired");
  return deny("code", verdict, named, { method: by, free, retry });
}
type Wrong = { verdict: WrongCode; result: ResultCode | undefined; final: boolean };

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
  const { facts, ask, moment } = given;
  const open = facts.challenge;
  if (open && ask.challengeId === undefined && open.expiresAt > moment.now && mayJoin(open, ask))
    return { kind: "join", gate: "begin", challenge: open };
  const offered = order(usable(facts, ask, moment.now), facts, ask);
  const wanted = chosen(facts, ask);
  const [factor] = free(given, wanted ? [wanted] : offered);
  if (!factor) return refused(given, wanted ? [wanted] : offered);
  const by = methods.get(factor.method)!;
  return {
    kind: "challenge",
    gate: "begin",
    factor,
    method: by,
    begun: by.begin(moment, modeOf(factor, facts, ask)!),
    offered,
  };
};

/** Those of which an attempt could be taken now. */
const free = ({ facts, moment, rules }: Case, factors: Factor[]) =>
  factors.filter((one) => typeof nextAttempt(one, facts.factors, { now: moment.now, rules: rules.locks }) !== "string");

function order(factors: Factor[], { person }: Facts, ask: Ask): Factor[] {
  const ranks = [...methods.keys()];
  const rank = (factor: Factor) =>
    factor.method === ask.method ? -2 : factor.method === person?.defaultMethod ? -1 : ranks.indexOf(factor.method);
  return factors.toSorted((a, b) => rank(a) - rank(b)).slice(0, 9);
}

const gates: Gate[] = [person, blocked, challenge, password, known, first, method, code, begin];

export function decide(given: Case): Decision {
  for (const gate of gates) {
    const decision = gate(given);
    if (decision) return decision;
  }
  throw new Error("no gate spoke"); // begin always speaks
}

/** What an answer takes before it is checked: its round of the challenge, and an attempt at each factor it is tried against. */
export function reservation(facts: Facts, ask: Ask, { now, locks }: { now: number; locks: LockRules }): Reservation {
  const answers = mayAnswer({ facts, ask, now }) && isTyped(facts, ask);
  const none = { answer: answers && ask.answer !== undefined, attempts: [] };
  if (ask.answer === undefined || (ask.challengeId !== undefined ? !answers : !passwordDone(ask))) return none;
  if (isUnseen(facts, now) || chosen(facts, ask)) return none;
  const attempts: { factor: Factor; taken: Taken }[] = [];
  let beside = 0;
  for (const factor of candidates(facts, ask, now)) {
    const taken = nextAttempt(factor, facts.factors, { now, rules: locks, beside });
    if (typeof taken === "string") continue;
    attempts.push({ factor, taken });
    beside += taken.cost;
  }
  return { answer: answers, attempts };
}
export type Reservation = { answer: boolean; attempts: { factor: Factor; taken: Taken }[] };
/** What an answer hears that could otherwise be looked at, and that its application may not have looked at any more. */
export const unseen: Decision = deny("attempts", "throttled", "FAILED_AUTHENTICATION_THROTTLED");
/** No answer of theirs is looked at. */
const isUnseen = (facts: Facts, now: number) =>
  facts.isSpent || facts.person?.state === "disabled" || isBlocked(facts, now);
/** What comes by phone is not typed here, but for the wish for another method. */
const isTyped = (facts: Facts, ask: Ask) =>
  ask.challengeId !== undefined &&
  (!methods.get(facts.challenge!.method)?.outOfBand === !ask.byPhone || chosen(facts, ask) !== undefined);
/** nobody without the password takes an attempt of the second factor. */
const passwordDone = ({ application, password }: Ask) => application.firstFactor === "none" || password === "right";

type Refused = "locked_out" | "throttled";

const day = 24 * 3_600_000;
/** A guess at a factor whose window holds three codes costs three: the daily bound on luck then holds for any width. */
const usualWidth = 3;
const freeFailures = 3;
/** a code is tried against this many factors at most. */
const candidateLimit = 5;

/**
 * What failures still weigh: half a day's worth may come at once and drains in a day, so that no 24 hours, wherever they
 * begin, hold more than the day's worth.
 */
const capacity = (rules: LockRules) => (rules.perDay * usualWidth) / 2;
const weight = ({ dayCost, dayStart }: Factor, { now, rules }: { now: number; rules: LockRules }) =>
  Math.max(0, Math.ceil(dayCost - (Math.max(0, now - dayStart) * capacity(rules)) / day));
const costOf = (factor: Factor) => Math.max(usualWidth, methods.get(factor.method)?.width(factor.parameters) ?? 0);

/** `beside`: what other factors cost in the same guess. */
type Weighing = { now: number; rules: LockRules; beside?: number };

/** What one more attempt at the factor writes, or why it is not to be had now. */
export function nextAttempt(factor: Factor, all: Factor[], { now, rules, beside = 0 }: Weighing): Taken | Refused {
  if (factor.lockedUntil > now || factor.fails >= rules.disableAfter) return "locked_out";
  const spent = all.reduce((sum, other) => sum + weight(other, { now, rules }), beside);
  const cost = costOf(factor);
  if (spent + cost > capacity(rules)) return "locked_out";
  const inCycle = factor.fails % rules.lockAfter;
  const pause = inCycle < freeFailures ? 0 : 1000 * 2 ** (inCycle - freeFailures);
  const wait = factor.attemptedAt + pause - now;
  // a failure of more than a day to come was noted by a clock that has been set right since
  if (pause > 0 && wait > 0 && wait < day) return "throttled";
  const fails = factor.fails + 1;
  const lockedUntil = fails % rules.lockAfter === 0 ? now + rules.lockMs : 0;
  return { fails, attemptedAt: now, lockedUntil, cost, dayCost: weight(factor, { now, rules }) + cost, dayStart: now };
}

/** The factors that an answer would be tried against. */
function candidates(facts: Facts, ask: Ask, now: number): Factor[] {
  const { challenge } = facts;
  const here = usable(facts, ask, now);
  // a passkey names itself, and need not be the one of the person's that was asked for
  if (ask.proof) return here.filter((factor) => factor.id === ask.proof?.factorId);
  if (ask.challengeId !== undefined) return here.filter((factor) => factor.id === challenge?.factorId);
  return here.filter((factor) => methods.get(factor.method)?.standing).slice(0, candidateLimit);
}
