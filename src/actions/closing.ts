import type { Ask, Decision } from "#core/case.ts";
import { unseen } from "#core/decide.ts";
import type { Facts } from "#core/facts.ts";
import { channelOf } from "#core/number-class.ts";
import type { Lost, Settle } from "#store/settle.ts";
import type { Budget } from "#store/throttle.ts";
import type { Request } from "./asked.ts";
import { clientOf, guessBudgets, sendBudgets } from "./client-budgets.ts";
import type { Deps } from "./deps.ts";
import { opening, type Opened } from "./opening.ts";
import { addressOf, refundOf, type Cleared } from "./outgoing.ts";
import type { PushCleared } from "./push-clearing.ts";
import { outcomeOf, recordOf } from "./record.ts";
import { tellingOf } from "./telling.ts";

/** A decision as what settling it writes: it says nothing that the decision did not. */

/** `cleared`: of a text or call */
export type Judged = { facts: Facts; decision: Decision; cleared?: Cleared | PushCleared | undefined };

export function settling(deps: Deps, request: Request, { facts, decision, cleared }: Judged): Settle {
  const at = deps.clock.now();
  const correlationId = facts.challenge?.correlationId ?? deps.random.id("cor_");
  const { shown, ...opened } =
    decision.kind === "challenge" ? opening(deps, request, { facts, decision, cleared, correlationId, at }) : noOpening;
  const end = ending(facts, decision, request.ask);
  return {
    at,
    accept: accepted(facts, decision),
    end,
    answered: answering(deps, request, { facts, end }),
    ...opened,
    spend: [...(cleared?.spend ?? []), ...guessed(deps, request, { facts, decision })],
    claim: request.source.claim,
    tell: tellingOf(deps, request, { facts, decision, correlationId, at, end }),
    finish: (why) => {
      const final = why === undefined ? decision : lost(decision, why);
      const outcome = outcomeOf(deps, final, { facts, correlationId, open: shown });
      return {
        outcome,
        entry: recordOf(deps, request, { facts, decision: final, outcome, at }),
        giveBack: returned(facts, final),
      };
    },
  };
}

const noOpening: Partial<Opened> = {};

function accepted({ taken }: Facts, decision: Decision): Settle["accept"] {
  if (decision.kind !== "allow") return [];
  return decision.accepted.map(({ factor, counter, drift }) => ({
    factorId: factor.id,
    counter,
    drift,
    cost: taken.get(factor.id)!.cost,
  }));
}

/** Attempts that cost nothing: of a repeated code, and of the other tokens of someone whose one token was right. */
function returned({ taken }: Facts, decision: Decision) {
  if (decision.kind === "deny" && !decision.free) return [];
  const used = new Set(decision.kind === "allow" ? decision.accepted.map(({ factor }) => factor.id) : []);
  return [...taken].flatMap(([factorId, { cost }]) => (used.has(factorId) ? [] : [{ factorId, cost }]));
}

/** A right answer ends its challenge; so do the last wrong one and the choice of another method. */
function ending({ challenge, answered }: Facts, decision: Decision, { holder }: Ask): Settle["end"] {
  if (!challenge) return undefined;
  const { id, userId, method } = challenge;
  const end = { id, userId, method, was: "pending", result: "result" in decision ? decision.result : null } as const;
  if (decision.gate === "approved") return { ...end, was: "approved", state: "consumed", holder };
  if (decision.gate === "phone")
    return { ...end, was: challenge.state === "approved" ? "approved" : "pending", state: "denied", holder };
  if (decision.gate === "fallback")
    return { ...end, was: "denied", state: "cancelled", result: challenge.result, holder };
  if (!answered) return undefined;
  if (decision.kind === "allow") return { ...end, state: "approved" };
  if (decision.kind === "challenge") return { ...end, state: "cancelled" };
  return decision.kind === "deny" && !decision.retry ? { ...end, state: "denied" } : undefined;
}

/** What was looked at counts where it is settled: of those in flight together none is told, right or wrong, beyond the budget. */
function guessed(deps: Deps, { ask }: Request, { facts, decision }: Judged): Budget[] {
  if (facts.taken.size === 0) return [];
  const cost = decision.kind === "deny" && !decision.free ? 1 : 0;
  return guessBudgets(deps, ask).map((budget) => ({ ...budget, cost }));
}

/** The text, call or request in the app that a right answer answers. */
function answering(
  deps: Deps,
  { ask, source }: Request,
  { facts, end }: { facts: Facts; end: Settle["end"] },
): Settle["answered"] {
  const { challenge, factors } = facts;
  if (end?.state !== "approved" || !challenge) return undefined;
  const client = clientOf(ask);
  if (challenge.method === "push") return { id: end.id, refund: sendBudgets(deps, "push", client).map(({ id }) => id) };
  if (channelOf(challenge.method) === undefined) return undefined;
  const to = factors.find(({ id }) => id === challenge.factorId)?.address;
  return to ? { id: end.id, refund: refundOf(deps, { to, source: addressOf(source), client }) } : undefined;
}

/** What a decision becomes when its conditional statement changed no row. */
function lost(decision: Decision, why: Lost): Decision {
  const refusal = { kind: "deny", gate: "settle", free: true, retry: false } as const;
  const by = "method" in decision && decision.method ? { method: decision.method } : {};
  if (why === "blocked") return { ...refusal, code: "number_blocked", result: "SUCCESS_USER_BLOCKED", ...by };
  if (why === "spent" && decision.kind !== "challenge") return { ...unseen, ...by };
  if (why === "tired") return { ...refusal, code: "throttled", result: "FAILED_AUTHENTICATION_THROTTLED", ...by };
  if (why === "busy") return { ...refusal, code: "busy", result: "FAILED_PHONE_BUSY", ...by };
  if (decision.kind === "allow" && decision.method)
    return {
      ...refusal,
      code: "code_duplicate",
      result: decision.method.results.code_duplicate,
      method: decision.method,
    };
  if (decision.kind === "deny") return { ...decision, retry: false };
  return { ...refusal, code: "throttled", result: "FAILED_AUTHENTICATION_THROTTLED" };
}
