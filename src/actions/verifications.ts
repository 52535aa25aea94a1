import type { Application } from "#core/facts.ts";
import { methods } from "#core/methods/index.ts";
import { nameKey } from "#core/names.ts";
import { findChallenge, type ChallengeRead } from "#store/challenges.ts";
import type { Deps } from "./deps.ts";
import { namesOf } from "./rules.ts";
import { respond } from "./verify.ts";
import { change, endWait, startWait } from "./waiting.ts";

/** A verification under way as its application may follow it. */

export type Verification = Omit<ChallengeRead, "state"> & { state: "pending" | "approved" | "denied" };

type Reading = { id: string; username: string | undefined; waitMs: number; signal: AbortSignal };

/**
 * How it stands, at once when it has ended or after `waitMs` at the latest; undefined when it is not this application's, or
 * not the named person's.
 * What was approved is told only while the challenge would have lived, so that an old id proves nothing.
 */
export async function readVerification(
  deps: Deps,
  applicationId: string,
  { id, username, waitMs, signal }: Reading,
): Promise<Verification | undefined> {
  const wait = startWait(deps, { id, waitMs, signal });
  const key = username === undefined ? undefined : (nameKey(username, namesOf(deps)) ?? "");
  try {
    for (;;) {
      const read = await findChallenge(deps.db, { id, applicationId });
      if (!read || (key !== undefined && !read.nameKeys.includes(key))) return undefined;
      const state = stateOf(read, deps.clock.now());
      if (state !== "pending" || wait.over) return { ...read, state };
      await change(wait);
    }
  } finally {
    endWait(wait);
  }
}

/**
 * The same for who lets somebody in by it. R-031: an approval is told once. What came by phone is told here, to the first who
 * reads it, and recorded then; what was typed was told to whoever brought it, so that its id is worth nothing after.
 */
export async function takeVerification(
  deps: Deps,
  application: Application,
  reading: Reading,
): Promise<Verification | undefined> {
  const read = await readVerification(deps, application.id, reading);
  if (read?.state !== "approved") return read;
  if (!methods.get(read.method)?.outOfBand) return { ...read, state: "denied" };
  const source = { protocol: "rest" } as const;
  const said = await respond(deps, { application, challengeId: read.id, response: undefined, source });
  return { ...read, state: said.kind === "allow" ? "approved" : "denied" };
}

function stateOf({ state, expiresAt }: ChallengeRead, now: number): Verification["state"] {
  if (expiresAt <= now) return "denied";
  return state === "pending" || state === "approved" ? state : "denied";
}
