/** Who is told of a verification besides whoever asked: the person, and administrators. Queued in the commit that settles it. */

import type { Decision } from "#core/case.ts";
import type { Facts } from "#core/facts.ts";
import type { Settle } from "#store/settle.ts";
import { raise } from "./alerts.ts";
import type { Request } from "./asked.ts";
import { tell } from "./change.ts";
import type { Deps } from "./deps.ts";

type Decided = { facts: Facts; decision: Decision; correlationId: string; at: number };

export function tellingOf(deps: Deps, { ask, source }: Request, decided: Decided): Settle["tell"] {
  const { facts, decision, correlationId, at } = decided;
  const { person } = facts;
  if (!person || !("method" in decision) || !decision.method) return undefined;
  const { id: userId, username } = person;
  const method = decision.method.id;
  // whoever holds the sheet but is not its owner must not get in unseen
  if (decision.kind === "allow" && method === "recovery")
    return async (run) =>
      await tell(deps, run, { userId, notice: { kind: "recovery_code_used", from: source.clientIp } });
  const locks = [...facts.taken.values()].some(({ lockedUntil }) => lockedUntil > at);
  if (decision.kind !== "deny" || decision.free || !locks) return undefined;
  return async (run) => {
    await tell(deps, run, { userId, notice: { kind: "method_locked", method, from: source.clientIp } });
    const application = ask.application.name;
    await raise(deps, run, { kind: "method_locked", userId, username, application, correlationId });
  };
}
