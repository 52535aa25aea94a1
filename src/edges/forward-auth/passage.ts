/**
 * From a protected site to the sign-in and back: site → `/forward-auth/start` here → sign-in, where it is needed → the site's
 * callback with a ticket → its cookie. Must stay true: nobody is sent anywhere but to a registered site; a
 * ticket is taken once, within seconds, by the browser that set out, so nobody can be signed in as somebody else.
 */

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { readForwarded, readPath, readReturn, type ForwardedRequest } from "#core/forwarded-request.ts";
import { satisfies } from "#core/strength.ts";
import { issueTicket, needAt, redeemTicket, siteOf } from "#actions/forward-auth.ts";
import { findSession, newToken, tokenHash } from "#actions/sessions.ts";
import { startSignIn } from "#actions/sign-in.ts";
import type { Site } from "#actions/sites.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { isNavigation } from "./question.ts";
import type { Around, Pages } from "./routes.ts";

type Exchange = { request: FastifyRequest; reply: FastifyReply };

/** A longer address is forgotten: encoded once more it might not fit into a header. */
const longestTarget = 2048;
const originOf = ({ scheme, host }: Pick<ForwardedRequest, "scheme" | "host">) => `${scheme}://${host}`;

/** Here the request itself is the one in question: Caddy and Traefik add only scheme and host. */
async function siteAsked({ deps, gate }: Around, { headers, method, url }: FastifyRequest) {
  const own = headers["x-original-url"] === undefined && { "x-forwarded-method": method, "x-forwarded-uri": url };
  const asked = readForwarded({ ...headers, ...own });
  const site = asked && isNavigation(headers) ? await siteOf(deps, gate.publicUrl, asked) : undefined;
  return site && { asked: asked!, site };
}

/** At the site: remember this browser, and go to our own pages. */
export async function leaveSite(around: Around, { request, reply }: Exchange): Promise<FastifyReply> {
  const found = await siteAsked(around, request);
  if (!found) return reply.code(403).send();
  const { asked } = found;
  const { rd } = request.query as { rd?: unknown };
  const wanted = typeof rd === "string" && rd.length <= longestTarget && readPath(rd) !== undefined ? rd : "/";
  let state = readCookie(request, "state", asked);
  if (state === undefined) {
    state = newToken(around.deps);
    writeCookie(reply, "state", { ...asked, value: state });
  }
  const query = new URLSearchParams({ rd: `${originOf(asked)}${wanted}`, state: tokenHash(state) });
  return reply.redirect(new URL(`/forward-auth/start?${query.toString()}`, around.gate.publicUrl).href, 303);
}

const startQuery = z.strictObject({ rd: z.string().max(3000), state: z.string().regex(/^[\w-]{43}$/) });

/** At our own pages: sign in as the site asks for, then back with a ticket. */
export async function passThrough(around: Around, pages: Pages, exchange: Exchange): Promise<FastifyReply> {
  const { request, reply } = exchange;
  const { deps, gate } = around;
  const { cookies } = pages;
  const query = startQuery.safeParse(request.query);
  const asked = query.success && isNavigation(request.headers) ? readReturn(query.data.rd) : undefined;
  const site = asked && (await siteOf(deps, gate.publicUrl, asked));
  if (!query.success || !site) return pages.fail(exchange, "application_unknown");
  const { need, mayEnter } = needAt(site, asked);
  const session = await findSession(deps, cookies.read(request, "session"));
  if (!session || !satisfies(session, need)) {
    const { path } = await startSignIn(deps, {
      browser: cookies.browser(request, reply),
      session,
      application: { id: site.id, name: site.name },
      need,
      targets: [originOf(asked)],
      returnTo: `/forward-auth/start?${new URLSearchParams(query.data).toString()}`,
    });
    return reply.redirect(path, 303);
  }
  if (!mayEnter(session)) return pages.fail(exchange, "not_in_groups");
  const ticket = await issueTicket(deps, { site, session, stateHash: query.data.state, returnTo: asked.target });
  // in the address, as an authorization code is: useless without the cookie at the site, and after its one use
  return reply.redirect(`${originOf(asked)}/.countersign/callback?ticket=${ticket}`, 303);
}

/** At the site again: the ticket becomes the site's cookie. */
export async function enterSite(around: Around, { request, reply }: Exchange): Promise<FastifyReply> {
  const found = await siteAsked(around, request);
  if (!found) return reply.code(403).send();
  const { asked, site } = found;
  const entered = await redeem(around, { request, asked, site });
  if (!entered) return reply.redirect(new URL("/forward-auth/failed", around.gate.publicUrl).href, 303);
  writeCookie(reply, "site", { ...asked, value: entered.token });
  return reply.redirect(`${originOf(asked)}${entered.returnTo}`, 303);
}

type Callback = { request: FastifyRequest; asked: ForwardedRequest; site: Site };

async function redeem({ deps }: Around, { request, asked, site }: Callback) {
  const { ticket } = request.query as { ticket?: unknown };
  const state = readCookie(request, "state", asked);
  if (typeof ticket !== "string" || state === undefined) return undefined;
  return await redeemTicket(deps, { site, ticket, state });
}
