/**
 * A person's own authenticator apps, one a device: seen, named, taken away, reported stolen. Must stay true: nobody is told of
 * another's; every change but a name is told to its owner, and signs them out elsewhere.
 */

import { AppError } from "#core/errors.ts";
import { methods } from "#core/methods/index.ts";
import { isLasting } from "#core/registration.ts";
import { cancelRequests } from "#store/challenges.ts";
import { listDevicesOf, moveCodes, renameDevice, type Device } from "#store/devices.ts";
import type { Run } from "#store/open.ts";
import { blockOwnDevice, removeOwnDevice } from "#store/own-devices.ts";
import { changed } from "./change.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { allBut } from "./me-access.ts";
import type { By, Refusal } from "./me-methods.ts";
import type { NoticeKind } from "./notices.ts";
import { methodsOff } from "./rules.ts";
import { signOutAndForget } from "./sessions.ts";

export type OwnApp = Pick<Device, "id" | "name" | "kind" | "platform" | "push" | "createdAt" | "lastSeenAt"> & {
  state: "ready" | "blocked";
};

/** Oldest first; one that is just being set up is none yet. */
const known = async (deps: Deps, userId: string): Promise<Device[]> =>
  (await listDevicesOf(deps.db, userId)).filter(({ state }) => state !== "proving");

export const listOwnApps = async (deps: Deps, userId: string): Promise<OwnApp[]> =>
  (await known(deps, userId)).map(({ id, name, kind, platform, push, state, createdAt, lastSeenAt }) => ({
    id,
    name,
    kind,
    platform,
    push,
    createdAt,
    lastSeenAt,
    state: state === "active" ? "ready" : "blocked",
  }));

type Change = {
  id: string;
  result: string;
  notice?: NoticeKind;
  /** false: the statement's condition did not hold */
  work: (run: Run) => Promise<boolean>;
};

async function change(deps: Deps, { session, clientIp }: By, one: Change): Promise<Refusal | undefined> {
  const { id, result, notice, work } = one;
  const { userId, username } = session;
  const device = (await known(deps, userId)).find((own) => own.id === id);
  if (!device) throw new AppError("not_found");
  try {
    await changed(deps, `person:${userId}`, async (run) => {
      if (!(await work(run))) throw new AppError("conflict");
      if (notice) {
        await signOutAndForget(deps, run, allBut(session));
        await cancelRequests(run, userId);
      }
      return {
        value: undefined,
        result,
        userId,
        detail: { device: id, kind: device.kind },
        personal: { username, deviceName: device.name },
        ...(notice && { notice: { kind: notice, method: "push", from: clientIp } }),
      };
    });
    if (notice) void deliverDue(deps);
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return "last_method";
    throw error;
  }
}

export async function renameOwnApp(deps: Deps, by: By, { id, name }: { id: string; name: string }): Promise<void> {
  const work = (run: Run) => renameDevice(run, { id, userId: by.session.userId, name });
  if (await change(deps, by, { id, result: "DEVICE_RENAMED", work })) throw new AppError("not_found");
}

function guarded(deps: Deps, { session: { userId } }: By, id: string) {
  const off = methodsOff(deps.settings.values());
  return { id, userId, counting: [...methods.keys()].filter((kind) => isLasting(kind) && !off.has(kind)) };
}

export async function removeOwnApp(deps: Deps, by: By, id: string): Promise<Refusal | undefined> {
  const work = (run: Run) => removeOwnDevice(run, guarded(deps, by, id));
  return await change(deps, by, { id, result: "DEVICE_REMOVED", notice: "method_removed", work });
}

/** Stolen: nothing of it counts from this moment on; it is for the support to let it in again, or for its owner to remove. */
export async function blockOwnApp(deps: Deps, by: By, id: string): Promise<Refusal | undefined> {
  const work = async (run: Run) => {
    if (!(await blockOwnDevice(run, guarded(deps, by, id)))) return false;
    await moveCodes(run, { deviceId: id, from: "active", to: "suspended" });
    return true;
  };
  return await change(deps, by, { id, result: "DEVICE_BLOCKED", notice: "method_suspended", work });
}
