/**
 * Who gets to the routes of a person's own account: a browser's session and nothing else. Must stay true: what changes
 * something came from a page of that very session, and its person has verified just now.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { findOwn, isConfirmed, isCsrf, startConfirming } from "#actions/me-access.ts";
import type { Session } from "#actions/sessions.ts";
import { isOwn } from "../http/own-origin.ts";
import type { Cookies } from "../sign-in/cookies.ts";
import { problemTypes, type OwnProblem } from "./shapes.ts";

declare module "fastify" {
  interface FastifyRequest {
    me: Session;
  }
  interface FastifyContextConfig {
    /** the section of the page to come back to after verifying */
    confirmed?: string;
    /** the method named in the path cannot be asked for */
    lost?: boolean;
  }
}

export type Own = { deps: Deps; cookies: Cookies; publicUrl: string };

const titles: Record<number, string> = {
  400: "That cannot be done like this",
  401: "Sign in first",
  403: "The request is not from a page of this session",
  409: "It cannot be done as things stand",
  429: "Too many tries; wait a little",
  503: "It cannot be checked now; try again later",
};

export function refuse(
  reply: FastifyReply,
  status: number,
  more: Pick<OwnProblem, "reason" | "location"> = {},
): FastifyReply {
  const type = more.location === undefined ? problemTypes.plain : problemTypes.confirm;
  const title = more.location === undefined ? titles[status]! : "Verify that it is you first";
  const body: OwnProblem = { type, title, status, correlationId: reply.request.id, ...more };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

export const sectionPath = (section: string): string => `/account#${section}`;

export function guardAll(scope: FastifyInstance, own: Own): void {
  scope.decorateRequest("me");
  scope.addHook("onRequest", async (request, reply) => {
    const { deps, cookies, publicUrl } = own;
    // a key's signature is no person
    const keyed = request.headers.authorization !== undefined;
    const session = keyed ? undefined : await findOwn(deps, cookies.read(request, "session"));
    if (!session) return refuse(reply, 401);
    request.me = session;
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    if (!isOwn(request, publicUrl) || !isCsrf(deps, session, request.headers["x-countersign-csrf"]))
      return refuse(reply, 403);
    return await confirmFirst(own, request, reply);
  });
}

async function confirmFirst({ deps, cookies }: Own, request: FastifyRequest, reply: FastifyReply) {
  const { confirmed, lost } = request.routeOptions.config;
  if (confirmed === undefined) return undefined;
  const asking = { lost: lost === true ? (request.params as { id: string }).id : undefined };
  const session = request.me;
  if (await isConfirmed(deps, session, asking)) return undefined;
  const browser = cookies.browser(request, reply);
  const { path } = await startConfirming(deps, { session, browser, returnTo: sectionPath(confirmed), ...asking });
  return refuse(reply, 401, { location: path });
}
