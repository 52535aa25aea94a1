/**
 * Waiting for what is answered by phone. Must stay true: an approval is collected once, by the application that
 * asked, while the challenge lives; waiting holds what is asked for and a promise.
 */

import { mayFallBack } from "#core/fallback.ts";
import type { Outcome } from "#core/outcome.ts";
import { holdChallenge, readChallenge, type Standing } from "#store/challenges.ts";
import { isAway } from "#store/open.ts";
import type { Answer, Verified } from "./asked.ts";
import type { Deps } from "./deps.ts";
import { onPhone } from "./on-phone.ts";
import { respond } from "./verify.ts";
import { change, endWait, startWait } from "./waiting.ts";

/** `holder`: who waits, where a later request may take over from an earlier one. */
export type Collecting = Pick<Answer, "application" | "username" | "challengeId" | "holder" | "source"> & {
  waitMs: number;
  signal?: AbortSignal | undefined;
};
/** `waiting`: nothing was said in that time. `elsewhere`: a later request waits for it now. */
export type Collected = Outcome | { kind: "waiting" } | { kind: "elsewhere" };

/** The outcome once there is one; after `waitMs` at the latest, or when the signal aborts. */
export async function collect(deps: Deps, { waitMs, signal, ...asked }: Collecting): Promise<Collected> {
  const { challengeId: id, holder } = asked;
  if (holder !== undefined) await holdChallenge(deps.db, { id, holder });
  const wait = startWait(deps, { id, waitMs, signal });
  try {
    for (;;) {
      const isLast = wait.over;
      const heard = await hear(deps, asked, isLast);
      // what ends or changes during a look may have been missed by it
      if (heard.kind !== "waiting" || (isLast && !wait.woken)) return heard;
      await change(wait);
    }
  } finally {
    endWait(wait);
  }
}

/** How it ended; once that is on record a code may be asked for instead. */
async function ask(deps: Deps, asked: Asked, method: string | undefined): Promise<Verified> {
  const source = { ...asked.source, ...(await onPhone(deps, { id: asked.challengeId, method })) };
  const said = await respond(deps, { ...asked, source, response: undefined });
  if (said.kind !== "deny" || !asked.application.fallback || !mayFallBack(said.code)) return said;
  return await respond(deps, { ...asked, source, response: undefined });
}
type Asked = Omit<Collecting, "waitMs" | "signal">;

/** What has become of it by now, for one who waits no more. */
export const collectLate = async (deps: Deps, asked: Asked): Promise<Collected> => await hear(deps, asked, true);

async function hear(deps: Deps, asked: Asked, isLast: boolean): Promise<Collected> {
  const open = await readChallenge(deps.db, asked.challengeId).catch((error: unknown) => {
    if (isLast || !isAway(error)) throw error;
    return "away" as const;
  });
  // a phone may be answered yet when the database is back
  if (open === "away") return { kind: "waiting" };
  if (isElsewhere(open, asked)) return { kind: "elsewhere" };
  if (open?.state === "pending" && open.expiresAt > deps.clock.now()) return { kind: "waiting" };
  const said = await ask(deps, asked, open?.method);
  // a later request may have come in between, and both would be told, not the same
  if (said.kind !== "allow" && asked.holder !== undefined)
    if (isElsewhere(await readChallenge(deps.db, asked.challengeId), asked)) return { kind: "elsewhere" };
  // a wrong answer on the phone, with tries left, came in between
  return said.kind === "challenge" && said.prompt.kind === "wait" ? { kind: "waiting" } : said;
}

const isElsewhere = (open: Standing | undefined, { holder }: Asked): boolean =>
  open !== undefined && holder !== undefined && open.holder !== holder;
