/**
 * Ordering a leg of a call from a carrier. Must stay true: the leg is on record before the carrier hears of it, so that whatever
 * it reports finds it; what cannot be dialled, or not be said, is refused before anybody's phone rings.
 */

import { begin } from "#core/call.ts";
import { readExtension } from "#core/extension.ts";
import { phoneReader } from "#core/phone.ts";
import type { ResultCode } from "#core/results.ts";
import { Undelivered, type Account, type OutCall, type Sent } from "#delivery/gateway.ts";
import { insertCall, readCallee, type Callee, type Leg } from "#store/calls.ts";
import { codePlace, extensionOf, missingRecordings, onCall } from "./call-lines.ts";
import type { Deps } from "./deps.ts";
import { vendors } from "./gateways-open.ts";
import { applicationNames } from "./records.ts";

/** `code` is read on a call that belongs to no challenge; `application` names what it is for. */
export type CallPayload = { to: string; code?: string; application?: string };

type Order = Omit<OutCall, "ringSeconds"> & {
  deliveryId: string;
  message: { id: string; challengeId: string | null; userId: string | null } & CallPayload;
  gateway: { id: string; vendor: string };
  account: Account<unknown>;
};

export async function placeCall(
  deps: Deps,
  { deliveryId: id, message, gateway, account, ...order }: Order,
): Promise<Sent> {
  const vendor = vendors.voice.get(gateway.vendor);
  if (!vendor) throw new Undelivered("this version knows no such vendor", { sure: true });
  const callee = await readCallee(deps.db, message);
  if (!callee) throw new Undelivered("nobody waits for this call any more", { sure: true, messageOnly: true });
  const { to, code } = message;
  const leg: Leg = callee.address === null || to === callee.address ? "primary" : "backup";
  const application = message.application ?? (await nameOf(deps, callee.applicationId));
  const result = await undiallable(to, extensionOf(callee, leg));
  await insertCall(deps.db, {
    id,
    messageId: message.id,
    challengeId: message.challengeId,
    userId: callee.userId,
    leg,
    gatewayId: gateway.id,
    application,
    sealedCode: code === undefined ? null : deps.keys.seal("code", Buffer.from(code), codePlace(id)),
    state: JSON.stringify(begin()),
    result: result ?? null,
    at: deps.clock.now(),
  });
  if (result) throw new Undelivered("the number cannot be dialled", { sure: true, messageOnly: true });
  if (!vendor.speaks) await refuseUnsaid(deps, { callee, leg, application, code });
  const ringSeconds = deps.settings.values()["voice.ring-seconds"];
  return await vendor.place(account, { ...order, ringSeconds });
}

/** Our own pages are no application of anybody's: they speak for the organisation. */
const nameOf = async (deps: Deps, id: string | null): Promise<string> =>
  (id === null ? undefined : (await applicationNames(deps)).get(id)) ?? deps.settings.values()["organisation.name"];

async function undiallable(to: string, extension: string | undefined): Promise<ResultCode | undefined> {
  if (!(await phoneReader())(to, "").ok) return "FAILED_INVALID_PHONENUMBER";
  return extension !== undefined && !readExtension(extension) ? "FAILED_INVALID_EXTENSION" : undefined;
}

type Unsaid = { callee: Callee; leg: Leg; application: string; code: string | undefined };
async function refuseUnsaid(deps: Deps, unsaid: Unsaid): Promise<void> {
  const call = onCall(deps, unsaid);
  const missing = await missingRecordings(deps, call);
  if (missing.length === 0) return;
  const reason = `this carrier cannot speak, and there is no recording in ${call.language} of ${missing.join(", ")}`;
  throw new Undelivered(reason, { sure: true });
}
