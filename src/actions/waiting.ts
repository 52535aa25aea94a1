/**
 * Who waits on this node for something to change. Must stay true: whoever waits is one small object and a promise, so that ten
 * thousand may; one look at the store is for all of them.
 */

import { listLiving } from "#store/challenges.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";

/** `over`: whoever waits looks a last time. */
export type Wait = {
  readonly id: string;
  readonly db: Deps["db"];
  readonly signal: AbortSignal | undefined;
  over: boolean;
  wake: (() => void) | undefined;
  stopClock: (() => void) | undefined;
};
/** `holder`: as it was read last; what is read each second and is the same is not kept, or it would be so many times the memory. */
type Awaited = { waits: Wait[]; holder: string | null | undefined };
const awaited = new Map<string, Awaited>();

/** Told after the commit: waiters look again, the person's devices too, and a message that was queued goes out now. */
export function told(
  deps: Deps,
  { challengeId, userId, message }: { challengeId: string | undefined; userId?: string | undefined; message: boolean },
): void {
  for (const id of [challengeId, userId]) if (id !== undefined) wake(id);
  if (message) void deliverDue(deps);
}

const wake = (id: string) => {
  for (const wait of awaited.get(id)?.waits ?? []) wait.wake?.();
};

type Patience = { id: string; waitMs: number; signal?: AbortSignal | undefined };

/** Waits from now on, for so long or until the signal aborts. Whoever starts this ends it. */
export function startWait(deps: Deps, { id, waitMs, signal }: Patience): Wait {
  const over = waitMs <= 0 || signal?.aborted === true;
  const wait: Wait = { id, db: deps.db, signal, over, wake: undefined, stopClock: undefined };
  if (over) return wait;
  wait.stopClock = deps.clock.after(waitMs, () => giveUp(wait));
  if (signal) join(signal, wait);
  const others = awaited.get(id);
  if (others) others.waits.push(wait);
  else awaited.set(id, { waits: [wait], holder: undefined });
  lookAfter(deps);
  return wait;
}

export function endWait(wait: Wait): void {
  wait.stopClock?.();
  if (wait.signal) leave(wait.signal, wait);
  const all = awaited.get(wait.id);
  if (!all?.waits.includes(wait)) return;
  all.waits = all.waits.filter((one) => one !== wait);
  if (all.waits.length === 0) awaited.delete(wait.id);
}

/** Resolves when something is told to have changed, or may have, or when it is over. */
export const change = (wait: Wait): Promise<void> =>
  wait.over ? Promise.resolve() : new Promise((resolve) => (wait.wake = resolve));

function giveUp(wait: Wait): void {
  wait.over = true;
  wait.wake?.();
}

/** Those who wait with one signal share a listener: each of its own is searched for among all others, and takes more memory. */
const ending = new Map<AbortSignal, Set<Wait>>();
const endAll = ({ target }: Event) => ending.get(target as AbortSignal)?.forEach(giveUp);

function join(signal: AbortSignal, wait: Wait): void {
  const all = ending.get(signal) ?? new Set();
  if (all.size === 0) signal.addEventListener("abort", endAll);
  ending.set(signal, all.add(wait));
}

function leave(signal: AbortSignal, wait: Wait): void {
  const all = ending.get(signal);
  if (!all?.delete(wait) || all.size > 0) return;
  ending.delete(signal);
  signal.removeEventListener("abort", endAll);
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
  for (;;) {
    const ids: string[] = [];
    for (const [id, { waits }] of awaited) if (waits.some(({ db }) => db === deps.db)) ids.push(id);
    if (ids.length === 0) return void looking.delete(deps.db);
    const turns = Math.ceil(ids.length / atOnce);
    for (let turn = 0; turn < turns; turn += 1) {
      await deps.clock.sleep(lookAgainMs / turns);
      await lookAt(deps, ids.slice(turn * atOnce, (turn + 1) * atOnce));
    }
  }
}

async function lookAt(deps: Deps, ids: string[]): Promise<void> {
  // where the store cannot be read, whoever waits finds that out alone
  const living = await listLiving(deps.db, { ids, now: deps.clock.now() }).catch(() => []);
  const holders = new Map(living.map(({ id, holder }) => [id, holder]));
  for (const id of ids) {
    const [known, holder] = [awaited.get(id), holders.get(id)];
    if (holder === undefined || (known?.holder ?? holder) !== holder) wake(id);
    if (known && known.holder !== holder) known.holder = holder;
  }
}
