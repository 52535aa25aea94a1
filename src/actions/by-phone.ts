/**
 * What a phone says: digits keyed in a call, the text of a reply, or what became of the call. Must stay true: a carrier's word
 * is an answer like any other: it takes an attempt, is checked, and approves nothing by itself.
 */

import type { Application } from "#core/facts.ts";
import type { DenyCode } from "#core/outcome.ts";
import type { ResultCode } from "#core/results.ts";
import { readChallenge } from "#store/challenges.ts";
import type { Answer } from "./asked.ts";
import { callsMade } from "./calls-made.ts";
import type { Deps } from "./deps.ts";
import { respond } from "./verify.ts";

/** `over`: nobody waits for this answer any more. */
export type SaidByPhone = { kind: "right" } | { kind: "wrong"; retry: boolean; code: DenyCode } | { kind: "over" };

/** An answer to the challenge; a right one approves it. */
export async function answerByPhone(
  deps: Deps,
  { challengeId, answer }: { challengeId: string; answer: string },
): Promise<SaidByPhone> {
  const said = await say(deps, challengeId, { response: answer, byPhone: "answer" });
  if (!said || said.kind === "elsewhere") return { kind: "over" };
  if (said.kind === "allow") return { kind: "right" };
  const code = said.kind === "deny" ? said.code : "cancelled";
  return { kind: "wrong", retry: said.kind === "deny" && said.retry !== undefined, code };
}

/** The call came to nothing: the challenge is denied with this result, unless it had ended before. Says whether it had not. */
export async function endByPhone(
  deps: Deps,
  { challengeId, result }: { challengeId: string; result: ResultCode },
): Promise<boolean> {
  return (await say(deps, challengeId, { response: undefined, byPhone: { ended: result } })) !== undefined;
}

async function say(deps: Deps, challengeId: string, said: Pick<Answer, "response" | "byPhone">) {
  const open = await readChallenge(deps.db, challengeId);
  if (open?.state !== "pending" || open.expiresAt <= deps.clock.now()) return undefined;
  const application: Application = {
    id: open.applicationId,
    name: "",
    firstFactor: "none",
    canChallenge: true,
    allowWithoutMethodUntil: 0,
  };
  const source = { protocol: "phone", calls: await callsMade(deps, challengeId) } as const;
  return await respond(deps, { application, challengeId, source, ...said });
}
