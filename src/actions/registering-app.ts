/**
 * The authenticator app within the wizard: an invitation is shown, and a device that takes it up and proves its channel is the
 * method. Must stay true: what counts is done where the device proves itself; this only sees it and goes on.
 */

import { isLasting } from "#core/registration.ts";
import { findDevice, listDevicesOf } from "#store/devices.ts";
import { methodsOf } from "#store/factors.ts";
import { inviteDevice, waitForDevice } from "./activations.ts";
import type { Deps } from "./deps.ts";
import { holdFlow, saveFlow, saveFlowIn, type Flow, type Registering } from "./sign-in-flow.ts";

const place = (flow: Flow) => ({ table: "sign_in", column: "state", row: flow.id });

export type AppInvitation = { link: string; code: string; expiresAt: number };

const isAlone = ({ proofs, registering }: Flow) => proofs.length === 0 && registering!.done.length === 0;

/** The app was chosen: one invitation, for this page alone. */
export async function inviteApp(deps: Deps, flow: Flow): Promise<Flow> {
  const { id: userId, username } = flow.person!;
  const invited = await inviteDevice(deps, `person:${userId}`, { userId, username, alone: isAlone(flow) });
  const { id: activation, ...shown } = invited;
  const sealed = deps.keys.seal("device", Buffer.from(JSON.stringify(shown)), place(flow)).toString("base64url");
  return await saveFlow(deps, { ...flow, registering: { ...flow.registering!, activation, sealed } });
}

export async function hasAllDevices(deps: Deps, userId: string): Promise<boolean> {
  const has = (await listDevicesOf(deps.db, userId)).filter(({ state }) => state !== "proving");
  return has.length >= deps.settings.values()["push.devices-per-person"];
}

/** What the page shows of it while a device may take it up, and how it went otherwise. */
export async function appInvitation(deps: Deps, flow: Flow): Promise<AppInvitation | "bound" | "over"> {
  const { activation = "", sealed = "" } = flow.registering!;
  const { state } = await waitForDevice(deps, { id: activation, waitMs: 0 });
  if (!isPending(state)) return state === "done" ? "bound" : "over";
  const shown = deps.keys.unseal("device", Buffer.from(sealed, "base64url"), place(flow));
  return JSON.parse(shown.toString()) as AppInvitation;
}

const isPending = (state: string) => state === "open" || state === "claimed";

type Wait = { waitMs: number; signal?: AbortSignal };
/** Whether a device may still take it up, or has begun to; waits until it is bound or over, or for so long. */
export async function isAwaited(deps: Deps, { registering }: Flow, wait: Wait): Promise<boolean> {
  const { state } = await waitForDevice(deps, { id: registering!.activation!, ...wait });
  return isPending(state);
}

/** A device was bound, and has proven itself by that. */
export async function collectApp(deps: Deps, flow: Flow): Promise<Flow> {
  const { registering, proofs } = flow;
  const { reason, done, activation = "" } = registering!;
  const { state, deviceId } = await waitForDevice(deps, { id: activation, waitMs: 0 });
  if (isPending(state)) return await saveFlow(deps, { ...flow, problem: "app_not_yet" });
  if (state !== "done" || deviceId === null) return await endInvitation(deps, flow);
  const device = await findDevice(deps.db, deviceId);
  const push = device?.push ?? "none";
  const now: Registering = { reason, tries: 0, done: [...done, "push"], push };
  const proof = { method: "push", at: deps.clock.now(), userVerified: false };
  return await deps.db.transaction(async (run) => {
    await holdFlow(run, flow);
    return await saveFlowIn(run, { ...flow, problem: undefined, registering: now, proofs: [...proofs, proof] });
  });
}

/** if somebody has registered since the password alone began this, that method is asked for now. */
async function endInvitation(deps: Deps, flow: Flow): Promise<Flow> {
  const has = await deps.db.transaction((run) => methodsOf(run, flow.person!.id));
  const isLate = isAlone(flow) && has.some(isLasting);
  return await saveFlow(deps, { ...flow, problem: undefined, ...(isLate && { registering: undefined }) });
}
