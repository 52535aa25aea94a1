import type { Db } from "./open.ts";

/** Signing keys as stored, newest first. */
export type OidcKeyRow = {
  id: string;
  alg: string;
  version: number;
  sealedJwk: Uint8Array;
  signsFrom: number;
};

export async function listOidcKeys(db: Db): Promise<OidcKeyRow[]> {
  const rows = await db.q
    .selectFrom("oidc_key")
    .select(["id", "alg", "version", "sealed_jwk", "signs_from"])
    .orderBy("version", "desc")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    alg: row.alg,
    version: row.version,
    sealedJwk: row.sealed_jwk,
    signsFrom: row.signs_from,
  }));
}

/** Whether this version was free: of nodes that make the same at once, one does. */
export async function insertOidcKey(db: Db, row: OidcKeyRow, now: number): Promise<boolean> {
  const inserted = await db.transaction((run) =>
    run(
      `insert into oidc_key (id, alg, version, sealed_jwk, signs_from, created_at)
       values (?, ?, cast(? as bigint), cast(? as blob), cast(? as bigint), cast(? as bigint))
       on conflict (alg, version) do nothing returning id`,
      [row.id, row.alg, row.version, row.sealedJwk, row.signsFrom, now],
    ),
  );
  return inserted.length > 0;
}

export async function dropOidcKey(db: Db, id: string): Promise<void> {
  await db.q.deleteFrom("oidc_key").where("id", "=", id).execute();
}
