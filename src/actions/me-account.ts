/**
 * A person's account as they see it and change it themselves: how safe it is, what happened, password, recovery codes,
 * language. Must stay true: a new password ends every other session and every remembered browser.
 */

import { AppError } from "#core/errors.ts";
import { findFault, type PasswordFault } from "#core/password-rule.ts";
import { protectionOf } from "#core/protection.ts";
import { results, type ResultCode } from "#core/results.ts";
import { readPersonById, saveLanguage, savePasswordHash } from "#store/people.ts";
import { changed } from "./change.ts";
import type { Deps } from "./deps.ts";
import { allBut } from "./me-access.ts";
import { listOwnMethods, type By } from "./me-methods.ts";
import { checkPassword, newPasswordHash } from "./passwords.ts";
import { describePin } from "./pins.ts";
import { newSheet, saveSheet } from "./recovery-sheet.ts";
import { listLog, type LogRecord } from "./records.ts";
import { methodsOff } from "./rules.ts";
import { signOutAndForget, type Session } from "./sessions.ts";

export async function describeAccount(deps: Deps, session: Session) {
  const own = await listOwnMethods(deps, session.userId);
  const ready = own.filter(({ state }) => state === "ready" || state === "locked");
  const codesLeft = ready.find(({ kind }) => kind === "recovery")?.codesLeft ?? 0;
  const settings = deps.settings.values();
  const { username, displayName, language } = session;
  return {
    username,
    displayName,
    language,
    ...protectionOf({ kinds: ready.map(({ kind }) => kind), codesLeft }),
    codesLeft,
    mayMakeCodes: !methodsOff(settings).has("recovery"),
    pin: await describePin(deps, session.userId),
    hasPassword: (await loadSelf(deps, session)).hasPassword,
    organisation: settings["organisation.name"],
    support: {
      name: settings["support.name"],
      phone: settings["support.phone"],
      email: settings["support.email"],
      hours: settings["support.hours"],
    },
  };
}

/** As deciding about them sees them. Their password is kept here unless a directory has it. */
async function loadSelf(deps: Deps, { userId }: Session) {
  const person = await readPersonById(deps.db, userId);
  if (!person) throw new AppError("not_found");
  return { ...person, hasPassword: person.directoryId === null && person.passwordHash !== null };
}

/** A question is no event; what came of it is. */
const unfinished = Object.entries(results).flatMap(([code, { authenticated }]) =>
  authenticated === "pending" ? [code] : [],
);
const historyPage = 20;

export type SignIn = Pick<LogRecord, "id" | "at" | "application" | "applicationId" | "method" | "authenticated"> & {
  result: ResultCode;
  clientIp: string | null;
};

/** Sign-ins and what looked like one, newest first. */
export async function listOwnSignIns(deps: Deps, { userId }: Session, after: string | undefined) {
  const query = { user: userId, kind: "authentication", except: unfinished, after, limit: historyPage };
  const { records, next } = await listLog(deps, query);
  const signIns = records.map(
    ({ id, at, application, applicationId, method, authenticated, result, personal }): SignIn => ({
      id,
      at,
      application,
      applicationId,
      method,
      authenticated,
      result: result as ResultCode,
      clientIp: personal?.["clientIp"] ?? null,
    }),
  );
  return { signIns, next: next ?? null };
}

export async function setLanguage(deps: Deps, { userId, username }: Session, language: string): Promise<void> {
  await changed(deps, `person:${userId}`, async (run) => {
    await saveLanguage(run, { id: userId, language });
    return { value: undefined, result: "LANGUAGE_CHANGED", userId, detail: { language }, personal: { username } };
  });
}

export type PasswordRefusal = PasswordFault | "wrong_password" | "throttled" | "unavailable" | "no_password";

type NewPassword = { current: string; next: string };

export async function changeOwnPassword(
  deps: Deps,
  { session, clientIp }: By,
  { current, next }: NewPassword,
): Promise<PasswordRefusal | undefined> {
  const { userId, username } = session;
  const person = await loadSelf(deps, session);
  if (!person.hasPassword) return "no_password";
  const verdict = await checkPassword(deps, { person, username, password: current, source: clientIp });
  if (verdict === "throttled" || verdict === "unavailable") return verdict;
  if (verdict !== "right") return "wrong_password";
  const fault = findFault(next, { username });
  if (fault) return fault;
  const hash = await newPasswordHash(deps, next);
  await changed(deps, `person:${userId}`, async (run) => {
    if (!(await savePasswordHash(run, { id: userId, hash, expired: false }))) throw new AppError("not_found");
    const detail = await signOutAndForget(deps, run, allBut(session));
    return {
      value: undefined,
      result: "PASSWORD_SET",
      userId,
      detail,
      personal: { username },
      notice: { kind: "password_changed", from: clientIp },
    };
  });
  return undefined;
}

/** A new sheet, for its owner's page alone and this once; the old one is void. */
export async function renewRecoveryCodes(deps: Deps, { session, clientIp }: By): Promise<string[]> {
  const { userId, username } = session;
  if (methodsOff(deps.settings.values()).has("recovery")) throw new AppError("forbidden");
  const { codes, row } = newSheet(deps, userId);
  await changed(deps, `person:${userId}`, async (run) => {
    await saveSheet(run, row);
    return {
      value: undefined,
      result: "RECOVERY_CODES_MADE",
      userId,
      detail: { factor: row.id },
      personal: { username },
      notice: { kind: "recovery_codes_made", from: clientIp },
    };
  });
  return codes;
}
