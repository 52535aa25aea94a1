/**
 * What the help desk does for someone who cannot sign in, or whose phone is gone. Must stay true: each is recorded with the
 * reason beside the entry, told to the person, and leaves no moment in which less is asked of them.
 */

import { base32 } from "#core/crypto/base32.ts";
import { AppError } from "#core/errors.ts";
import { inGroups } from "#core/methods/one-time.ts";
import { tapLength, tapSecret } from "#core/methods/tap.ts";
import { cancelChallenges } from "#store/challenges.ts";
import { deleteFactors, insertFactors, replaceFactors } from "#store/factors.ts";
import { savePasswordHash } from "#store/people.ts";
import { saveMustRegister } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { newPasswordHash } from "./passwords.ts";
import { loadPerson, nobody } from "./people.ts";
import { readPassword } from "./person-fields.ts";
import { signOutAndForget, signOutEverywhere } from "./sessions.ts";

/** `reason` may hold personal data, so it stands beside the log's entry. */
export type Asked = { username: string; reason?: string | undefined };

const hour = 3_600_000;
/** Mission G8 */
const windowHoursAtMost = 24;
/** Mission G9 */
const tapHours = { usual: 1, most: 24 };

/**
 * A password that the person must change at the next sign-in: the one given, or one that is made and given back once. Whoever
 * knew the old one is signed out.
 */
export async function resetPassword(
  deps: Deps,
  actor: Actor,
  { username, reason, password }: Asked & { password?: string | undefined },
): Promise<{ id: string; password?: string }> {
  const person = await loadPerson(deps, username);
  // 80 bits, without signs that are taken for one another
  const made = password === undefined ? inGroups(base32(deps.random.bytes(10)).toLowerCase(), 4) : undefined;
  const given = made ?? readPassword(password ?? "");
  if (given === "") throw new AppError("invalid", "password: is empty");
  const hash = await newPasswordHash(deps, given);
  return await changed(deps, actor, async (run) => {
    if (!(await savePasswordHash(run, { id: person.id, hash, expired: true }))) throw nobody(username);
    const detail = await signOutAndForget(deps, run, { userId: person.id });
    return {
      value: { id: person.id, ...(made !== undefined && { password: made }) },
      result: "PASSWORD_RESET",
      userId: person.id,
      detail,
      personal: about(person, reason),
      notice: { kind: "password_reset" },
    };
  });
}

/** Signs the person out of everything. */
export async function revokeSessions(
  deps: Deps,
  actor: Actor,
  { username, reason }: Asked,
): Promise<{ ended: string[] }> {
  const person = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    const ended = await signOutEverywhere(deps, run, { userId: person.id });
    return {
      value: { ended },
      result: "SESSIONS_ENDED",
      userId: person.id,
      detail: { sessions: ended },
      personal: about(person, reason),
      notice: { kind: "sessions_revoked" },
    };
  });
}

/** The second step is needed again in every browser (M-88). */
export async function revokeDevices(
  deps: Deps,
  actor: Actor,
  { username, reason }: Asked,
): Promise<{ forgotten: string[] }> {
  const person = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    const forgotten = await deleteDevices(run, { userId: person.id });
    return {
      value: { forgotten },
      result: "DEVICES_FORGOTTEN",
      userId: person.id,
      detail: { devices: forgotten },
      personal: about(person, reason),
      notice: { kind: "devices_forgotten" },
    };
  });
}

/**
 * Takes all methods away; the person registers anew at the next sign-in, with a Temporary Access Pass, or with the password
 * alone within a window of some hours (mission G8). Whoever is signed in or remembered is so no more.
 */
export async function requireRegistration(
  deps: Deps,
  actor: Actor,
  { username, reason, windowHours }: Asked & { windowHours?: number | undefined },
): Promise<{ removed: string[]; registerUntil: number | null }> {
  if (windowHours !== undefined && !(windowHours > 0 && windowHours <= windowHoursAtMost))
    throw new AppError("invalid", `window: from 1 to ${windowHoursAtMost} hours`);
  const person = await loadPerson(deps, username);
  const userId = person.id;
  const until = windowHours === undefined ? null : deps.clock.now() + windowHours * hour;
  return await changed(deps, actor, async (run) => {
    const signedOut = await signOutAndForget(deps, run, { userId });
    const removed = await deleteFactors(run, userId);
    await cancelChallenges(run, userId);
    if (!(await saveMustRegister(run, { userId, reason: "help_desk", until }))) throw nobody(username);
    return {
      value: { removed, registerUntil: until },
      result: "REGISTRATION_REQUIRED",
      userId,
      detail: { factors: removed, until, ...signedOut },
      personal: about(person, reason),
      notice: { kind: "re_registration_required" },
    };
  });
}

/** A pass is given back once, and replaces one that was issued before. */
export async function issueTap(
  deps: Deps,
  actor: Actor,
  { username, reason, hours = tapHours.usual }: Asked & { hours?: number | undefined },
): Promise<{ id: string; pass: string; expiresAt: number }> {
  if (!(hours > 0 && hours <= tapHours.most)) throw new AppError("invalid", `hours: from 1 to ${tapHours.most}`);
  const person = await loadPerson(deps, username);
  const id = deps.random.id("fac_");
  const pass = base32(deps.random.bytes(9)).slice(0, tapLength);
  const at = deps.clock.now();
  const expiresAt = at + hours * hour;
  const place = { table: "factor", column: "sealed_secret", row: id };
  const sealed_secret = deps.keys.seal("factor", tapSecret(pass), place);
  return await changed(deps, actor, async (run) => {
    const factor = { id, user_id: person.id, method: "tap", name: null, address: null, parameters: "" };
    await replaceFactors(run, { userId: person.id, method: "tap" });
    await insertFactors(run, [{ ...factor, sealed_secret, import_id: null, created_at: at, expires_at: expiresAt }]);
    return {
      value: { id, pass, expiresAt },
      result: "TEMPORARY_ACCESS_PASS_ISSUED",
      userId: person.id,
      detail: { factor: id, expiresAt },
      personal: about(person, reason),
      notice: { kind: "temporary_pass_issued" },
    };
  });
}
