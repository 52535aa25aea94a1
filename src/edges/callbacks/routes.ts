/**
 * Where carriers report: /callbacks/<gateway>. Must stay true: the body goes to its check as it came, under our public address
 * whatever stands in front of us; whoever is not the carrier hears nothing but 403.
 */

import type { FastifyInstance } from "fastify";
import { takeCallback, type Outcome } from "#actions/callbacks.ts";
import type { Deps } from "#actions/deps.ts";

export type CallbackCounts = Partial<Record<Outcome, number>>;

export function callbackRoutes(app: FastifyInstance, deps: Deps, { counts }: { counts: CallbackCounts }): void {
  const { origin } = new URL(deps.db.node.publicUrl);
  app.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, parsed) => parsed(null, body));
    own.post<{ Params: { gateway: string } }>("/callbacks/:gateway", async (request, reply) => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(", ")]);
      const { outcome, answer } = await takeCallback(deps, request.params.gateway, {
        method: "POST",
        url: `${origin}${request.raw.url}`,
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: request.body instanceof Buffer ? request.body : Buffer.alloc(0),
        clientIp: request.clientIp,
      });
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      return reply.code(answer.status).type(answer.type).send(answer.body);
    });
  });
}
