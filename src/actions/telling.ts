/** Who is told of a verification besides whoever asked: the person, their devices, and administrators. Queued in the commit that settles it. */

import type { Decision } from "#core/case.ts";
import type { Facts } from "#core/facts.ts";
import type { Run } from "#store/open.ts";
import { post } from "#store/outbox.ts";
import type { Settle } from "#store/settle.ts";
import { raise } from "./alerts.ts";
import type { Request } from "./asked.ts";
import { tell } from "./change.ts";
import type { Deps } from "./deps.ts";
import { sealed } from "./sealed.ts";

type Decided = { facts: Facts; decision: Decision; correlationId: string; at: number } & Pick<Settle, "end">;

export function tellingOf(deps: Deps, { ask, source }: Request, decided: Decided): Settle["tell"] {
  const { facts, decision, correlationId, at } = decided;
  const { person, challenge } = facts;
  if (challenge && isPutAside(decided)) return async (run) => await postOver(deps, run, { ...challenge, at });
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

/** The app was asked, and another way is used. */
const isPutAside = ({ facts: { challenge }, end }: Decided): boolean =>
  challenge?.method === "push" && end?.was === "pending" && end.state === "cancelled";

/** The devices that were asked have nothing to answer any more. The message is not the challenge's: it goes because that has ended. */
async function postOver(
  deps: Deps,
  run: Run,
  { id: challengeId, userId, at }: { id: string; userId: string; at: number },
): Promise<void> {
  const message = sealed(deps, { id: deps.random.id("msg_"), channel: "push", type: "over", userId, challengeId });
  await post(run, [{ ...message, challenge_id: null, user_id: userId, at }]);
}
