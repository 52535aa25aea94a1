/**
 * Routes for integrations: whose request it is, whether its key may ask for that, and that it is carried out once. Must stay
 * true: nothing of a request is looked at before its signature held, and nothing is looked up for a key without the scope.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { mayUse, type Authenticated, type Authenticator, type Claimed } from "#actions/api-keys.ts";
import type { Actor } from "#actions/change.ts";
import type { Deps } from "#actions/deps.ts";
import { once, type Reply } from "#actions/idempotency.ts";
import type { ApiScope } from "#core/api-key.ts";
import { AppError } from "#core/errors.ts";
import type { Operation } from "./contract-parts.ts";
import { parseBody } from "./json.ts";
import { sendProblem } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    claimed: Claimed;
    from: Authenticated;
  }
  interface FastifyContextConfig {
    /** what a key must be allowed to do */
    scope?: ApiScope;
  }
}

export type Api = {
  deps: Deps;
  keys: Authenticator;
  /** whom verdicts name as their issuer */
  publicUrl: string;
  /** aborts what waits when the server stops */
  stopping: AbortSignal;
};

const empty = Buffer.alloc(0);

/** The signature covers the bytes, so they are looked at only after it held; the schemas then see what they hold. */
export function authenticateAll(app: FastifyInstance, api: Api): void {
  app.decorateRequest("claimed");
  app.decorateRequest("from");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.addHook("onRequest", async (request, reply) => {
    const { headers, clientIp: address } = request;
    const claimed = await api.keys.claim({ authorization: headers.authorization, address });
    if (!claimed) return sendProblem(reply, 401);
    request.claimed = claimed;
  });
  app.addHook("preValidation", async (request, reply) => {
    const body = request.body instanceof Buffer ? request.body : empty;
    const { method, raw, claimed } = request;
    const from = await api.keys.authenticate(claimed, { method, target: raw.url ?? "", body });
    if (!from) return sendProblem(reply, 401);
    const { config, schema } = request.routeOptions;
    if (!config.scope || !mayUse(from.key, config.scope)) return sendProblem(reply, 403);
    request.from = from;
    if (schema?.body) request.body = parseBody(body);
    else if (body.length > 0) throw new AppError("invalid", "body: is not a field");
  });
}

export type Exchange = { request: FastifyRequest; reply: FastifyReply };
export type Told = Reply & { correlationId: string };

/** The work's answer, or the first one's when the request was sent before. */
export async function answered(
  deps: Deps,
  { request, reply }: Exchange,
  work: () => Promise<Told>,
): Promise<FastifyReply> {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || request.method === "GET") return send(reply, await work());
  const { from, raw } = request;
  const outcome = await once(
    deps,
    {
      owner: from.key.id,
      key,
      request: `${raw.method} ${raw.url} ${from.bodySha256}`,
      final: ({ status }) => status < 500,
    },
    work,
  );
  if (outcome === "under way")
    return sendProblem(reply, 409, "The first request with this Idempotency-Key is under way.");
  return send(reply, outcome as Told);
}

export function send(reply: FastifyReply, { status, body, correlationId }: Told): FastifyReply {
  return reply
    .code(status)
    .header("x-correlation-id", correlationId)
    .type("application/json; charset=utf-8")
    .send(body);
}

type InputOf<One> =
  One extends Operation<infer Params, infer Body, z.ZodType, infer Query>
    ? z.output<Params> & z.output<Query> & z.output<Body>
    : never;
type AnswerOf<One> = One extends {
  schema: { response: { 200: { content: { "application/json": { schema: infer A } } } } };
}
  ? z.output<A>
  : never;
/** What carries out the operations of one part of the contract: path, query and body in, the answer out. */
export type Acts<Contract> = {
  [Name in keyof Contract]: (
    deps: Deps,
    actor: Actor,
    input: InputOf<Contract[Name]>,
  ) => Promise<AnswerOf<Contract[Name]>>;
};

export function carryOut<Contract extends Record<string, Operation>>(
  app: FastifyInstance,
  { deps }: Api,
  { contract, acts }: { contract: Contract; acts: Acts<Contract> },
): void {
  for (const [name, operation] of Object.entries(contract)) {
    const act = (acts as unknown as Record<string, Acts<Record<string, Operation>>[string]>)[name]!;
    app.route({
      ...operation,
      handler: async (request, reply) =>
        await answered(deps, { request, reply }, async () => {
          const input = {
            ...(request.params as object),
            ...(request.query as object),
            ...(request.body as object | undefined),
          };
          const answer = await act(deps, `key:${request.from.key.id}`, input);
          return { status: 200, body: JSON.stringify(answer), correlationId: request.id };
        }),
    });
  }
}
