/**
 * Verification, the one call that every edge makes: reserve, decide, settle, tell. Must stay true: the record and the new
 * replay state are durable before anyone hears "allow", and no edge has another way to an answer.
 */

import type { Ask } from "#core/case.ts";
import { reservation } from "#core/decide.ts";
import { noFacts, type Facts } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import type { Outcome } from "#core/outcome.ts";
import type { AtOnce } from "#store/at-once.ts";
import type { Reserve } from "#store/facts.ts";
import type { Repeated } from "#store/requests.ts";
import type { Settle } from "#store/settle.ts";
import type { Owner } from "./accounts.ts";
import { fromWhere, joining, type Answer, type Attempt, type Request, type Verified } from "./asked.ts";
import { cleared, isSending } from "./clearing.ts";
import { settling, type Judged } from "./closing.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { guessBudgets } from "./client-budgets.ts";
import { checkFirstFactor, refuseUnseen } from "./first-factor.ts";
import { outcomeOf } from "./record.ts";
import { judge, methodRules, namesOf, rulesOf } from "./rules.ts";

/** Starts a verification; ends it at once where the code came along. */
export async function begin(deps: Deps, attempt: Attempt): Promise<Verified> {
  const { application, source, username, found } = attempt;
  const key = found?.nameKey ?? nameKey(username, namesOf(deps));
  const { code: answer, method, newFactor } = attempt;
  const { station } = source;
  const asked = { application, nameKey: key, answer, method, newFactor, proof: found?.proof, station };
  const ask: Ask = { ...asked, ...(await methodRules(deps)) };
  const joinKey = joining(attempt, key);
  const request: Request = { ask, source, username, joinKey };
  if (application.firstFactor === "none") return await atOnce(deps, request);
  const reserved = await deps.db.reserve(reserving(deps, request));
  if (!("facts" in reserved)) return repeated(reserved);
  const decision = judge(deps, ask, reserved.facts);
  if (decision.kind === "ask") return await afterPassword(deps, request, { attempt, facts: reserved.facts });
  const given = { application, username, password: attempt.password ?? "", ...fromWhere(request) };
  const isThrottled = (await refuseUnseen(deps, given)) === "throttled";
  const said = isThrottled ? judge(deps, { ...ask, password: "throttled" }, noFacts) : decision;
  return await conclude(deps, request, { facts: reserved.facts, decision: said });
}

async function afterPassword(deps: Deps, request: Request, { attempt, facts }: Attempted): Promise<Outcome> {
  const { ask } = request;
  const { application, username, password = "", proved } = attempt;
  const { person } = facts;
  const given = { application, person, username, password, ...fromWhere(request) };
  const { verdict, owner } = await checkFirstFactor(deps, given);
  ask.password = verdict;
  const passwordSuffices = verdict === "right" ? await proved?.((owner ?? person!).id) : undefined;
  if (passwordSuffices) ask.application = { ...application, passwordSuffices };
  if (owner) return await proceed(deps, { ...request, joinKey: joining(attempt, owner.nameKey) }, owner);
  // the code's attempt is taken only now that the password is right; R-123: what was begun meanwhile may be joined
  const isStale = verdict === "right" && (ask.answer !== undefined || request.joinKey !== undefined);
  const now = isStale ? await reserveAnew(deps, request) : facts;
  return await conclude(deps, request, { facts: now, decision: judge(deps, ask, now) });
}
type Attempted = { attempt: Attempt; facts: Facts };

/** A directory has said who it is: whoever had the typed name here, these are the facts that count. */
async function proceed(deps: Deps, request: Request, owner: Owner): Promise<Outcome> {
  request.ask.nameKey = owner.nameKey;
  const facts = await reserveAnew(deps, request);
  // renamed or removed in between: nobody has been proved
  if (facts.person?.id !== owner.id) request.ask.password = "unavailable";
  return await conclude(deps, request, { facts, decision: judge(deps, request.ask, facts) });
}

/** The claim on the request is ours already. */
const unclaimed = (request: Request): Request => ({ ...request, source: { ...request.source, claim: undefined } });

async function reserveAnew(deps: Deps, request: Request): Promise<Facts> {
  const now = await deps.db.reserve(reserving(deps, unclaimed(request)));
  return "facts" in now ? now.facts : noFacts;
}

/** Answers a challenge: a wrong answer leaves tries, a right one ends it. */
export async function respond(deps: Deps, answer: Answer): Promise<Verified> {
  const { application, challengeId, round, response, source, found, username = "", byPhone, holder } = answer;
  // a name that cannot be one is nobody's, and must not pass for "no name given"
  const named = answer.username === undefined ? undefined : (nameKey(username, namesOf(deps)) ?? "");
  const key = found?.nameKey ?? named;
  const asked = { application, nameKey: key, challengeId, round, answer: response, proof: found?.proof };
  const ask: Ask = { ...asked, byPhone, holder, ...(await methodRules(deps)) };
  return await atOnce(deps, { ask, source, username, joinKey: undefined });
}

const repeated = (reserved: Repeated): Verified => ("earlier" in reserved ? reserved.earlier : { kind: "elsewhere" });

/** No password to wait for: reserve, decide and settle are one commit where that is quicker. */
async function atOnce(deps: Deps, request: Request): Promise<Verified> {
  const { challengeId } = request.ask;
  let settle: Settle | undefined;
  let sending: Judged | undefined;
  const decide: AtOnce["decide"] = (facts) => {
    const decision = judge(deps, request.ask, facts);
    // whether a text or call may go out is asked with no transaction open
    if (isSending(decision)) return { later: (sending = { facts, decision }) };
    // what is still under way, or was told before, writes nothing
    const known = decision.kind === "join" ? challengeId !== undefined : "recorded" in decision && decision.recorded;
    const { correlationId = "" } = facts.challenge ?? {};
    if (known) return { outcome: outcomeOf(deps, decision, { facts, correlationId, open: undefined }) };
    return { settle: (settle = settling(deps, request, { facts, decision })) };
  };
  // what is only waited for was claimed when it was asked for
  const waits = challengeId !== undefined && request.ask.answer === undefined;
  const settled = await deps.db.atOnce({ ...reserving(deps, waits ? unclaimed(request) : request), decide });
  if ("later" in settled) return await conclude(deps, request, sending!);
  if (!("outcome" in settled)) return repeated(settled);
  if (settle?.message) void deliverDue(deps);
  return settled.outcome;
}

function reserving(deps: Deps, { ask, source, joinKey }: Request): Reserve {
  const now = deps.clock.now();
  const { locks } = rulesOf(deps.settings.values());
  const plan = (facts: Facts) => reservation(facts, ask, { now, locks });
  const guesses = { at: now, budgets: guessBudgets(deps, ask) };
  return { ...ask, now, joinKey, claim: source.claim, guesses, plan };
}

async function conclude(deps: Deps, request: Request, judged: Judged): Promise<Outcome> {
  const { facts } = judged;
  const now = await cleared(deps, request, judged);
  const item = now && settling(deps, request, { facts, ...now });
  const outcome = item && (await deps.db.settle(item));
  if (!outcome) return await joinOther(deps, request);
  if (item.message) void deliverDue(deps);
  return outcome;
}

/** its client has asked for the same meanwhile. */
async function joinOther(deps: Deps, request: Request): Promise<Outcome> {
  const facts = await reserveAnew(deps, request);
  const decision = judge(deps, request.ask, facts);
  // where that one is over already it begins anew, and joins nothing
  return await conclude(deps, { ...request, joinKey: undefined }, { facts, decision });
}
