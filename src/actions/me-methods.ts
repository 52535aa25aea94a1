/**
 * A person's own methods: seen, named, put first, reported lost, taken away. Must stay true: whoever asks is told of their own
 * methods alone; numbers are masked; every change but a name is told to its owner.
 */

import { masked } from "#core/phone.ts";
import { AppError } from "#core/errors.ts";
import { methods } from "#core/methods/index.ts";
import { recoveryCodes } from "#core/methods/recovery.ts";
import { isLasting } from "#core/registration.ts";
import { listDevicesOf } from "#store/devices.ts";
import { listFactors, type FactorDetails } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { removeOwnFactor, renameFactor, restoreFactor, suspendFactor } from "#store/own-factors.ts";
import { findRegistrant, saveDefaultMethod } from "#store/registrations.ts";
import { listSerials } from "#store/tokens.ts";
import { parametersOf } from "./call-lines.ts";
import { changed } from "./change.ts";
import type { Deps } from "./deps.ts";
import { allBut } from "./me-access.ts";
import type { NoticeKind } from "./notices.ts";
import { newParameters } from "./registering-phone.ts";
import { methodsOff } from "./rules.ts";
import { resyncOwn } from "./resyncing.ts";
import { signOutAndForget, type Session } from "./sessions.ts";

export type OwnMethod = {
  id: string;
  kind: string;
  name: string | null;
  /** masked; `backup` is called when nobody answers at the first */
  number: string | null;
  extension: string | null;
  /** of a hardware token */
  serial: string | null;
  backup: string | null;
  createdAt: number;
  lastUsedAt: number | null;
  state: "ready" | "locked" | "lost" | "off";
  /** asked for first */
  first: boolean;
  /** of a sheet of recovery codes */
  codesLeft: number | null;
  /** not only a way to another method */
  verifies: boolean;
};

/** Who did it from where, for the notice. */
export type By = { session: Session; clientIp: string };
export type Refusal = "last_method";

const known = async (deps: Deps, userId: string) =>
  (await listFactors(deps.db, [userId], ["active", "suspended"])).filter(
    ({ method, expiresAt, deviceId, ...rest }) =>
      // an app's codes come and go with its device
      deviceId === null &&
      methods.has(method) &&
      methods.get(method)!.over?.(rest) !== true &&
      (expiresAt === null || expiresAt > deps.clock.now()),
  );

export async function listOwnMethods(deps: Deps, userId: string): Promise<OwnMethod[]> {
  const [factors, person, tokens] = await Promise.all([
    known(deps, userId),
    findRegistrant(deps.db, userId),
    listSerials(deps.db, userId),
  ]);
  const off = methodsOff(deps.settings.values());
  const now = deps.clock.now();
  const state = ({ state: kept, method, lockedUntil }: FactorDetails): OwnMethod["state"] => {
    if (kept !== "active") return "lost";
    if (off.has(method)) return "off";
    return lockedUntil > now ? "locked" : "ready";
  };
  const asks = (await listDevicesOf(deps.db, userId)).some(({ state: is }) => is === "active");
  const ranks = [...methods.keys()];
  return factors
    .map((factor) => ({
      id: factor.id,
      kind: factor.method,
      name: factor.name,
      ...phonesOf(factor),
      serial: tokens.get(factor.id)?.serial ?? null,
      createdAt: factor.createdAt,
      lastUsedAt: factor.lastUsedAt,
      // without a device there is nobody to ask
      state: factor.method === "push" && !asks ? "lost" : state(factor),
      first: person?.defaultMethod === factor.method,
      codesLeft: factor.method === "recovery" ? recoveryCodes - factor.counter : null,
      verifies: isLasting(factor.method),
    }))
    .toSorted((a, b) => ranks.indexOf(a.kind) - ranks.indexOf(b.kind));
}

function phonesOf({ method, address, parameters }: FactorDetails) {
  const { extension = null, backup } = method === "voice" ? parametersOf({ parameters }) : {};
  const number = address === null ? null : masked(address);
  return { number, extension, backup: backup === undefined ? null : masked(backup) };
}

async function loadOwn(deps: Deps, { session }: By, id: string): Promise<FactorDetails> {
  // an app is named and taken away device by device
  const factor = (await known(deps, session.userId)).find((one) => one.id === id && one.method !== "push");
  if (!factor) throw new AppError("not_found");
  return factor;
}

type Change = {
  factor: FactorDetails;
  result: string;
  notice?: NoticeKind;
  /** false: the statement's condition did not hold */
  work: (run: Run) => Promise<boolean>;
};

/** The change with its entry and its notice; a condition that did not hold undoes all of it. */
async function change(deps: Deps, { session, clientIp }: By, one: Change): Promise<boolean> {
  const { factor, result, notice, work } = one;
  const { userId, username } = session;
  const token = (await listSerials(deps.db, userId)).get(factor.id)?.token;
  try {
    await changed(deps, `person:${userId}`, async (run) => {
      if (!(await work(run))) throw new AppError("conflict");
      return {
        value: undefined,
        result,
        userId,
        detail: { factor: factor.id, method: factor.method, ...(token !== undefined && { token }) },
        personal: { username },
        ...(notice && { notice: { kind: notice, method: factor.method, from: clientIp } }),
      };
    });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return false;
    throw error;
  }
}

export async function renameOwn(deps: Deps, by: By, { id, name }: { id: string; name: string }): Promise<void> {
  const factor = await loadOwn(deps, by, id);
  const own = { id, userId: by.session.userId, name };
  await change(deps, by, { factor, result: "METHOD_RENAMED", work: (run) => renameFactor(run, own) });
}

/** the codes themselves show who holds it, so nothing else is asked for. */
export async function resyncToken(deps: Deps, { session }: By, { id, codes }: { id: string; codes: string[] }) {
  const { userId } = session;
  if (!(await listSerials(deps.db, userId)).has(id)) throw new AppError("not_found");
  return await resyncOwn(deps, { userId, factorId: id, codes });
}

/** What verifies, and what of it can be used now. */
function guarded(deps: Deps, { session }: By, id: string) {
  const lasting = [...methods.keys()].filter(isLasting);
  const off = methodsOff(deps.settings.values());
  return { id, userId: session.userId, lasting, counting: lasting.filter((kind) => !off.has(kind)) };
}

/** what was proven with a method that is gone counts no more, but in the session that says so. */
async function withoutIt(deps: Deps, run: Run, { session }: By, { method }: FactorDetails): Promise<true> {
  if (isLasting(method)) await signOutAndForget(deps, run, allBut(session));
  return true;
}

export async function removeOwn(deps: Deps, by: By, id: string): Promise<Refusal | undefined> {
  const factor = await loadOwn(deps, by, id);
  const guard = guarded(deps, by, id);
  const work = async (run: Run) => (await removeOwnFactor(run, guard)) && (await withoutIt(deps, run, by, factor));
  const removed = await change(deps, by, { factor, result: "METHOD_REMOVED", notice: "method_removed", work });
  return removed ? undefined : "last_method";
}

/** Only a method of calls has another phone. */
export async function checkCalls(deps: Deps, by: By, id: string): Promise<void> {
  if ((await loadOwn(deps, by, id)).method !== "voice") throw new AppError("not_found");
}

export async function removeBackup(deps: Deps, by: By, id: string): Promise<void> {
  const factor = await loadOwn(deps, by, id);
  const own = { id, userId: by.session.userId };
  const work = await newParameters(deps, own, ({ extension }) => (extension === undefined ? {} : { extension }));
  await change(deps, by, { factor, result: "BACKUP_PHONE_REMOVED", notice: "method_removed", work });
}

/** It counts no more until it is found; removing it is a step of its own. */
export async function reportLost(deps: Deps, by: By, id: string): Promise<Refusal | undefined> {
  const factor = await loadOwn(deps, by, id);
  if (factor.state !== "active") return undefined;
  const guard = guarded(deps, by, id);
  const work = async (run: Run) => (await suspendFactor(run, guard)) && (await withoutIt(deps, run, by, factor));
  const done = await change(deps, by, { factor, result: "METHOD_SUSPENDED", notice: "method_suspended", work });
  return done ? undefined : "last_method";
}

export async function reportFound(deps: Deps, by: By, id: string): Promise<void> {
  const factor = await loadOwn(deps, by, id);
  const own = { id, userId: by.session.userId };
  const work = (run: Run) => restoreFactor(run, own);
  await change(deps, by, { factor, result: "METHOD_RESTORED", notice: "method_restored", work });
}

/** The kind that is asked for first; null: the best there is. */
export async function setFirst(deps: Deps, { session }: By, kind: string | null): Promise<void> {
  const { userId, username } = session;
  const ready = (await listOwnMethods(deps, userId)).filter(({ state }) => state === "ready" || state === "locked");
  if (kind !== null && !ready.some((one) => one.kind === kind && isLasting(kind))) throw new AppError("not_found");
  await changed(deps, `person:${userId}`, async (run) => {
    await saveDefaultMethod(run, { userId, method: kind });
    return {
      value: undefined,
      result: "DEFAULT_METHOD_CHANGED",
      userId,
      detail: { method: kind },
      personal: { username },
    };
  });
}
