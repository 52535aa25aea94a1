/** Before anything is kept for whoever asks: not more than one address can need (core/crowd.ts). */

import type { FastifyInstance, FastifyRequest } from "fastify";
import { newCrowd } from "#core/crowd.ts";
import type { Deps } from "#actions/deps.ts";
import { serverPagePolicy } from "../http/headers.ts";
import type { Cookies } from "./cookies.ts";
import { sendErrorPage } from "./errors.ts";
import { lookOf } from "./look.ts";

type Around = { deps: Deps; cookies: Cookies };

/** To be called once the scope reads cookies, which the page's language stands in. */
export function limitCrowd(scope: FastifyInstance, around: Around, counts: (request: FastifyRequest) => boolean): void {
  const allow = newCrowd();
  scope.addHook("onRequest", async (request, reply) => {
    const at = around.deps.clock.now();
    if (!counts(request) || allow(request.clientIp, at)) return undefined;
    void reply.header("content-security-policy", serverPagePolicy([])).header("retry-after", "10");
    return sendErrorPage({ deps: around.deps, request, reply, look: lookOf(around, request) }, "too_many_requests", {
      at,
    });
  });
}
