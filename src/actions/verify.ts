/**
 * Verification, the one call that every edge makes: reserve, decide, settle, tell. Must stay true: the record and the new
 * replay state are durable before anyone hears "allow", and no edge has another way to an answer.
 */

import type { Ask, Decision } from "#core/case.ts";
import { reservation } from "#core/decide.ts";
import { noFacts, type Facts } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import type { Outcome } from "#core/outcome.ts";
import type { Reserved } from "#store/facts.ts";
import type { Settle } from "#store/settle.ts";
import type { Owner } from "./accounts.ts";
import { joining, type Answer, type Attempt, type Request, type Verified } from "./asked.ts";
import { accepted, ending, lost, returned } from "./closing.ts";
import type { Deps } from "./deps.ts";
import { opening } from "./opening.ts";
import { checkFirstFactor } from "./first-factor.ts";
import { outcomeOf, recordOf } from "./record.ts";
import { judge, methodRules, namesOf, rulesOf } from "./rules.ts";
import { told } from "./waiting.ts";

/** Starts a verification; ends it at once where the code came along. */
export async function begin(deps: Deps, attempt: Attempt): Promise<Verified> {
  const { application, source, username, found } = attempt;
  const key = found?.nameKey ?? nameKey(username, namesOf(deps));
  const { code: answer, method } = attempt;
  const ask: Ask = { application, nameKey: key, answer, method, proof: found?.proof, ...methodRules(deps) };
  const joinKey = joining(attempt, key);
  const request: Request = { ask, source, username, joinKey };
  const reserved = await reserve(deps, request);
  if (!("facts" in reserved)) return repeated(reserved);
  const decision = judge(deps, ask, reserved.facts);
  if (decision.kind !== "ask") return await conclude(deps, request, { facts: reserved.facts, decision });
  return await afterPassword(deps, request, { attempt, facts: reserved.facts });
}

async function afterPassword(deps: Deps, request: Request, { attempt, facts }: Attempted): Promise<Outcome> {
  const { ask, source } = request;
  const { application, username, password = "", proved } = attempt;
  const { person } = facts;
  const from = source.station ?? source.clientIp ?? application.id;
  const { verdict, owner } = await checkFirstFactor(deps, { application, person, username, password, source: from });
  ask.password = verdict;
  const passwordSuffices = verdict === "right" ? await proved?.((owner ?? person!).id) : undefined;
  if (passwordSuffices) ask.application = { ...application, passwordSuffices };
  if (owner) return await proceed(deps, { ...request, joinKey: joining(attempt, owner.nameKey) }, owner);
  // the code's attempt is taken only now that the password is right
  const both = verdict === "right" && ask.answer !== undefined;
  const now = both ? await reserveAnew(deps, request) : facts;
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
async function reserveAnew(deps: Deps, request: Request): Promise<Facts> {
  const now = await reserve(deps, { ...request, source: { ...request.source, claim: undefined } });
  return "facts" in now ? now.facts : noFacts;
}

/** Answers a challenge: a wrong answer leaves tries, a right one ends it. */
export async function respond(deps: Deps, answer: Answer): Promise<Verified> {
  const { application, challengeId, round, response, source, found, username = "", byPhone, holder } = answer;
  // a name that cannot be one is nobody's, and must not pass for "no name given"
  const named = answer.username === undefined ? undefined : (nameKey(username, namesOf(deps)) ?? "");
  const key = found?.nameKey ?? named;
  const asked = { application, nameKey: key, challengeId, round, answer: response, proof: found?.proof };
  const ask: Ask = { ...asked, byPhone, holder, ...methodRules(deps) };
  const request: Request = { ask, source, username, joinKey: undefined };
  const reserved = await reserve(deps, request);
  if (!("facts" in reserved)) return repeated(reserved);
  const { facts } = reserved;
  const decision = judge(deps, ask, facts);
  // what is still under way, or was told before, writes nothing
  if (decision.kind === "join" || ("recorded" in decision && decision.recorded))
    return outcomeOf(deps, decision, { facts, correlationId: facts.challenge!.correlationId, open: undefined });
  return await conclude(deps, request, { facts, decision });
}

const repeated = (reserved: Exclude<Reserved, { facts: Facts }>): Verified =>
  "earlier" in reserved ? reserved.earlier : { kind: "elsewhere" };

async function reserve(deps: Deps, { ask, source, joinKey }: Request): Promise<Reserved> {
  const now = deps.clock.now();
  const { locks } = rulesOf(deps.settings.values());
  const plan = (facts: Facts) => reservation(facts, ask, { now, locks });
  return await deps.db.reserve({ ...ask, now, joinKey, claim: source.claim, plan });
}

async function conclude(
  deps: Deps,
  request: Request,
  { facts, decision }: { facts: Facts; decision: Decision },
): Promise<Outcome> {
  const at = deps.clock.now();
  const correlationId = facts.challenge?.correlationId ?? deps.random.id("cor_");
  const open =
    decision.kind === "challenge" ? opening(deps, request, { facts, decision, correlationId, at }) : undefined;
  const item: Settle = {
    at,
    accept: accepted(facts, decision),
    end: ending(facts, decision, request.ask),
    open: open?.challenge,
    spend: open?.spend ?? [],
    message: open?.message,
    number: open?.number,
    exclusive: open?.exclusive,
    claim: request.source.claim,
    finish: (why) => {
      const final = why === undefined ? decision : lost(decision, why);
      const outcome = outcomeOf(deps, final, { facts, correlationId, open: open?.shown });
      return {
        outcome,
        entry: recordOf(deps, request, { facts, decision: final, outcome, at }),
        giveBack: returned(facts, final),
      };
    },
  };
  const outcome = await deps.db.settle(item);
  told(deps, { challengeId: request.ask.challengeId, message: item.message !== undefined });
  return outcome;
}
