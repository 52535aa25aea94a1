/**
 * What a phone says: digits keyed in a call, the text of a reply, or what became of the call. Must stay true: a carrier's word
 * is an answer like any other: it takes an attempt, is checked, and approves nothing by itself.
 */

import type { Application } from "#core/facts.ts";
import type { DenyCode } from "#core/outcome.ts";
import type { ResultCode } from "#core/results.ts";
import { isEndedBy } from "#core/out-of-band.ts";
import { readChallenge } from "#store/challenges.ts";
import type { Answer } from "./asked.ts";
import type { Deps } from "./deps.ts";
import { onPhone } from "./on-phone.ts";
import { respond } from "./verify.ts";

/** `over`: nobody waits for this answer any more. */
export type SaidByPhone = { kind: "right" } | { kind: "wrong"; retry: boolean; code: DenyCode } | { kind: "over" };

/** An answer to the challenge; a right one approves it. */
export async function answerByPhone(
  deps: Deps,
  { challengeId, answer, clientIp }: { challengeId: string; answer: string; clientIp?: string },
): Promise<SaidByPhone> {
  const said = await say(deps, challengeId, { response: answer, byPhone: "answer", clientIp });
  if (!said || said.kind === "elsewhere") return { kind: "over" };
  if (said.kind === "allow") return { kind: "right" };
  const code = said.kind === "deny" ? said.code : "cancelled";
  return { kind: "wrong", retry: said.kind === "deny" && said.retry !== undefined, code };
}

/**
 * The call came to nothing: the challenge is denied with this result, unless it had ended before, or with a holder, another waits for
 * it now. Says whether it had not.
 */
export async function endByPhone(
  deps: Deps,
  { challengeId, result, clientIp, holder }: { challengeId: string; result: ResultCode } & Ending,
): Promise<boolean> {
  const said = { response: undefined, byPhone: { ended: result }, clientIp, holder };
  return (await say(deps, challengeId, said)) !== undefined;
}

type Ending = { clientIp?: string; holder?: string };
type Said = Pick<Answer, "response" | "byPhone" | "holder"> & { clientIp: string | undefined };
async function say(deps: Deps, challengeId: string, { clientIp, ...said }: Said) {
  const open = await readChallenge(deps.db, challengeId);
  if (!open || open.expiresAt <= deps.clock.now()) return undefined;
  if (said.holder !== undefined && open.holder !== said.holder) return undefined;
  const isOpen = typeof said.byPhone === "object" ? isEndedBy(open, said.byPhone.ended) : open.state === "pending";
  if (!isOpen) return undefined;
  const application: Application = {
    id: open.applicationId,
    name: "",
    firstFactor: "none",
    canChallenge: true,
    allowWithoutMethodUntil: 0,
  };
  const source = {
    protocol: "phone",
    clientIp,
    ...(await onPhone(deps, { id: challengeId, method: open.method })),
  } as const;
  return await respond(deps, { application, challengeId, source, ...said });
}
