import { AppError } from "#core/errors.ts";
import { claimRequest, dropClaim, saveResponse } from "#store/api-requests.ts";
import type { Deps } from "./deps.ts";

/**
 * a request that is sent again under its idempotency key gets the answer of the first, on any node. Must stay true:
 * the work is done once however many ask at once; what could not be answered may be tried again. An answer may hold a secret
 * that is shown once, so it is kept sealed.
 */

export type Reply = { status: number; body: string };
export type Idempotent = {
  /** whose: an API key's id */
  owner: string;
  key: string;
  /** all of the request that must be the same */
  request: string;
  /** whether an answer is for good */
  final: (reply: Reply) => boolean;
};

const rememberMs = 24 * 3_600_000;
/** A node that dies over a request gives it free after this. */
const leaseMs = 60_000;

export async function once(
  deps: Deps,
  { owner, key, request, final }: Idempotent,
  work: () => Promise<Reply>,
): Promise<Reply | "under way"> {
  const id = `idem ${owner} ${key}`;
  const now = deps.clock.now();
  // under a key of ours: the body may hold a password or a code, which its plain hash would let a reader guess
  const bodyHash = deps.keys.mac("api", `request\0${request}`).toString("base64url");
  const held = { id, leaseUntil: now + leaseMs };
  const claim = await claimRequest(deps.db, { ...held, bodyHash, now });
  if (claim !== "mine") {
    if (claim.bodyHash !== bodyHash) throw new AppError("conflict", "Idempotency-Key: was used for another request");
    return claim.response === null ? "under way" : opened(deps, id, claim.response);
  }
  let reply: Reply | undefined;
  try {
    reply = await work();
    return reply;
  } finally {
    if (reply && final(reply))
      await saveResponse(deps.db, { ...held, response: closed(deps, id, reply), expiresAt: now + rememberMs });
    else await dropClaim(deps.db, held);
  }
}

const placeOf = (id: string) => ({ table: "api_request", column: "response", row: id });
const closed = (deps: Deps, id: string, reply: Reply): string =>
  deps.keys.seal("api", Buffer.from(JSON.stringify(reply)), placeOf(id)).toString("base64url");
const opened = (deps: Deps, id: string, response: string): Reply =>
  JSON.parse(deps.keys.unseal("api", Buffer.from(response, "base64url"), placeOf(id)).toString()) as Reply;
