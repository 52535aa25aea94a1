/**
 * What waits for a person's answer on their devices, and how the account stands there. Must stay true: what is shown is ours or was
 * made harmless, and it is the same each time, since the answer signs it.
 */

import { isPinOver } from "#core/pin.ts";
import type { Device } from "#store/devices.ts";
import { readPersonById } from "#store/people.ts";
import { findAsked, listWaiting, saveFetched, type PushRequest } from "#store/push-requests.ts";
import type { Account, DeviceRequest, DeviceState, ServerInfo } from "#wire/device/messages.ts";
import { accountOf, findProof } from "./activations.ts";
import type { Deps } from "./deps.ts";
import { vapidPublicKey } from "./web-push.ts";

/** For whoever is about to be bound here. */
export function describeServer(deps: Deps): ServerInfo {
  const settings = deps.settings.values();
  const organisation = settings["organisation.name"];
  return {
    api: 1,
    organisation,
    accountName: settings["push.account-name"] || organisation,
    publicUrl: deps.db.node.publicUrl,
    vapidPublicKey: vapidPublicKey(deps),
    support: {
      name: settings["support.name"],
      phone: settings["support.phone"],
      email: settings["support.email"],
      hours: settings["support.hours"],
    },
  };
}

/** All that the app shows; asking for it is how a device without notifications hears of a request. */
export async function describeDevice(deps: Deps, device: Device): Promise<DeviceState> {
  const at = deps.clock.now();
  const [validate, waiting] = await Promise.all([
    findProof(deps, device),
    listWaiting(deps.db, { deviceId: device.id, at }),
  ]);
  await saveFetched(deps.db, { deviceId: device.id, challengeIds: waiting.map(({ id }) => id), at, usedCheck: true });
  return {
    requests: waiting.map((one) => shownRequest(deps, device, one)),
    account: await accountFor(deps, device),
    serverTime: at,
    ...(validate !== undefined && { validate }),
  };
}

/** The one that a notification is about; undefined when it is over. */
export async function findRequest(deps: Deps, device: Device, challengeId: string): Promise<DeviceRequest | undefined> {
  const at = deps.clock.now();
  const found = await findAsked(deps.db, { deviceId: device.id, challengeId });
  if (found?.state !== "pending" || found.expiresAt <= at) return undefined;
  await saveFetched(deps.db, { deviceId: device.id, challengeIds: [challengeId], at, usedCheck: false });
  return shownRequest(deps, device, found);
}

export function shownRequest(deps: Deps, { id: deviceId }: Device, request: PushRequest): DeviceRequest {
  const { id, username, application, mode, clientIp, station, at, expiresAt } = request;
  return {
    id,
    // of 256 bits: this device's alone, and the same whenever it asks
    nonce: deps.keys.mac("device", `nonce\0${id}\0${deviceId}`).toString("base64url"),
    user: harmless(username),
    application: harmless(application),
    place: harmless(station ?? ""),
    address: harmless(clientIp ?? ""),
    at,
    expiresAt,
    mode: mode as DeviceRequest["mode"],
    digits: mode.startsWith("number") ? 6 : 0,
  };
}

/** no control character, no line break, nothing that turns the direction, and not long. */
export const harmless = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .trim()
    .slice(0, 64);

async function accountFor(deps: Deps, device: Device): Promise<Account> {
  const settings = deps.settings.values();
  const person = (await readPersonById(deps.db, device.userId))!;
  const pin = { changedAt: person.pinChangedAt, mustChange: person.pinMustChange };
  const pinSet = person.pinMac !== null;
  return {
    ...accountOf(deps, person),
    state: device.state === "proving" ? "proving" : "active",
    push: device.push,
    pinSet,
    pinMustChange: pinSet && isPinOver(pin, { days: settings["pin.expire-days"], now: deps.clock.now() }),
    localUnlock: settings["push.local-unlock"],
    unlockSet: device.unlockKey !== null,
    fraud: { report: settings["fraud.report"], block: settings["fraud.report"] && settings["fraud.block"] },
  };
}
