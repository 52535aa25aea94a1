/**
 * An integration's wish that a person registers a method before going on, and where the browser goes after that. Must stay
 * true: a wish never loosens what the help desk has asked for; a browser is sent to our own pages or to an origin
 * that an application is registered with, and nowhere else.
 */

import { AppError } from "#core/errors.ts";
import { readPath, readReturn } from "#core/forwarded-request.ts";
import type { AskableReason, Reason } from "#core/registration.ts";
import { askToRegister, findRegistrant } from "#store/registrations.ts";
import { listRelyingParties } from "#store/relying-parties.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadPerson, nobody } from "./people.ts";

type Wish = { username: string; reason: AskableReason; returnTo?: string | undefined };
export type Registration = { id: string; username: string; pending: boolean; reason: Reason | null; url: string };

const reasonOf = async (deps: Deps, userId: string) => (await findRegistrant(deps.db, userId))?.mustRegister ?? null;

export async function requestRegistration(
  deps: Deps,
  actor: Actor,
  { username, reason, returnTo }: Wish,
): Promise<Registration> {
  if (returnTo !== undefined && !(await findWayBack(deps, returnTo)))
    throw new AppError("invalid", "returnTo: must be a path here, or an address at the origin of an application");
  const person = await loadPerson(deps, username);
  const before = await reasonOf(deps, person.id);
  const stands = before === reason || before === "help_desk" ? before : await ask(deps, actor, { person, reason });
  return registrationOf(deps, { person, reason: stands, returnTo });
}

type Person = { id: string; username: string };

const ask = async (deps: Deps, actor: Actor, { person, reason }: { person: Person; reason: Reason }) =>
  await changed(deps, actor, async (run) => {
    const stands = await askToRegister(run, { userId: person.id, reason });
    if (stands === undefined) throw nobody(person.username);
    const detail = { asked: reason, stands };
    const entry = { result: "REGISTRATION_ASKED_FOR", userId: person.id, detail, personal: about(person) };
    return { value: stands, ...entry };
  });

export async function readRegistration(deps: Deps, username: string): Promise<Registration> {
  const person = await loadPerson(deps, username);
  return registrationOf(deps, { person, reason: await reasonOf(deps, person.id) });
}

type Standing = { person: Person; reason: Reason | null; returnTo?: string | undefined };

function registrationOf(deps: Deps, { person: { id, username }, reason, returnTo }: Standing): Registration {
  const url = new URL("/sign-in", deps.db.node.publicUrl);
  if (returnTo !== undefined) url.searchParams.set("returnTo", returnTo);
  return { id, username, pending: reason !== null, reason, url: url.href };
}

/** Whether the sign-in has to be gone through again although there is a session. */
export const owesRegistration = async (deps: Deps, userId: string): Promise<boolean> =>
  (await reasonOf(deps, userId)) !== null;

/** What the pages must know of where a sign-in leads; undefined when it may not lead there. */
export async function findWayBack(deps: Deps, returnTo: string): Promise<{ targets: string[] } | undefined> {
  if (readPath(returnTo) !== undefined) return { targets: [] };
  const wanted = readReturn(returnTo);
  if (!wanted) return undefined;
  const origin = `${wanted.scheme}://${wanted.host}`;
  const uris = (await listRelyingParties(deps.db)).flatMap(({ redirectUris }) => redirectUris);
  return uris.some((uri) => URL.parse(uri)?.origin === origin) ? { targets: [origin] } : undefined;
}
