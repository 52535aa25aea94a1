/**
 * What happens to a device's requests, told while its app is open. Must stay true: a stream that is open holds nothing but a promise,
 * and ends when its device counts no more.
 */

import { readChallenge } from "#store/challenges.ts";
import { findDevice, type Device } from "#store/devices.ts";
import { listWaiting } from "#store/push-requests.ts";
import { findProof } from "./activations.ts";
import type { Deps } from "./deps.ts";
import { change } from "./waiting.ts";

/** `alive`: nothing to tell but that, so that a connection that is gone is noticed. */
export type DeviceEvent =
  | { event: "request" | "validate"; id: string }
  | { event: "over"; id: string; how: string }
  | "alive";

const aliveMs = 15_000;

export async function* watchDevice(deps: Deps, { id }: Device, signal: AbortSignal): AsyncGenerator<DeviceEvent> {
  const shown = new Set<string>();
  while (!signal.aborted) {
    const device = await findDevice(deps.db, id);
    if (!device || device.state === "blocked") return;
    const waiting = await waitingFor(deps, device);
    for (const [one, event] of waiting) if (!shown.has(one)) yield { event, id: one };
    for (const one of shown) if (!waiting.has(one)) yield { event: "over", id: one, how: await howEnded(deps, one) };
    shown.clear();
    for (const one of waiting.keys()) shown.add(one);
    if (await isQuiet(deps, device.userId, signal)) yield "alive";
  }
}

/** Waits for something to change, for a while; says whether nothing has. */
async function isQuiet(deps: Deps, userId: string, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const pause = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  void deps.clock.sleep(aliveMs, until).then(() => pause.abort());
  await change(deps, userId, pause.signal);
  const isOver = pause.signal.aborted && !signal.aborted;
  over.abort();
  return isOver;
}

async function waitingFor(deps: Deps, device: Device): Promise<Map<string, "request" | "validate">> {
  const proof = await findProof(deps, device);
  if (proof !== undefined) return new Map([[proof, "validate"]]);
  const waiting = await listWaiting(deps.db, { deviceId: device.id, at: deps.clock.now() });
  return new Map(waiting.map((one) => [one.id, "request"]));
}

/** As its state is called, or that time ran out. */
async function howEnded(deps: Deps, id: string): Promise<string> {
  const state = (await readChallenge(deps.db, id))?.state;
  return state === undefined || state === "pending" ? "expired" : state;
}
