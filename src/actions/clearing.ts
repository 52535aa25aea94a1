/**
 * A decision whose text or call may go out. Must stay true: where it may not, another of the person's methods is asked for as if
 * they had no other, and nobody is let in who would not have been.
 */

import type { Decision } from "#core/case.ts";
import type { Facts } from "#core/facts.ts";
import type { Request } from "./asked.ts";
import { clientOf } from "./client-budgets.ts";
import type { Deps } from "./deps.ts";
import { addressOf, clear, type Cleared, type Veto } from "./outgoing.ts";
import { clearPush, type PushCleared, type PushVeto } from "./push-clearing.ts";
import { judge } from "./rules.ts";

type Judged = { facts: Facts; decision: Decision };
type Beginning = Extract<Decision, { kind: "challenge" }>;

export const isSending = (decision: Decision): decision is Beginning =>
  decision.kind === "challenge" && decision.begun.message !== undefined;

/** Nothing where the client asks for it already. */
export async function cleared(
  deps: Deps,
  request: Request,
  { facts, decision }: Judged,
): Promise<{ decision: Decision; cleared?: Cleared | PushCleared } | undefined> {
  let now = decision;
  let refusal: Decision | undefined;
  let { factors } = facts;
  while (isSending(now)) {
    const { factor } = now;
    const result = await clearOne(deps, request, { facts, decision: now });
    if (!("veto" in result)) return { decision: now, cleared: result };
    if (result.veto === "asked already" && request.joinKey !== undefined) return undefined;
    refusal ??= refused(now, result.veto);
    factors = factors.filter((one) => one.id !== factor.id);
    // a digit that chose it, or its name, chooses nothing any more
    now = judge(deps, { ...request.ask, answer: undefined, method: undefined }, { ...facts, factors });
    // without it another gate may speak, and even allow; none of them was asked for this
    if (now.kind !== "challenge") return { decision: refusal };
  }
  return { decision: now };
}

async function clearOne(deps: Deps, { ask, source }: Request, { facts, decision }: Judged & { decision: Beginning }) {
  const { factor, begun } = decision;
  const { id: userId, username } = facts.person!;
  const { message } = begun;
  const client = clientOf(ask);
  if (message === undefined || message === "push")
    return await clearPush(deps, { factorId: factor.id, userId, username, client });
  return await clear(deps, { channel: message, to: factor.address!, userId, source: addressOf(source), client });
}

/** A budget fills again, and rest ends; anything else stays as it is until somebody changes it. */
function refused({ method }: Beginning, veto: Veto | PushVeto): Decision {
  const refusal = { kind: "deny", gate: `phone ${veto}`, method, free: true, retry: false } as const;
  if (veto === "asked already") return { ...refusal, code: "busy", result: "FAILED_PHONE_BUSY" };
  if (veto === "no device") return { ...refusal, code: "unreachable", result: "FAILED_PHONE_APP_ALL_DEVICES_BLOCKED" };
  return veto === "budget" || veto === "rest"
    ? { ...refusal, code: "throttled", result: "FAILED_AUTHENTICATION_THROTTLED" }
    : { ...refusal, code: "no_method", result: method.results.not_sent };
}
