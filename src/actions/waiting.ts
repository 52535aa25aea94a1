import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";

/** Who waits for a challenge to end on this node: a promise each, never a held worker. */
const waiters = new Map<string, Set<() => void>>();

/** Told after the commit: waiters look again, and a message that was queued goes out now. */
export function told(
  deps: Deps,
  { challengeId, message }: { challengeId: string | undefined; message: boolean },
): void {
  if (challengeId !== undefined) for (const wake of waiters.get(challengeId) ?? []) wake();
  if (message) void deliverDue(deps);
}

/** PostgreSQL: another node may end the challenge, so it is read again at least this often. */
const lookAgainMs = 1000;

/** Resolves when the challenge is told to have changed, or after a while, or when the signal aborts. */
export async function change(deps: Deps, challengeId: string, signal: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const wake = () => woken.abort();
  const mine = waiters.get(challengeId) ?? new Set();
  waiters.set(challengeId, mine.add(wake));
  try {
    await deps.clock.sleep(lookAgainMs, AbortSignal.any([woken.signal, signal]));
  } finally {
    mine.delete(wake);
    if (mine.size === 0) waiters.delete(challengeId);
  }
}
