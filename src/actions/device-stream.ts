/**
 * What happens to a device's requests, told while its app is open. Must stay true: a stream that is open holds nothing but a promise,
 * and ends when its device counts no more.
 */

import { findDevice, type Device } from "#store/devices.ts";
import { findProof } from "./activations.ts";
import type { Deps } from "./deps.ts";
import { change } from "./waiting.ts";

/** Nothing to tell: a sign of life, so that a connection that is gone is noticed. */
export type DeviceEvent =
  | { event: "request" | "validate"; id: string }
  | { event: "over"; id: string; how: string }
  | "alive";

const aliveMs = 15_000;

export async function* watchDevice(deps: Deps, { id }: Device, signal: AbortSignal): AsyncGenerator<DeviceEvent> {
  const told = new Set<string>();
  for (let at = 0; !signal.aborted;) {
    const device = await findDevice(deps.db, id);
    if (!device || device.state === "blocked") return;
    const proof = await findProof(deps, device);
    const isNew = proof !== undefined && !told.has(proof);
    if (isNew) yield { event: "validate", id: proof };
    if (proof !== undefined) told.add(proof);
    const now = deps.clock.now();
    if (now - at >= aliveMs) {
      yield "alive";
      at = now;
    }
    await change(deps, device.userId, signal);
  }
}
