/**
 * Whether a browser's session does for what an application asks, and what the application is told. Must stay true: the session
 * is looked at anew for every request, and nothing that the browser or the application says is taken for it.
 */

import { acrOf, multipleauthn, strengthAsked, type AcrRequest } from "#core/acr.ts";
import { amrOf, authTimeOf, satisfies, stronger, strengthOf, type Need } from "#core/strength.ts";
import { findPersonById } from "#store/people.ts";
import { findApplication, type RelyingParty } from "./applications.ts";
import type { Deps } from "./deps.ts";
import { findSession, type Session } from "./sessions.ts";

export type Asked = {
  acr: readonly AcrRequest[];
  maxAgeMs: number | undefined;
  /** prompt=login: whatever was proven before this request does not count */
  anew: boolean;
  /** who it has to be, if the application says so */
  userId: string | undefined;
  /** epoch ms: when this request first led to the sign-in pages */
  since: number | undefined;
};
export type Verdict =
  | { kind: "in"; session: Session; acr: string; amr: string[]; authTime: number }
  | { kind: "sign-in"; session: Session | undefined; need: Need }
  | { kind: "refused"; reason: "unmet" | "somebody_else" | "not_in_groups" };

export async function judge(
  deps: Deps,
  application: RelyingParty,
  { token, asked }: { token: string | undefined; asked: Asked },
): Promise<Verdict> {
  const strength = strengthAsked(asked.acr);
  if (strength === undefined) return { kind: "refused", reason: "unmet" };
  const session = await findSession(deps, token);
  const isOther = session !== undefined && asked.userId !== undefined && session.userId !== asked.userId;
  const need: Need = {
    strength: stronger(application.strength, strength),
    notBefore: notBefore(deps.clock.now(), { ...asked, anew: asked.anew || isOther }),
    explicit: asked.acr.length > 0,
  };
  // before its sign-in pages a request for a new sign-in is met by nothing, not even by what was proven this instant
  const mustAsk = (asked.anew || isOther) && asked.since === undefined;
  if (!session || mustAsk || !satisfies(session, need)) return { kind: "sign-in", session, need };
  if (isOther) return { kind: "refused", reason: "somebody_else" };
  if (!isFor(application, session)) return { kind: "refused", reason: "not_in_groups" };
  return { kind: "in", session, ...told(application, { session, acr: asked.acr }) };
}

/** What the application is told of it. */
function told(application: RelyingParty, { session, acr }: { session: Session; acr: Asked["acr"] }) {
  const inMicrosoftsWord = application.multipleauthn && strengthOf(session) !== "password";
  const amr = [...amrOf(session), ...(inMicrosoftsWord ? [multipleauthn] : [])];
  return { acr: acrOf(session, acr), amr, authTime: authTimeOf(session) };
}

function notBefore(now: number, { anew, maxAgeMs, since }: Asked): number {
  const begun = since ?? now;
  if (anew) return begun;
  // who signed in for this very request has not been away too long, however slow they were
  return maxAgeMs === undefined ? 0 : Math.min(now - maxAgeMs, begun);
}

const isFor = ({ groups }: RelyingParty, person: { groups: string[] }) =>
  groups.length === 0 || person.groups.some((group) => groups.includes(group));

/** the person by the id that is theirs alone; undefined when they may not sign in (here) any more. */
export async function loadSubject(
  deps: Deps,
  { userId, clientId }: { userId: string; clientId: string | undefined },
): Promise<Record<string, string | string[]> | undefined> {
  const person = await findPersonById(deps.db, userId);
  const application = clientId === undefined ? undefined : await findApplication(deps, clientId);
  const barred = person?.state === "disabled" || (person?.blockedUntil ?? 0) > deps.clock.now();
  if (!person || barred || (application && !isFor(application, person))) return undefined;
  const { username, displayName, firstName, lastName, language, email, groups } = person;
  const claims = {
    sub: userId,
    preferred_username: username,
    name: displayName ?? username,
    given_name: firstName,
    family_name: lastName,
    locale: language,
    email,
    groups,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null)) as Record<string, string>;
}
