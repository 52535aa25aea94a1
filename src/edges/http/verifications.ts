/**
 * The verification routes: a signed request in, one call of the engine, a signed verdict out. Must stay true: nothing here
 * tells an unknown person from a wrong code.
 */

import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { ApiKey } from "#actions/api-keys.ts";
import { takeVerification, type Verification } from "#actions/verifications.ts";
import type { Source, Verified } from "#actions/asked.ts";
import { begin, respond } from "#actions/verify.ts";
import { AppError } from "#core/errors.ts";
import type { DenyCode, Open } from "#core/outcome.ts";
import { verificationContract as contract, type VerificationBody } from "./contract.ts";
import { answered, send, type Api, type Told } from "./keyed.ts";
import { sendProblem } from "./problem.ts";
import { signVerdict } from "./verdict.ts";

export function verificationRoutes(app: FastifyInstance, api: Api): void {
  const { deps } = api;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  typed.route({
    ...contract.begin,
    handler: async (request, reply) => {
      const { username, password, code, method, clientIp, nonce } = request.body;
      const { application } = request.from.key;
      // Or the integration would believe that we had looked at it.
      if (password !== undefined && application.firstFactor === "none")
        throw new AppError("invalid", "password: this key's application checks passwords itself");
      const source: Source = { protocol: "rest", clientIp };
      return await answered(deps, { request, reply }, async () => {
        const outcome = await begin(deps, { application, username, password, code, method, source });
        return told(api, request.from.key, { outcome, nonce, sub: username });
      });
    },
  });
  typed.route({
    ...contract.answer,
    handler: async (request, reply) => {
      const { username, response, nonce } = request.body;
      const { id } = request.params;
      const { application } = request.from.key;
      return await answered(deps, { request, reply }, async () => {
        const source: Source = { protocol: "rest" };
        const outcome = await respond(deps, { application, username, challengeId: id, response, source });
        return told(api, request.from.key, { outcome, nonce, sub: username, challengeId: id });
      });
    },
  });
  typed.route({
    ...contract.read,
    handler: async (request, reply) => {
      const { wait = "0s", username, nonce } = request.query;
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const found = await takeVerification(deps, request.from.key.application, {
        id: request.params.id,
        username,
        waitMs: Number.parseInt(wait, 10) * 1000,
        signal: AbortSignal.any([gone.signal, api.stopping]),
      });
      if (!found) return sendProblem(reply, 404);
      return send(reply, standing(api, request.from.key, { found, nonce, username }));
    },
  });
}

/** How each refusal reads: one and the same, but for what another node or a later moment may answer. */
export const refusals: Record<DenyCode, 403 | 503> = {
  unknown_person: 403,
  person_disabled: 403,
  person_blocked: 403,
  number_blocked: 403,
  wrong_password: 403,
  password_expired: 403,
  no_method: 403,
  wrong_code: 403,
  code_duplicate: 403,
  code_old: 403,
  too_many_tries: 403,
  pin_expired: 403,
  declined: 403,
  no_answer: 403,
  unreachable: 403,
  busy: 403,
  expired: 403,
  superseded: 403,
  cancelled: 403,
  foreign_challenge: 403,
  locked_out: 403,
  throttled: 403,
  method_broken: 403,
  unavailable: 503,
};
const statuses = { 200: "allowed", 202: "challenge", 403: "denied", 503: "unavailable" } as const;

type Asked = { nonce: string | undefined; sub: string; challengeId?: string };

function told(api: Api, key: ApiKey, { outcome, ...asked }: Asked & { outcome: Verified }): Told {
  // only a RADIUS packet can be another node's
  if (outcome.kind === "elsewhere") throw new AppError("unavailable");
  const { correlationId } = outcome;
  if (outcome.kind === "allow") return signed(api, key, { ...asked, correlationId, status: 200 });
  if (outcome.kind === "challenge") return signed(api, key, { ...asked, correlationId, status: 202, open: outcome });
  const { code, retry } = outcome;
  return signed(api, key, { ...asked, correlationId, status: refusals[code], ...(retry && { open: retry }) });
}

/** A challenge as it stands. What ended in any other way than an approval that nobody was told of yet is denied. */
function standing(
  api: Api,
  key: ApiKey,
  { found, nonce, username }: { found: Verification; nonce: string | undefined; username: string | undefined },
): Told {
  const { id, state, correlationId } = found;
  const status = ({ pending: 202, approved: 200, denied: 403 } as const)[state];
  return signed(api, key, { nonce, sub: username ?? found.username, challengeId: id, correlationId, status });
}

type Signing = Asked & { correlationId: string; status: keyof typeof statuses; open?: Open };

function signed(api: Api, key: ApiKey, { nonce, sub, challengeId, correlationId, status, open }: Signing): Told {
  const result = statuses[status];
  const id = open?.id ?? challengeId ?? null;
  const verdict = signVerdict(
    {
      iss: api.publicUrl,
      aud: key.id,
      iat: Math.floor(api.deps.clock.now() / 1000),
      nonce: nonce ?? null,
      sub,
      app: key.application.name,
      result,
      challenge: id,
      cid: correlationId,
    },
    key.verdictKey,
  );
  const body: VerificationBody = {
    id,
    status: result,
    correlationId,
    ...(open && result === "denied" && { retry: true }),
    ...(open && { prompt: open.prompt, expiresAt: open.expiresAt }),
    verdict,
  };
  return { status, body: JSON.stringify(body), correlationId };
}
