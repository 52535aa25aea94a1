/** What waits for a person's answer on their devices, and how the account stands there. */

import type { Device } from "#store/devices.ts";
import { readPersonById } from "#store/people.ts";
import { isPinOver } from "#core/pin.ts";
import type { Account, DeviceState, ServerInfo } from "#wire/device/messages.ts";
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

export async function describeDevice(deps: Deps, device: Device): Promise<DeviceState> {
  const validate = await findProof(deps, device);
  return {
    requests: [],
    account: await accountFor(deps, device),
    serverTime: deps.clock.now(),
    ...(validate !== undefined && { validate }),
  };
}

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
    fraud: { report: settings["fraud.report"], block: settings["fraud.report"] && settings["fraud.block"] },
  };
}
