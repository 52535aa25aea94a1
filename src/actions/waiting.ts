/**
 * Who waits on this node for something to change. Must stay true: waiting holds a promise and nothing else, so that ten
 * thousand may; one look at the store is for all of them.
 */

import { listLiving } from "#store/challenges.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";

type Waiter = { db: Deps["db"]; wake: () => void };
const waiters = new Map<string, Set<Waiter>>();

/** Told after the commit: waiters look again, the person's devices too, and a message that was queued goes out now. */
export function told(
  deps: Deps,
  { challengeId, userId, message }: { challengeId: string | undefined; userId?: string | undefined; message: boolean },
): void {
  for (const id of [challengeId, userId]) if (id !== undefined) wake(id);
  if (message) void deliverDue(deps);
}

const wake = (id: string) => {
  for (const waiter of waiters.get(id) ?? []) waiter.wake();
};

/** Resolves when something is told to have changed, or may have, or when the signal aborts. */
export async function change(deps: Deps, id: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const woken = Promise.withResolvers<void>();
  const waiter = { db: deps.db, wake: () => woken.resolve() };
  waiters.set(id, (waiters.get(id) ?? new Set()).add(waiter));
  signal.addEventListener("abort", waiter.wake, { once: true });
  lookAfter(deps);
  await woken.promise;
  signal.removeEventListener("abort", waiter.wake);
  const mine = waiters.get(id);
  mine?.delete(waiter);
  if (mine?.size === 0) waiters.delete(id);
}

/** Another node may have ended it, or a change that tells nobody, or time: each is looked at so often. */
const lookAgainMs = 1000;
const atOnce = 500;
const looking = new WeakSet<object>();

function lookAfter(deps: Deps): void {
  if (looking.has(deps.db)) return;
  looking.add(deps.db);
  void look(deps);
}

async function look(deps: Deps): Promise<void> {
  for (let before = new Map<string, string | null>(); ;) {
    const ids = [...waiters].flatMap(([id, some]) => ([...some].some(({ db }) => db === deps.db) ? id : []));
    if (ids.length === 0) return void looking.delete(deps.db);
    const holders = new Map<string, string | null>();
    const turns = Math.ceil(ids.length / atOnce);
    for (let turn = 0; turn < turns; turn += 1) {
      await deps.clock.sleep(lookAgainMs / turns);
      const some = ids.slice(turn * atOnce, (turn + 1) * atOnce);
      // where the store cannot be read, whoever waits finds that out alone
      const living = await listLiving(deps.db, { ids: some, now: deps.clock.now() }).catch(() => undefined);
      for (const { id, holder } of living ?? []) holders.set(id, holder);
      for (const id of some) if (!holders.has(id) || (before.get(id) ?? holders.get(id)) !== holders.get(id)) wake(id);
    }
    before = holders;
  }
}
