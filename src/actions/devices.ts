/**
 * People's authenticator apps, in the hands of administrators and of the apps themselves. Must stay true: a device that was removed or
 * blocked approves nothing from that commit on, and its codes count no more; what it leaves behind is no excuse to sign in without
 * (R-208).
 */

import { AppError } from "#core/errors.ts";
import { isLasting } from "#core/registration.ts";
import { findClaimed } from "#store/activations.ts";
import { cancelRequests } from "#store/challenges.ts";
import {
  deleteDevice,
  holdPerson,
  listDevicesOf,
  moveCodes,
  moveDevice,
  renameDevice,
  saveSubscription,
  type Device,
} from "#store/devices.ts";
import { methodsOf } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { saveMustRegister } from "#store/registrations.ts";
import { deleteStray } from "#store/stray-devices.ts";
import { deviceName, type Subscription } from "#wire/device/messages.ts";
import { about, changed, type Actor } from "./change.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import type { NoticeKind } from "./notices.ts";
import { loadPerson } from "./people.ts";
import { signOutAndForget } from "./sessions.ts";
import { openSubscription, subscribe } from "./web-push.ts";

export type { Device } from "#store/devices.ts";

export type ListedDevice = Omit<Device, "userId" | "publicKey" | "unlockKey">;
type Wanted = { username: string; device: string; reason?: string | undefined };

export async function listDevices(deps: Deps, username: string): Promise<ListedDevice[]> {
  const { id } = await loadPerson(deps, username);
  return (await listDevicesOf(deps.db, id)).map(
    ({ userId: _userId, publicKey: _publicKey, unlockKey: _unlockKey, ...shown }) => shown,
  );
}

/** By id or name, as long as that means one of them. */
async function load(deps: Deps, { username, device: wanted }: Wanted) {
  const person = await loadPerson(deps, username);
  const found = (await listDevicesOf(deps.db, person.id)).filter(({ id, name }) => id === wanted || name === wanted);
  const [device] = found;
  if (!device) throw new AppError("not_found", `${person.username} has no device ${wanted}`);
  if (found.length > 1) throw new AppError("conflict", `device: means more than one device: name it by id`);
  return { person, device };
}

type Act = {
  result: string;
  notice?: NoticeKind;
  /** false: it was not in the state for that; else what the log says besides */
  work: (run: Run, device: Device) => Promise<object | false>;
};

async function act(deps: Deps, actor: Actor, wanted: Wanted, { result, notice, work }: Act): Promise<{ id: string }> {
  const { person, device } = await load(deps, wanted);
  const { id, userId, name } = device;
  await changed(deps, actor, async (run) => {
    const detail = await work(run, device);
    if (!detail) throw new AppError("conflict", `${name} is not in the state for that`);
    return {
      value: undefined,
      result,
      userId,
      detail: { device: id, ...detail },
      personal: { ...about(person, wanted.reason), deviceName: name },
      ...(notice && { notice: { kind: notice, method: "push" } }),
    };
  });
  if (notice) void deliverDue(deps);
  return { id };
}

export async function removeDevice(deps: Deps, actor: Actor, wanted: Wanted): Promise<{ id: string }> {
  const work = async (run: Run, device: Device) => await drop(deps, run, device);
  return await act(deps, actor, wanted, { result: "DEVICE_REMOVED", notice: "method_removed", work });
}

async function drop(deps: Deps, run: Run, { id, userId }: Device): Promise<object | false> {
  // before the device's row, as everybody does: of a person's last two that go at once the second is the last
  await holdPerson(run, userId);
  if (!(await deleteDevice(run, id))) return false;
  if (!(await methodsOf(run, userId)).some(isLasting))
    await saveMustRegister(run, { userId, reason: "help_desk", until: null });
  // whoever has stolen it may have approved a sign-in of theirs just now
  await cancelRequests(run, userId);
  return await signOutAndForget(deps, run, { userId });
}

export async function blockDevice(deps: Deps, actor: Actor, wanted: Wanted): Promise<{ id: string }> {
  const work = async (run: Run, { id, userId }: Device) => {
    await holdPerson(run, userId);
    if (!(await moveDevice(run, { id, from: "active", to: "blocked" }))) return false;
    await moveCodes(run, { deviceId: id, from: "active", to: "suspended" });
    await cancelRequests(run, userId);
    return await signOutAndForget(deps, run, { userId });
  };
  return await act(deps, actor, wanted, { result: "DEVICE_BLOCKED", notice: "method_suspended", work });
}

export async function unblockDevice(deps: Deps, actor: Actor, wanted: Wanted): Promise<{ id: string }> {
  const work = async (run: Run, { id }: Device) => {
    if (!(await moveDevice(run, { id, from: "blocked", to: "active" }))) return false;
    await moveCodes(run, { deviceId: id, from: "suspended", to: "active" });
    await deleteStray(run, id);
    return {};
  };
  return await act(deps, actor, wanted, { result: "DEVICE_UNBLOCKED", notice: "method_restored", work });
}

export async function nameDevice(
  deps: Deps,
  actor: Actor,
  { name, ...wanted }: Wanted & { name: string },
): Promise<{ id: string }> {
  const read = deviceName.safeParse(name);
  if (!read.success) throw new AppError("invalid", "name: is empty, too long, or has characters that cannot be shown");
  const work = async (run: Run, { id, userId }: Device) =>
    (await renameDevice(run, { id, userId, name: read.data })) && {};
  return await act(deps, actor, wanted, { result: "DEVICE_RENAMED", work });
}

/** The account was removed in the app, by whoever holds the device. */
export async function leave(deps: Deps, device: Device, clientIp: string): Promise<void> {
  const { id, userId, name } = device;
  await changed(deps, `person:${userId}`, async (run) => {
    const detail = await drop(deps, run, device);
    if (!detail) throw new AppError("not_found");
    return {
      value: undefined,
      result: "DEVICE_REMOVED",
      userId,
      detail: { device: id, ...detail },
      personal: { deviceName: name, clientIp },
      notice: { kind: "method_removed", method: "push", from: clientIp },
    };
  });
  void deliverDue(deps);
}

export async function renameItself(deps: Deps, { id, userId }: Device, name: string): Promise<void> {
  await deps.db.transaction((run) => renameDevice(run, { id, userId, name }));
}

/** Notifications do not reach it: it proves itself by the live stream, or by looking. */
export async function useStream(deps: Deps, device: Device): Promise<void> {
  if (!(await findClaimed(deps.db, device.id))) throw new AppError("not_found");
  const { id, userId } = device;
  await deps.db.transaction(async (run) => {
    await saveSubscription(run, { id, push: "none", sealedSubscription: null });
    run.tell([userId]);
  });
}

/** Its push service has given it another address, or takes nothing for it any more (fact sheet 1.8); both are known by hashes. */
export async function saveOwnSubscription(
  deps: Deps,
  { id, userId }: Device,
  subscription: Subscription | null,
): Promise<void> {
  const now = subscribe(deps, { deviceId: id, subscription });
  const hashed = (endpoint: string | undefined) =>
    endpoint === undefined ? null : deps.keys.mac("device", "endpoint", endpoint).toString("base64url", 0, 12);
  await changed(deps, `person:${userId}`, async (run) => {
    const before = await saveSubscription(run, { id, ...now });
    const opened = before && openSubscription(deps, { deviceId: id, sealedSubscription: before });
    const to = now.sealedSubscription ? subscription?.endpoint : undefined;
    const detail = { device: id, from: hashed(opened?.subscription.endpoint), to: hashed(to) };
    return { value: undefined, result: "DEVICE_TOKEN_CHANGED", userId, detail };
  });
}
