/**
 * What integrations sent: nonces and idempotency keys. An id exists once, so the database decides for all nodes which of
 * two equal requests is the first.
 */

import { batched } from "./batch.ts";
import type { Db } from "./open.ts";
import { over } from "./values.ts";

export type Nonce = { id: string; keyId: string; expiresAt: number };

/**
 * Takes nonces, many in one commit; false when one was taken before or its key has been revoked, which so needs no query
 * of its own. Relaxed: a verification's own durable commit follows before any answer, and to read twice harms nobody.
 */
export function nonceBook(db: Db): (nonce: Nonce) => Promise<boolean> {
  const take = async (nonces: Nonce[]) =>
    await db.transaction(
      async (run) => {
        const rows = nonces.map(({ id, keyId, expiresAt }) => [id, keyId, expiresAt]);
        const taken = await over(
          run,
          "id text, key_id text, expires_at bigint",
          rows,
          `insert into api_request (id, expires_at) select v.id, v.expires_at from v
           join api_key k on k.id = v.key_id and k.revoked_at is null where true
           on conflict (id) do nothing returning id`,
        );
        const ids = new Set(taken.map((row) => row["id"]));
        return nonces.map(({ id }) => ids.has(id));
      },
      { relaxed: true },
    );
  return batched(take, ({ id }) => id);
}

export type Claim = { id: string; bodyHash: string; now: number; leaseUntil: number };

/** `mine`: nobody has asked this before, or who did died over it. Otherwise what is known of the first request. */
export async function claimRequest(
  db: Db,
  { id, bodyHash, now, leaseUntil }: Claim,
): Promise<"mine" | { bodyHash: string | null; response: string | null }> {
  return await db.transaction(async (run) => {
    const won = await run(
      `insert into api_request (id, body_hash, expires_at) values (?, ?, cast(? as bigint))
       on conflict (id) do update set body_hash = excluded.body_hash, response = null, expires_at = excluded.expires_at
       where api_request.expires_at <= cast(? as bigint) returning id`,
      [id, bodyHash, leaseUntil, now],
    );
    if (won.length > 0) return "mine";
    const [first] = await run("select body_hash, response from api_request where id = ?", [id]);
    return {
      bodyHash: (first?.["body_hash"] ?? null) as string | null,
      response: (first?.["response"] ?? null) as string | null,
    };
  });
}

/** Whoever took over what was thought dead holds it until another time: a claim is changed by its own holder alone. */
type Held = Pick<Claim, "id" | "leaseUntil">;

/** `response` is sealed. */
export async function saveResponse(
  db: Db,
  { id, leaseUntil, response, expiresAt }: Held & { response: string; expiresAt: number },
): Promise<void> {
  const held = db.q.updateTable("api_request").where("id", "=", id).where("expires_at", "=", leaseUntil);
  await held.set({ response, expires_at: expiresAt }).execute();
}

/** What could not be answered may be asked again. */
export async function dropClaim(db: Db, { id, leaseUntil }: Held): Promise<void> {
  await db.q.deleteFrom("api_request").where("id", "=", id).where("expires_at", "=", leaseUntil).execute();
}
