/**
 * Whose request it is, of a device that was bound. Must stay true: nothing is looked up for whoever cannot sign with the device's
 * key; a captured request is good for a minute, for its one address and body, and changes something once.
 */

import { hash } from "node:crypto";
import { findDevice, saveSeen, type Device } from "#store/devices.ts";
import { findStray } from "#store/stray-devices.ts";
import { takeEach } from "#store/throttle.ts";
import { readJws, type Jws } from "#wire/device/jws.ts";
import { requestClaims, type RequestClaims } from "#wire/device/messages.ts";
import type { Deps } from "./deps.ts";
import { noteBlocked, noteLeaving, noteStray, noteUnknown } from "./stray-devices.ts";

export type Signed = {
  authorization: string | undefined;
  method: string;
  /** with the query, which is not signed */
  path: string;
  body: Uint8Array;
  clientIp: string;
};
export type Unbound = {
  refused: "bad_signature" | "bad_time" | "device_not_activated" | "device_blocked" | "too_many_requests";
};

/** A phone's clock, and a minute on the way. */
const skewSeconds = 60;

export async function authenticateDevice(deps: Deps, signed: Signed): Promise<{ device: Device } | Unbound> {
  const jws = readAuthorization(signed);
  if (jws?.kid === undefined) return { refused: "bad_signature" };
  const device = await findDevice(deps.db, jws.kid);
  if (!device) return { refused: await refuseStray(deps, signed, { id: jws.kid, jws }) };
  const fault = findFault(deps, signed, { jws, publicKey: device.publicKey });
  if (fault) return { refused: fault };
  if (device.state === "blocked") {
    await noteBlocked(deps, device);
    return { refused: "device_blocked" };
  }
  const spent = signed.method === "GET" ? undefined : await findSpent(deps, device, jws);
  if (spent) return { refused: spent };
  await saveSeen(deps.db, { id: device.id, at: deps.clock.now() });
  return { device };
}

function findFault(
  deps: Deps,
  signed: Signed,
  { jws, publicKey }: { jws: Jws<RequestClaims>; publicKey: Uint8Array },
): "bad_signature" | "bad_time" | undefined {
  if (!jws.isSignedBy(publicKey) || !isFor(deps, signed, jws)) return "bad_signature";
  return Math.abs(jws.payload.iat - deps.clock.now() / 1000) > skewSeconds ? "bad_time" : undefined;
}

/** One that went signs with the key that it had; of one that nobody knows there is nothing to check. */
async function refuseStray(
  deps: Deps,
  signed: Signed,
  { id, jws }: { id: string; jws: Jws<RequestClaims> },
): Promise<Unbound["refused"]> {
  const stray = await findStray(deps.db, id);
  const fault = stray?.publicKey && findFault(deps, signed, { jws, publicKey: stray.publicKey });
  if (fault) return fault;
  if (stray?.publicKey) await (signed.method === "DELETE" ? noteLeaving : noteStray)(deps, stray);
  else await noteUnknown(deps, stray, { id, user: jws.payload.user, clientIp: signed.clientIp });
  return "device_not_activated";
}

function readAuthorization({ authorization = "" }: Signed): Jws<RequestClaims> | undefined {
  const [scheme, token = "", ...more] = authorization.split(" ");
  return scheme === "Device" && more.length === 0 ? readJws("request", token, requestClaims) : undefined;
}

function isFor(deps: Deps, { method, path, body }: Signed, { payload: { htm, htu, bh } }: Jws<RequestClaims>): boolean {
  const address = `${new URL(deps.db.node.publicUrl).origin}${path.split("?")[0]}`;
  const hashed = body.length === 0 ? "" : hash("sha256", body, "base64url");
  return htm === method && htu === address && bh === hashed;
}

/** More than any person does. What a device changes is on record, which one device must not fill. */
const changes = { limit: 60, windowMs: 600_000 };

/** Reading twice harms nobody; the rest is done once. */
async function findSpent(
  deps: Deps,
  { id }: Device,
  { payload }: Jws<RequestClaims>,
): Promise<Unbound["refused"] | undefined> {
  const once = { id: `device jti ${id} ${payload.jti}`, limit: 1, windowMs: 4 * skewSeconds * 1000 };
  const budgets = [once, { id: `device changes ${id}`, ...changes }];
  const [full] = await deps.db.transaction((run) => takeEach(run, [{ at: deps.clock.now(), budgets }]));
  if (full === undefined) return undefined;
  return full.id === once.id ? "bad_signature" : "too_many_requests";
}
