/**
 * Who waits on this node for something to change. Must stay true: whoever waits is one small object and a promise, so that ten
 * thousand may; one look at the store is for all of them.
 */

import { listLiving } from "#store/challenges.ts";
import { isAway } from "#store/open.ts";
import type { Deps } from "./deps.ts";

/** `over`: whoever waits looks a last time; `woken`: and once more, for what came while they looked. */
export type Wait = {
  readonly id: string;
  readonly here: Here;
  readonly signal: AbortSignal | undefined;
  over: boolean;
  woken: boolean;
  wake: (() => void) | undefined;
  stopClock: (() => void) | undefined;
};

/**
 * `holder` and `until`: as they were read last. What is read again and is the same is not kept, or it would be so many times the
 * memory.
 */
type Awaited = { waits: Wait[]; holder: string | null | undefined; until: number | undefined };

/** All who wait on one store. */
type Here = {
  awaited: Map<string, Awaited>;
  /** Whether what other nodes change is told here now. */
  hears: () => boolean;
  /** Aborted when something may have been missed: then all are looked at again, at once. */
  missed: AbortController;
  isLooking: boolean;
};
const stores = new WeakMap<Deps["db"], Here>();

function hereOf({ db }: Deps): Here {
  const found = stores.get(db);
  if (found) return found;
  const hears = db.listen((ids) => {
    for (const id of ids ?? []) wake(here, id);
    if (!ids) here.missed.abort();
  });
  const here: Here = { awaited: new Map(), hears, missed: new AbortController(), isLooking: false };
  stores.set(db, here);
  return here;
}

function wake({ awaited }: Here, id: string): void {
  const all = awaited.get(id);
  if (!all) return;
  all.holder = all.until = undefined;
  for (const wait of all.waits) {
    wait.woken = true;
    wait.wake?.();
  }
}

type Patience = { id: string; waitMs: number; signal?: AbortSignal | undefined };

/** Waits from now on, for so long or until the signal aborts. Whoever starts this ends it. */
export function startWait(deps: Deps, { id, waitMs, signal }: Patience): Wait {
  const over = waitMs <= 0 || signal?.aborted === true;
  const here = hereOf(deps);
  const wait: Wait = { id, here, signal, over, woken: false, wake: undefined, stopClock: undefined };
  if (over) return wait;
  wait.stopClock = deps.clock.after(waitMs, () => giveUp(wait));
  if (signal) join(signal, wait);
  const others = here.awaited.get(id);
  if (others) others.waits.push(wait);
  else here.awaited.set(id, { waits: [wait], holder: undefined, until: undefined });
  if (!here.isLooking) void look(deps, here);
  return wait;
}

export function endWait(wait: Wait): void {
  wait.stopClock?.();
  if (wait.signal) leave(wait.signal, wait);
  const { awaited } = wait.here;
  const all = awaited.get(wait.id);
  if (!all?.waits.includes(wait)) return;
  all.waits = all.waits.filter((one) => one !== wait);
  if (all.waits.length === 0) awaited.delete(wait.id);
}

/** Resolves when something is told to have changed since the last time, or may have, or when it is over. */
export async function change(wait: Wait): Promise<void> {
  if (!wait.over && !wait.woken) await new Promise<void>((resolve) => (wait.wake = resolve));
  wait.woken = false;
}

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

/** Each is looked at once soon after it began to wait, and when its time is over. */
const lookMs = 1000;
/** All are looked at so often, in such looks: something may have been changed by hand. Each time while others are not heard. */
const allEvery = 5;
const atOnce = 500;

async function look(deps: Deps, here: Here): Promise<void> {
  here.isLooking = true;
  for (let turn = 1; here.awaited.size > 0; turn += 1) {
    const missed = here.missed.signal.aborted;
    if (missed) here.missed = new AbortController();
    const all = missed || turn % allEvery === 0 || !here.hears();
    const ids: string[] = [];
    for (const [id, { until }] of here.awaited) if (all || until === undefined) ids.push(id);
    const parts = Math.max(1, Math.ceil(ids.length / atOnce));
    for (let part = 0; part < parts; part += 1) {
      if (!missed) await deps.clock.sleep(lookMs / parts, here.missed.signal);
      await lookAt(deps, here, ids.slice(part * atOnce, (part + 1) * atOnce));
    }
    wakeLate(here, deps.clock.now());
  }
  here.isLooking = false;
}

function wakeLate(here: Here, now: number): void {
  for (const [id, { until = Infinity }] of here.awaited) if (until <= now) wake(here, id);
}

async function lookAt(deps: Deps, here: Here, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const living = await listLiving(deps.db, { ids, now: deps.clock.now() }).catch((error: unknown) =>
    isAway(error) ? undefined : [],
  );
  // nothing has changed that is known of; any other mistake whoever waits finds out alone
  if (!living) return;
  const found = new Map(living.map((one) => [one.id, one]));
  for (const id of ids) {
    const now = found.get(id);
    const known = here.awaited.get(id);
    if (!now || (known?.holder ?? now.holder) !== now.holder) wake(here, id);
    if (!now || !known) continue;
    if (known.holder !== now.holder) known.holder = now.holder;
    if (known.until !== now.until) known.until = now.until;
  }
}
