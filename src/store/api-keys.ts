import type { Db, Run } from "./open.ts";

/** Integrations' keys as stored; `options` is the JSON that core/api-key.ts reads. */
export type ApiKeyRow = {
  id: string;
  name: string;
  sealedSecret: Uint8Array;
  scopes: string[];
  options: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
};

export async function listApiKeyRows(db: Db): Promise<ApiKeyRow[]> {
  const rows = await db.q
    .selectFrom("api_key")
    .select(["id", "name", "sealed_secret", "scopes", "options", "created_at", "expires_at", "revoked_at"])
    .orderBy("name")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    sealedSecret: row.sealed_secret,
    scopes: JSON.parse(row.scopes) as string[],
    options: row.options,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }));
}

/** Says whether the name was free. */
export async function saveApiKey(run: Run, key: ApiKeyRow): Promise<boolean> {
  const { id, name, sealedSecret, scopes, options, createdAt, expiresAt } = key;
  const saved = await run(
    `insert into api_key (id, name, sealed_secret, scopes, options, created_at, expires_at)
     values (?, ?, cast(? as blob), ?, ?, cast(? as bigint), cast(? as bigint)) on conflict (name) do nothing returning id`,
    [id, name, sealedSecret, JSON.stringify(scopes), options, createdAt, expiresAt],
  );
  return saved.length > 0;
}

/** The revoked key's id; undefined when no living key has the name. */
export async function saveRevocation(run: Run, name: string, at: number): Promise<string | undefined> {
  const revoked = await run(
    "update api_key set revoked_at = cast(? as bigint) where name = ? and revoked_at is null returning id",
    [at, name],
  );
  return revoked[0]?.["id"] as string | undefined;
}
