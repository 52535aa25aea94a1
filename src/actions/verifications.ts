import { findChallenge, type ChallengeRead } from "#store/challenges.ts";
import type { Deps } from "./deps.ts";
import { change } from "./waiting.ts";

/** A verification under way as its application may follow it. */

export type Verification = Omit<ChallengeRead, "state"> & { state: "pending" | "approved" | "denied" };

/**
 * How it stands, at once when it has ended or after `waitMs` at the latest; undefined when it is not this application's.
 * What was approved is told only while the challenge would have lived, so that an old id proves nothing.
 */
export async function readVerification(
  deps: Deps,
  applicationId: string,
  { id, waitMs, signal }: { id: string; waitMs: number; signal: AbortSignal },
): Promise<Verification | undefined> {
  const done = new AbortController();
  const over = new AbortController();
  void deps.clock.sleep(waitMs, AbortSignal.any([signal, done.signal])).then(() => over.abort());
  try {
    for (;;) {
      const read = await findChallenge(deps.db, { id, applicationId });
      if (!read) return undefined;
      const state = stateOf(read, deps.clock.now());
      if (state !== "pending" || waitMs === 0 || over.signal.aborted) return { ...read, state };
      await change(deps, id, over.signal);
    }
  } finally {
    done.abort();
  }
}

function stateOf({ state, expiresAt }: ChallengeRead, now: number): Verification["state"] {
  if (expiresAt <= now) return "denied";
  return state === "pending" || state === "approved" ? state : "denied";
}
