/**
 * People's authenticator apps in the hands of those who look after them. Must stay true: a device that was removed or blocked approves
 * nothing from that commit on, and its codes count no more.
 */

import { AppError } from "#core/errors.ts";
import { findClaimed } from "#store/activations.ts";
import { saveSubscription, type Device } from "#store/devices.ts";
import type { Deps } from "./deps.ts";
import { told } from "./waiting.ts";

export type { Device } from "#store/devices.ts";

/** Notifications do not reach it: it proves itself by the live stream, or by looking. */
export async function useStream(deps: Deps, device: Device): Promise<void> {
  if (!(await findClaimed(deps.db, device.id))) throw new AppError("not_found");
  await deps.db.transaction((run) => saveSubscription(run, { id: device.id, push: "none", sealedSubscription: null }));
  told(deps, { challengeId: device.userId, message: false });
}
