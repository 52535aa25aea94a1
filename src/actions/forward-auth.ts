/**
 * What a proxy is told about a request, and how a person's session reaches a protected site. Must stay true: nothing is
 * remembered between two requests, so that what ends a session, a site or a membership ends it with the next request; and
 * a site's cookie points to a session but is none: it is good at that site only.
 */

import { guardsOf, mayEnter, strengthFor } from "#core/forward-rules.ts";
import { hostName, type ForwardedRequest } from "#core/forwarded-request.ts";
import { signingKey, siteToken, type SigningKey } from "#core/site-token.ts";
import { amrOf, authTimeOf, satisfies, strengthOf, type Need, type Strength } from "#core/strength.ts";
import { exchangeTicket, insertTicket, readSiteSession, touchSiteSession } from "#store/site-sessions.ts";
import type { Deps } from "./deps.ts";
import { findSessionById, newToken, tokenHash, type Session } from "./sessions.ts";
import { findSite, type Site } from "./sites.ts";

const minute = 60_000;
const ticketMs = 30_000;
/** */
const idleMs = 60 * minute;
const touchMs = minute;

export type Gate = {
  publicUrl: string;
  /** a token for the application behind the proxy, and the keys that check it */
  tokenFor: (session: Session, host: string) => string;
  keys: object;
};

export function openGate(deps: Deps, publicUrl: string): Gate {
  const key: SigningKey = signingKey(deps.keys.mac("site", "ES256"));
  const tokenFor = (session: Session, host: string) =>
    siteToken(key, { issuer: publicUrl, host, now: deps.clock.now(), about: claimsOf(session) });
  return { publicUrl, tokenFor, keys: { keys: [key.public] } };
}

/** Our own word for a strength where others read it. */
export const acrOf = (strength: Strength): string => `urn:countersign:${strength}`;

const claimsOf = (session: Session) => ({
  sub: session.userId,
  preferred_username: session.username,
  ...(session.displayName && { name: session.displayName }),
  ...(session.email && { email: session.email }),
  groups: session.groups,
  acr: acrOf(strengthOf(session)),
  amr: amrOf(session),
  auth_time: Math.floor(authTimeOf(session) / 1000),
});

export type Admission =
  | { verdict: "public" }
  | { verdict: "refused" }
  | { verdict: "sign-in"; need: Need; known: boolean }
  | { verdict: "no-member" | "in"; session: Session };

/** Whether a request may pass; `token` is what the site's cookie holds. */
export async function admit(
  deps: Deps,
  { publicUrl }: Gate,
  { request, token }: { request: ForwardedRequest; token: string | undefined },
): Promise<Admission> {
  const site = await siteOf(deps, publicUrl, request);
  const guards = site && guardsOf(site.rules, request);
  if (!site || !guards) return { verdict: "refused" };
  if (guards.length === 0) return { verdict: "public" };
  const need = { strength: strengthFor(guards), notBefore: 0 };
  const session = await sessionAt(deps, site, token);
  if (!session || !satisfies(session, need)) return { verdict: "sign-in", need, known: session !== undefined };
  return { verdict: mayEnter(guards, session.groups) ? "in" : "no-member", session };
}

/** Cookies know no ports: a site at our own name would be sent the cookies of our pages. */
export async function siteOf(
  deps: Deps,
  publicUrl: string,
  { host }: Pick<ForwardedRequest, "host">,
): Promise<Site | undefined> {
  return hostName(host) === new URL(publicUrl).hostname ? undefined : await findSite(deps, host);
}

async function sessionAt(deps: Deps, site: Site, token: string | undefined): Promise<Session | undefined> {
  if (token === undefined || token.length > 100) return undefined;
  const now = deps.clock.now();
  const hash = tokenHash(token);
  const pointer = await readSiteSession(deps.db, { tokenHash: hash, siteId: site.id, now });
  if (!pointer) return undefined;
  if (pointer.seenAt < now - touchMs)
    await touchSiteSession(deps.db, { tokenHash: hash, at: now, expiresAt: now + idleMs });
  return await findSessionById(deps, pointer.sessionId);
}

/** What the site asks of whoever goes to this address: the strength to sign in with, and whether they belong there. */
export function needAt(site: Site, asked: ForwardedRequest) {
  const guards = guardsOf(site.rules, asked) ?? [];
  return {
    need: { strength: strengthFor(guards), notBefore: 0 } satisfies Need,
    mayEnter: (session: Session) => mayEnter(guards, session.groups),
  };
}

type Passage = { site: Site; session: Session; stateHash: string; returnTo: string };

/** A ticket for the browser that holds the state: it comes back once, within seconds, and is exchanged for a cookie. */
export async function issueTicket(deps: Deps, { site, session, stateHash, returnTo }: Passage): Promise<string> {
  const token = newToken(deps);
  await insertTicket(deps.db, {
    tokenHash: tokenHash(token),
    siteId: site.id,
    sessionId: session.id,
    stateHash,
    returnTo,
    expiresAt: deps.clock.now() + ticketMs,
  });
  return token;
}

/** The site's cookie for a ticket, and where the person wanted to go. */
export async function redeemTicket(
  deps: Deps,
  { site, ticket, state }: { site: Site; ticket: string; state: string },
): Promise<{ token: string; returnTo: string } | undefined> {
  const token = newToken(deps);
  const now = deps.clock.now();
  const returnTo = await exchangeTicket(deps.db, {
    ticketHash: tokenHash(ticket),
    siteId: site.id,
    stateHash: tokenHash(state),
    session: { tokenHash: tokenHash(token), expiresAt: now + idleMs },
    now,
  });
  return returnTo === undefined ? undefined : { token, returnTo };
}
