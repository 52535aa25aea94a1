/**
 * Binding an authenticator app to a person (fact sheet 1.8, R-063). Must stay true: a code binds one device and is gone; the device
 * counts for nothing before it has shown that its channel works; and its codes and its approvals begin to count together.
 */

import { createPublicKey, timingSafeEqual } from "node:crypto";
import { activationCode, linkCodeLength, readActivationCode, typedCodeLength } from "#core/activation-code.ts";
import { siteOf } from "#core/crowd.ts";
import { base32 } from "#core/crypto/base32.ts";
import { AppError } from "#core/errors.ts";
import { nameKey } from "#core/names.ts";
import { isLasting } from "#core/registration.ts";
import type { Settings } from "#core/settings/index.ts";
import {
  claimById,
  claimByLink,
  endActivation,
  findActivation,
  findClaimed,
  finishActivation,
  insertActivation,
  takeGuess,
  type Activation,
  type ActivationState,
} from "#store/activations.ts";
import {
  countDevices,
  deleteProving,
  holdPerson,
  insertDevice,
  insertPush,
  moveCodes,
  moveDevice,
  type Device,
} from "#store/devices.ts";
import { insertFactors, methodsOf } from "#store/factors.ts";
import { readPeople } from "#store/facts-read.ts";
import type { Run } from "#store/open.ts";
import { post } from "#store/outbox.ts";
import { findPerson, type PersonDetails } from "#store/people.ts";
import { saveRegistered } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { endAsking } from "#store/stray-devices.ts";
import { takeFrom } from "#store/throttle.ts";
import { readJws } from "#wire/device/jws.ts";
import { activationClaims, type Activated, type ActivationBody } from "#wire/device/messages.ts";
import { about, changed, type Actor } from "./change.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { loadPerson } from "./people.ts";
import { namesOf } from "./rules.ts";
import { sealed } from "./sealed.ts";
import { subscribe } from "./web-push.ts";
import { change, endWait, startWait } from "./waiting.ts";

const minute = 60_000;
const lifeMs = 10 * minute;
/** For so long after its code was used up a device may still prove its channel. */
const proveMs = 2 * minute;

/** Shown once: neither code is readable again. The link is what the QR code holds; the code is typed with the name. */
export type Invitation = { id: string; link: string; code: string; expiresAt: number };

/** A fragment, so that no server's log ever has it. */
const linkTo = (deps: Deps, code: string) => `${site(deps)}/authenticator/#activate=${code}`;
const site = (deps: Deps) => deps.db.node.publicUrl.replace(/\/$/, "");
const mac = (deps: Deps, ...parts: string[]) => deps.keys.mac("device", ["activation", ...parts].join("\0"));

type Inviting = { userId: string; username: string; alone?: boolean; reason?: string | undefined };

/** Invites the person to bind one more device; an earlier invitation is void. `alone`: only the password stands behind it. */
export async function inviteDevice(
  deps: Deps,
  actor: Actor,
  { userId, username, alone = false, reason }: Inviting,
): Promise<Invitation> {
  const [link, code] = [linkCodeLength, typedCodeLength].map((length) =>
    activationCode(deps.random.bytes(length), length),
  ) as [string, string];
  const at = deps.clock.now();
  const row = {
    id: `act_${deps.random.bytes(16).toString("base64url")}`,
    user_id: userId,
    link_mac: mac(deps, link),
    code_mac: mac(deps, userId, code),
    state: "open",
    alone: Number(alone),
    begun_by: actor,
    created_at: at,
    expires_at: at + lifeMs,
  };
  return await changed(deps, actor, async (run) => {
    if (await isFull(deps, run, userId))
      throw new AppError("conflict", `${username} has as many devices as are allowed`);
    await insertActivation(run, row);
    return {
      value: {
        id: row.id,
        link: linkTo(deps, link),
        code: `${code.slice(0, 5)}-${code.slice(5)}`,
        expiresAt: row.expires_at,
      },
      result: "ACTIVATION_BEGUN",
      userId,
      detail: { activation: row.id },
      personal: about({ username }, reason),
    };
  });
}

/** For administrators: by name. */
export async function inviteByName(
  deps: Deps,
  actor: Actor,
  { username, reason }: { username: string; reason?: string | undefined },
): Promise<Invitation & { username: string }> {
  const { id: userId, ...person } = await loadPerson(deps, username);
  return {
    username: person.username,
    ...(await inviteDevice(deps, actor, { userId, username: person.username, reason })),
  };
}

/** `counted`: of those there are, how many are not to be asked about. */
const isFull = async (deps: Deps, run: Run, userId: string, counted = 0) =>
  (await countDevices(run, userId)) - counted >= deps.settings.values()["push.devices-per-person"];

export type Refused = { refused: "activation_refused" | "too_many_devices" };
class Refusal extends Error {
  readonly refused: Refused["refused"];
  constructor(refused: Refused["refused"]) {
    super(refused);
    this.refused = refused;
  }
}

/** By a device that nobody knows yet. Wrong, used and late codes are refused alike. */
export async function claimActivation(
  deps: Deps,
  { clientIp, ...asked }: ActivationBody & { clientIp: string },
): Promise<Activated | Refused> {
  const publicKey = readKey(asked);
  const code = readActivationCode(asked.code);
  const at = deps.clock.now();
  if (!publicKey || code === undefined || !isProven(deps, asked, publicKey)) return { refused: "activation_refused" };
  if (!(await deps.db.transaction((run) => takeFrom(run, budgetOf(deps, clientIp), at)))) throw new AppError("busy");
  const id = await guess(deps, { code, username: asked.username });
  const deviceId = deps.random.id("dev_");
  try {
    return await changed(deps, "system", async (run) => {
      const proveBy = at + proveMs;
      const claim = { deviceId, at, proveBy };
      const claimed =
        code.length === linkCodeLength
          ? await claimByLink(run, { ...claim, linkMac: mac(deps, code) })
          : id && (await claimById(run, { ...claim, id }));
      if (!claimed) throw new Refusal("activation_refused");
      return await bind(deps, run, { claimed, deviceId, publicKey, asked, clientIp, proveBy });
    });
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.refused };
    throw error;
  } finally {
    if (asked.subscription) void deliverDue(deps);
  }
}

/** An office behind one address activates its phones on one morning. */
const budgetOf = (deps: Deps, clientIp: string) => {
  const from = deps.keys.mac("device", `from\0${siteOf(clientIp)}`).toString("base64url");
  return { id: `activation 10m ${from}`, limit: 60, windowMs: 10 * minute };
};

function readKey({ publicKey: jwk }: ActivationBody): Buffer | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "der" });
  } catch {
    // no point of the curve
    return undefined;
  }
}

function isProven(deps: Deps, { signature, code }: ActivationBody, publicKey: Buffer): boolean {
  const jws = readJws("activation", signature, activationClaims);
  return jws?.payload.code === code && jws.payload.aud === deps.db.node.publicUrl && jws.isSignedBy(publicKey);
}

/** The invitation that the short code is for. Whoever guesses has few tries, and learns of nobody whether they are invited. */
async function guess(deps: Deps, { code, username }: { code: string; username?: string | undefined }) {
  if (code.length !== typedCodeLength || username === undefined) return undefined;
  const key = nameKey(username, namesOf(deps));
  const person = key === undefined ? undefined : await findPerson(deps.db, key);
  // nobody has no invitation, and it takes as long to say so
  const userId = person?.id ?? "";
  const open = await takeGuess(deps.db, { userId, at: deps.clock.now() });
  const asked = mac(deps, userId, code);
  return open && timingSafeEqual(open.codeMac, asked) ? open.id : undefined;
}

/** The person, unless nothing is bound to them now. */
async function admitted(deps: Deps, run: Run, userId: string) {
  const person = (await readPeople(run, "id", [userId])).get(userId)?.person;
  if (!person || person.state === "disabled" || person.blockedUntil > deps.clock.now())
    throw new Refusal("activation_refused");
  return person;
}

type Binding = {
  claimed: Activation;
  deviceId: string;
  publicKey: Buffer;
  asked: ActivationBody;
  clientIp: string;
  proveBy: number;
};

async function bind(deps: Deps, run: Run, { claimed, deviceId, publicKey, asked, clientIp, proveBy }: Binding) {
  const { userId } = claimed;
  const at = deps.clock.now();
  const person = await admitted(deps, run, userId);
  if (await isFull(deps, run, userId)) throw new Refusal("too_many_devices");
  const { device, subscription } = asked;
  const { push, sealedSubscription } = subscribe(deps, { deviceId, subscription });
  await insertDevice(run, {
    id: deviceId,
    user_id: userId,
    name: device.name,
    kind: device.kind,
    platform: device.platform,
    app_version: device.appVersion,
    language: device.language,
    public_key: publicKey,
    state: "proving",
    push,
    sealed_subscription: sealedSubscription,
    created_at: at,
  });
  const seed = deps.random.bytes(20);
  const secret = base32(seed);
  await insertCodes(deps, run, { deviceId, userId, name: device.name, seed });
  if (push === "web") await postProof(deps, run, { userId, deviceId, activationId: claimed.id, at });
  const value: Activated = {
    deviceId,
    account: accountOf(deps, person),
    totp: { secret, digits: 6, period: 30, algorithm: "SHA1" },
    channel: push === "web" ? "push" : "stream",
    proveBy,
    localUnlock: deps.settings.values()["push.local-unlock"],
  };
  const { kind, platform, appVersion } = device;
  return {
    value,
    result: "ACTIVATION_CLAIMED",
    userId,
    detail: { activation: claimed.id, device: deviceId, kind, platform, appVersion, push, codes: true },
    personal: { ...about(person), deviceName: device.name, clientIp },
  };
}

async function insertCodes(
  deps: Deps,
  run: Run,
  { deviceId, userId, name, seed }: { deviceId: string; userId: string; name: string; seed: Buffer },
): Promise<void> {
  const id = deps.random.id("fac_");
  const row = {
    id,
    user_id: userId,
    method: "totp",
    name,
    sealed_secret: deps.keys.seal("factor", seed, { table: "factor", column: "sealed_secret", row: id }),
    parameters: "",
    address: null,
    import_id: null,
    created_at: deps.clock.now(),
    device_id: deviceId,
  };
  seed.fill(0);
  await insertFactors(run, [row], "new");
}

/** The activation's id, which reaches the device by its notification and by no other way. */
async function postProof(
  deps: Deps,
  run: Run,
  { at, ...proof }: { userId: string; deviceId: string; activationId: string; at: number },
): Promise<void> {
  const message = sealed(deps, { id: deps.random.id("msg_"), channel: "push", type: "validate", ...proof });
  await post(run, [{ ...message, challenge_id: null, user_id: proof.userId, at }]);
}

/** What the app calls the account. */
export function accountOf(
  deps: Deps,
  { username, displayName }: Pick<PersonDetails, "username" | "displayName">,
): Activated["account"] {
  const settings: Settings = deps.settings.values();
  const organisation = settings["organisation.name"];
  return { username, displayName, accountName: settings["push.account-name"] || organisation, organisation };
}

/** What a device without notifications proves itself with. */
export async function findProof(deps: Deps, device: Device): Promise<string | undefined> {
  if (device.state !== "proving" || device.push !== "none") return undefined;
  return (await findClaimed(deps.db, device.id))?.id;
}

/** The channel has carried the proof: from here on the device approves, and its codes count. False: too late, or another proof. */
export async function confirmActivation(deps: Deps, device: Device, proof: string): Promise<boolean> {
  const { id, userId } = device;
  const claimed = await findActivation(deps.db, proof);
  if (claimed?.deviceId !== id) return false;
  // its answer was lost, or the proof came by two ways
  if (claimed.state === "done") return true;
  if (claimed.state !== "claimed" || claimed.expiresAt <= deps.clock.now()) return false;
  try {
    await changed(deps, `person:${userId}`, async (run) => {
      await activate(deps, run, { device, claimed });
      return {
        value: undefined,
        result: "DEVICE_ACTIVATED",
        userId,
        detail: { activation: proof, device: id, kind: device.kind, appVersion: device.appVersion, push: device.push },
        notice: { kind: "method_added", method: "push" },
      };
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await deps.db.transaction(async (run) => {
      await endActivation(run, proof);
      await deleteProving(run, id);
    });
    return (await findActivation(deps.db, proof))?.state === "done";
  } finally {
    void deliverDue(deps);
  }
  return true;
}

async function activate(deps: Deps, run: Run, { device, claimed }: { device: Device; claimed: Activation }) {
  const { id, userId } = device;
  const at = deps.clock.now();
  await holdPerson(run, userId);
  await admitted(deps, run, userId);
  // somebody has registered since this was begun with the password alone
  if (claimed.alone && (await methodsOf(run, userId)).some(isLasting)) throw new Refusal("activation_refused");
  if (!(await finishActivation(run, claimed.id))) throw new Refusal("activation_refused");
  if (!(await moveDevice(run, { id, from: "proving", to: "active" }))) throw new Refusal("activation_refused");
  if (await isFull(deps, run, userId, 1)) throw new Refusal("too_many_devices");
  await moveCodes(run, { deviceId: id, from: "new", to: "active" });
  await insertPush(run, { id: deps.random.id("fac_"), userId, at });
  await endAsking(run, userId);
  await saveRegistered(run, { userId, at });
  await deleteDevices(run, { userId });
}

/** How an invitation stands; waits for up to `waitMs` for a device to be active, or until it is over. */
export async function waitForDevice(
  deps: Deps,
  { id, waitMs, signal }: { id: string; waitMs: number; signal?: AbortSignal | undefined },
): Promise<{ state: ActivationState | "expired"; deviceId: string | null }> {
  const wait = startWait(deps, { id, waitMs, signal });
  try {
    for (;;) {
      const found = await findActivation(deps.db, id);
      const late = !found || found.expiresAt <= deps.clock.now();
      const state = late && found?.state !== "done" ? "expired" : found!.state;
      if ((state !== "open" && state !== "claimed") || wait.over) return { state, deviceId: found?.deviceId ?? null };
      await change(wait);
    }
  } finally {
    endWait(wait);
  }
}
