/**
 * Sessions of people's browsers. Must stay true: a session is found by the hash of its cookie alone, and every look at it
 * asks the database, so that what is ended anywhere is ended everywhere at once (R-190…R-193).
 */

import { createHash } from "node:crypto";
import type { Proven } from "#core/strength.ts";
import type { Run } from "#store/open.ts";
import { endOwnActivations } from "#store/activations.ts";
import {
  deleteDevices,
  deleteSessions,
  insertDevice,
  insertSession,
  listDeviceRows,
  listSessionRows,
  readProven,
  readSession,
  readSessionById,
  renewSessionRow,
  touchSession,
  useDevice,
  voidProofs,
  type SessionRow,
} from "#store/sessions.ts";
import { endSiteSessions } from "#store/site-sessions.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { endOidcSessions } from "./oidc-storage.ts";

export type Session = Omit<SessionRow, "proven"> & Proven;
/** Where a browser is, for its owner to recognise it by. */
export type Browser = { clientIp: string | undefined; userAgent: string | undefined };

const minute = 60_000;
const hour = 60 * minute;
/** */
const idleMs = hour;
const lifeMs = 24 * hour;
/** Being seen is written this often at most. */
const touchMs = minute;

const hashOf = (token: string) => createHash("sha256").update(token).digest("base64url");
/** 192 bits; what the cookie holds. */
export const newToken = (deps: Deps): string => deps.random.bytes(24).toString("base64url");
export const tokenHash = hashOf;

const sessionOf = ({ proven, ...row }: SessionRow): Session => ({ ...row, ...(JSON.parse(proven) as Proven) });
const when = (deps: Deps) => ({ now: deps.clock.now(), idleMs });

export async function findSession(deps: Deps, token: string | undefined): Promise<Session | undefined> {
  if (token === undefined || token.length > 100) return undefined;
  return await seen(deps, await readSession(deps.db, hashOf(token), when(deps)));
}

/** The session that something else is bound to. */
export const findSessionById = async (deps: Deps, id: string): Promise<Session | undefined> =>
  await seen(deps, await readSessionById(deps.db, id, when(deps)));

async function seen(deps: Deps, row: SessionRow | undefined): Promise<Session | undefined> {
  if (!row) return undefined;
  const at = deps.clock.now();
  if (row.seenAt < at - touchMs) await touchSession(deps.db, { id: row.id, at });
  return sessionOf(row);
}

type Opening = { userId: string; proven: Proven; browser: Browser };

/** Begins a session in the transaction that ends the sign-in; the token is for the cookie and nowhere else. */
export async function openSession(
  deps: Deps,
  run: Run,
  { userId, proven, browser }: Opening,
): Promise<{ id: string; token: string }> {
  const id = deps.random.id("ses_");
  const token = newToken(deps);
  const at = deps.clock.now();
  await insertSession(run, {
    id,
    tokenHash: hashOf(token),
    userId,
    proven: JSON.stringify(proven),
    ...shown(browser),
    at,
    expiresAt: at + lifeMs,
  });
  return { id, token };
}

/**
 * a further step in a session gives it a new token, and the old one is nobody's any more. It stays the same session,
 * so that what applications were given in it goes on; protected sites ask for it anew, or a cookie that somebody else got there with
 * the old token would rise with it. Undefined when it has ended, or is another person's.
 */
export async function renewSession(
  deps: Deps,
  run: Run,
  { id, userId, proven }: Pick<Opening, "userId" | "proven"> & { id: string },
): Promise<{ id: string; token: string } | undefined> {
  const at = deps.clock.now();
  const before = await readProven(run, { id, userId, now: at });
  if (before === undefined) return undefined;
  const token = newToken(deps);
  const merged = JSON.stringify(both(JSON.parse(before) as Proven, proven));
  await endSiteSessions(run, id);
  await renewSessionRow(run, { id, tokenHash: hashOf(token), proven: merged, at });
  return { id, token };
}

/** Of each method what was proven last. */
const both = (before: Proven, now: Proven): Proven => ({
  passwordAt: now.passwordAt ?? before.passwordAt,
  proofs: [...new Map([...before.proofs, ...now.proofs].map((proof) => [proof.method, proof])).values()],
  rememberedAt: now.rememberedAt ?? before.rememberedAt,
});

const shown = ({ clientIp, userAgent }: Browser) => ({
  clientIp: clientIp ?? null,
  userAgent: userAgent?.slice(0, 300) ?? null,
});

export async function listSessions(deps: Deps, userId: string): Promise<Session[]> {
  return (await listSessionRows(deps.db, userId, when(deps))).map(sessionOf);
}

type Which = { userId: string; only?: string | undefined; except?: string | undefined };

/** ends sessions in the transaction of what ends them, with all that applications were given in them. */
async function signOut(deps: Deps, run: Run, which: Which): Promise<string[]> {
  const ended = await deleteSessions(run, which);
  await endOidcSessions(deps, run, ended);
  return ended;
}

/** Signs the person out of everything, sign-ins and apps that are half done too: nothing proven before counts. */
export async function signOutEverywhere(
  deps: Deps,
  run: Run,
  { userId, before = deps.clock.now(), except }: Whom,
): Promise<string[]> {
  await voidProofs(run, { userId, before });
  await endOwnActivations(run, userId);
  return await signOut(deps, run, { userId, except });
}
/** `except`: the session that goes on; then `before` is when what it has proven was. */
type Whom = { userId: string; before?: number; except?: string };

/** once a password or a method is another one, the browsers that were remembered with the old one are so no more. */
export const signOutAndForget = async (deps: Deps, run: Run, whom: Whom) => ({
  sessions: await signOutEverywhere(deps, run, whom),
  devices: await deleteDevices(run, { userId: whom.userId }),
});

/** Ends one session of a person (`only`), all but one (`except`), or all. */
export async function endSessions(deps: Deps, actor: Actor, { userId, ...which }: Which): Promise<{ ended: string[] }> {
  return await changed(deps, actor, async (run) => {
    const ended = await signOut(deps, run, { userId, ...which });
    return { value: { ended }, result: "SESSIONS_ENDED", userId, detail: { sessions: ended } };
  });
}

/** this browser need not repeat the second step for so many days; the token is for its cookie. */
export async function rememberDevice(
  deps: Deps,
  run: Run,
  { userId, browser, days }: { userId: string; browser: Browser; days: number },
): Promise<string> {
  const token = newToken(deps);
  const at = deps.clock.now();
  const { userAgent } = shown(browser);
  const expiresAt = at + days * 24 * hour;
  await insertDevice(run, { id: deps.random.id("dev_"), tokenHash: hashOf(token), userId, userAgent, at, expiresAt });
  return token;
}

export async function isRemembered(
  deps: Deps,
  { token, userId }: { token: string | undefined; userId: string },
): Promise<boolean> {
  if (token === undefined || token.length > 100) return false;
  const one = { tokenHash: hashOf(token), userId, at: deps.clock.now(), since: rememberedSince(deps) };
  return await deps.db.transaction((run) => useDevice(run, one));
}

/** A setting that is lowered shortens what was remembered before, too. */
const rememberedSince = (deps: Deps) => deps.clock.now() - deps.settings.values()["remember.days"] * 24 * hour;

export async function listDevices(deps: Deps, userId: string) {
  const now = deps.clock.now();
  const since = rememberedSince(deps);
  const rows = await listDeviceRows(deps.db, { userId, now, since });
  return rows.map((row) => ({ ...row, expiresAt: Math.min(row.expiresAt, row.createdAt + now - since) }));
}

/** Forgets one remembered device of a person, or all. */
export async function forgetDevices(
  deps: Deps,
  actor: Actor,
  { userId, only }: { userId: string; only?: string },
): Promise<{ forgotten: string[] }> {
  return await changed(deps, actor, async (run) => {
    const forgotten = await deleteDevices(run, { userId, ...(only !== undefined && { only }) });
    return { value: { forgotten }, result: "DEVICES_FORGOTTEN", userId, detail: { devices: forgotten } };
  });
}
