/**
 * Protecting web applications behind nginx, Caddy or Traefik (docs/guide/forward-auth.md). Must stay true: what is said
 * about a request is believed only when one of the configured proxies says it, and whatever goes wrong refuses.
 */

import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addressRule } from "#core/api-key.ts";
import type { Deps } from "#actions/deps.ts";
import { openGate, type Gate } from "#actions/forward-auth.ts";
import { newToken } from "#actions/sessions.ts";
import { serverPagePolicy } from "../http/headers.ts";
import { cookiesFor, type Cookies } from "../sign-in/cookies.ts";
import { limitCrowd } from "../sign-in/crowding.ts";
import { sendErrorPage, type PageErrorName } from "../sign-in/errors.ts";
import { lookOf } from "../sign-in/look.ts";
import { enterSite, leaveSite, passThrough } from "./passage.ts";
import { answerProxy, startPath } from "./question.ts";

export type ForwardAuthOptions = {
  publicUrl: string;
  /** addresses and ranges; none: nobody is believed */
  trustedProxies: readonly string[];
  ready: () => boolean;
};
export type Around = { deps: Deps; gate: Gate };
export type Pages = {
  cookies: Cookies;
  fail: (exchange: { request: FastifyRequest; reply: FastifyReply }, name: PageErrorName) => FastifyReply;
};

export function forwardAuthRoutes(app: FastifyInstance, deps: Deps, options: ForwardAuthOptions): void {
  const around: Around = { deps, gate: openGate(deps, options.publicUrl) };
  app.register(async (scope) => proxyRoutes(scope, around, options));
  app.register(async (scope) => {
    await scope.register(cookie);
    ownRoutes(scope, around);
  });
}

/** What a proxy asks, and what it passes on to us of a site's own paths. */
function proxyRoutes(scope: FastifyInstance, around: Around, { trustedProxies, ready }: ForwardAuthOptions): void {
  const { log } = around.deps;
  const isOurs = trustedProxies.length > 0 ? addressRule(trustedProxies) : () => false;
  scope.addHook("onRequest", (request, reply, done) => {
    if (!isOurs(request.socket.remoteAddress ?? "")) {
      log.info("somebody who is no trusted proxy asked about a request", { address: request.socket.remoteAddress });
      reply.code(401).send();
    } else if (ready()) done();
    else reply.code(403).send();
  });
  scope.setErrorHandler((error, request, reply) => {
    const reason = error instanceof Error ? error.message : "unknown";
    log.error("a proxy could not be answered", { correlationId: request.id, reason });
    return reply.code(403).send();
  });
  // the method in question stands in a header; some proxies also ask with it
  const method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  const handler = async (request: FastifyRequest, reply: FastifyReply) => await answerProxy(around, request, reply);
  scope.route({ method, url: "/forward-auth", handler });
  scope.get(startPath, async (request, reply) => await leaveSite(around, { request, reply }));
  scope.get("/.countersign/callback", async (request, reply) => await enterSite(around, { request, reply }));
}

/** What people's browsers and applications ask at our own address. */
function ownRoutes(scope: FastifyInstance, around: Around): void {
  const { deps, gate } = around;
  const cookies = cookiesFor(gate.publicUrl, () => newToken(deps));
  const fail: Pages["fail"] = ({ request, reply }, name) => {
    const look = lookOf({ deps, cookies }, request);
    void reply.header("content-security-policy", serverPagePolicy([]));
    return sendErrorPage({ deps, request, reply, look }, name, { at: deps.clock.now() });
  };
  const pages: Pages = { cookies, fail };
  limitCrowd(scope, { deps, cookies }, ({ routeOptions }) => routeOptions.url === "/forward-auth/start");
  scope.get("/forward-auth/start", async (request, reply) => await passThrough(around, pages, { request, reply }));
  scope.get("/forward-auth/failed", async (request, reply) => pages.fail({ request, reply }, "cookie_missing"));
  scope.get("/forward-auth/jwks.json", (_request, reply) => reply.send(gate.keys));
}
