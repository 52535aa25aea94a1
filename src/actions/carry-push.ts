/**
 * A notification on its way to all devices of a person. Must stay true: each device is told once of a request, however often the
 * message is taken; a subscription that its service calls gone is dropped, and the log says so.
 */

import type { Note, PushResult } from "#delivery/push/send.ts";
import { readChallenge } from "#store/challenges.ts";
import {
  dropSubscription,
  findProving,
  listTold,
  listUntold,
  saveNotified,
  type Notified,
  type Subscribed,
} from "#store/notified.ts";
import { postpone, type Waiting } from "#store/outbox.ts";
import { changed } from "./change.ts";
import type { Deps, PushTo } from "./deps.ts";
import { notify, openSubscription } from "./web-push.ts";

type Carried = "sent" | "later" | "over";
type Told = { device: Subscribed; service: string; result: PushResult };

/** A device proves its channel within seconds or by another. */
const provingMs = 60_000;

export async function carryPush(
  deps: Deps,
  { waiting, payload }: { waiting: Waiting; payload: PushTo },
): Promise<Carried> {
  if (payload.type === "validate") {
    const device = await findProving(deps.db, payload.deviceId);
    const note = { type: payload.type, id: payload.activationId };
    return await endOf(deps, waiting, device ? [await tell(deps, device, { note, ttlMs: provingMs })] : []);
  }
  const { challengeId, userId } = payload;
  if (payload.type === "over") {
    await tellOver(deps, { challengeId });
    return "sent";
  }
  const open = await readChallenge(deps.db, challengeId);
  if (open?.state !== "pending") return "over";
  const ttlMs = open.expiresAt - deps.clock.now();
  const devices = await listUntold(deps.db, { userId, challengeId });
  const note = { type: payload.type, id: challengeId };
  const told = await Promise.all(devices.map((device) => tell(deps, device, { note, ttlMs })));
  const message = { id: waiting.id, userId, challengeId };
  const notified = told.map((one) => traceOf(deps, one));
  // what is lost here is told once more, and takes the place of the first on the device
  const save = { message, attempt: waiting.attempts, at: deps.clock.now(), notified };
  if (told.length > 0) await deps.db.transaction((run) => saveNotified(run, save), { relaxed: true });
  return await endOf(deps, waiting, told);
}

/** On the devices that were told of a request, but for the one that ended it, it is no more. Nothing waits for that: who opens one there hears it too. */
export async function tellOver(
  deps: Deps,
  { challengeId, except }: { challengeId: string; except?: string },
): Promise<void> {
  try {
    const note = { type: "over", id: challengeId } as const;
    const others = (await listTold(deps.db, challengeId)).filter(({ deviceId }) => deviceId !== except);
    await Promise.all(others.map((device) => tell(deps, device, { note, ttlMs: provingMs })));
  } catch {
    deps.log.warn("devices could not be told that a request is over", { challenge: challengeId });
  }
}

async function tell(deps: Deps, device: Subscribed, { note, ttlMs }: { note: Note; ttlMs: number }): Promise<Told> {
  const { subscription, service } = openSubscription(deps, device);
  const result = await notify(deps, { subscription, note, ttlMs });
  if (result.state !== "sent")
    deps.log.warn("a device was not notified", { device: device.deviceId, service, ...result });
  if (result.state === "gone") await forget(deps, device);
  return { device, service, result };
}

class Kept extends Error {}

/** People read "no push on this device" from here on, until its app subscribes anew. */
async function forget(deps: Deps, device: Subscribed): Promise<void> {
  try {
    await changed(deps, "system", async (run) => {
      const userId = await dropSubscription(run, device);
      if (userId === undefined) throw new Kept();
      return { value: undefined, result: "SUBSCRIPTION_GONE", userId, detail: { device: device.deviceId } };
    });
  } catch (error) {
    // it has another one by now
    if (!(error instanceof Kept)) throw error;
  }
}

function traceOf(deps: Deps, { device, service, result }: Told): Notified {
  const reason = "reason" in result ? result.reason : result.state === "gone" ? "the subscription is gone" : null;
  return { id: deps.random.id("dlv_"), deviceId: device.deviceId, service, result: result.state, reason };
}

/** Whoever can be told later is; a service may have said when. */
async function endOf(deps: Deps, waiting: Waiting, told: Told[]): Promise<Carried> {
  const later = told.flatMap(({ result }) => (result.state === "busy" || result.state === "down" ? result : []));
  if (later.length === 0)
    return told.length === 0 || told.some(({ result }) => result.state === "sent") ? "sent" : "over";
  const afterMs = Math.max(...later.map((one) => one.afterMs ?? 0));
  if (afterMs > 0) await postpone(deps.db, { id: waiting.id, until: deps.clock.now() + afterMs });
  return "later";
}
