/**
 * What happens to a device's requests, told while its app is open. Must stay true: a stream that is open holds nothing but a promise,
 * ends when its device counts no more, and is one of few.
 */

import { readChallenge } from "#store/challenges.ts";
import { findDevice, type Device } from "#store/devices.ts";
import { listWaiting } from "#store/push-requests.ts";
import { findProof } from "./activations.ts";
import type { Deps } from "./deps.ts";
import { change, endWait, startWait } from "./waiting.ts";

/** `alive`: nothing to tell but that, so that a connection that is gone is noticed. */
export type DeviceEvent =
  | { event: "request" | "validate"; id: string }
  | { event: "over"; id: string; how: string }
  | "alive";

const aliveMs = 15_000;

/** The windows of one device. Each stream is a connection, of which a proxy in front of us has so many for all people. */
const streamsAtOnce = 4;
const open = new Map<string, Set<AbortController>>();

/** Of too many streams of a device the oldest ends. */
export async function* watchDevice(deps: Deps, device: Device, signal: AbortSignal): AsyncGenerator<DeviceEvent> {
  const mine = new AbortController();
  const streams = (open.get(device.id) ?? new Set()).add(mine);
  open.set(device.id, streams);
  const [oldest] = streams;
  if (streams.size > streamsAtOnce && streams.delete(oldest!)) oldest!.abort();
  try {
    yield* watch(deps, device, AbortSignal.any([signal, mine.signal]));
  } finally {
    streams.delete(mine);
    if (streams.size === 0) open.delete(device.id);
  }
}

async function* watch(deps: Deps, { id, userId }: Device, signal: AbortSignal): AsyncGenerator<DeviceEvent> {
  const shown = new Set<string>();
  while (!signal.aborted) {
    // from before it is looked: what comes while its reader is slow is not missed
    const wait = startWait(deps, { id: userId, waitMs: aliveMs, signal });
    try {
      const device = await findDevice(deps.db, id);
      if (!device || device.state === "blocked") return;
      const waiting = await waitingFor(deps, device);
      for (const [one, event] of waiting) if (!shown.has(one)) yield { event, id: one };
      for (const one of shown) if (!waiting.has(one)) yield { event: "over", id: one, how: await howEnded(deps, one) };
      shown.clear();
      for (const one of waiting.keys()) shown.add(one);
      await change(wait);
      if (wait.over && !signal.aborted) yield "alive";
    } finally {
      endWait(wait);
    }
  }
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
