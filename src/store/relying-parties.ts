import type { Db, Run } from "./open.ts";

/** Applications of OpenID Connect as stored; `options` is the JSON that core/relying-party.ts reads. */
export type RelyingPartyRow = {
  id: string;
  name: string;
  /** null: a public application, which can keep no secret */
  secretHash: string | null;
  redirectUris: string[];
  postLogoutUris: string[];
  backchannelLogoutUri: string | null;
  /** whom it is for; none: everybody */
  groups: string[];
  strength: string;
  options: string;
  createdAt: number;
};

const rows = (db: Db) =>
  db.q
    .selectFrom("relying_party")
    .select(["id", "name", "secret_hash", "redirect_uris", "post_logout_uris", "backchannel_logout_uri"])
    .select(["groups", "strength", "options", "created_at"]);
type Found = Awaited<ReturnType<ReturnType<typeof rows>["executeTakeFirstOrThrow"]>>;

const rowOf = (row: Found): RelyingPartyRow => ({
  id: row.id,
  name: row.name,
  secretHash: row.secret_hash,
  redirectUris: JSON.parse(row.redirect_uris) as string[],
  postLogoutUris: JSON.parse(row.post_logout_uris) as string[],
  backchannelLogoutUri: row.backchannel_logout_uri,
  groups: JSON.parse(row.groups) as string[],
  strength: row.strength,
  options: row.options,
  createdAt: row.created_at,
});

export async function listRelyingParties(db: Db): Promise<RelyingPartyRow[]> {
  return (await rows(db).orderBy("name").execute()).map(rowOf);
}

export async function findRelyingParty(db: Db, by: { id: string } | { name: string }) {
  const query = "id" in by ? rows(db).where("id", "=", by.id) : rows(db).where("name", "=", by.name);
  const row = await query.executeTakeFirst();
  return row && rowOf(row);
}

/** The same within a transaction, for who is about to change it. */
export async function readRelyingParty(run: Run, name: string): Promise<RelyingPartyRow | undefined> {
  const [row] = await run(
    `select id, name, secret_hash, redirect_uris, post_logout_uris, backchannel_logout_uri, groups, strength, options, created_at
     from relying_party where name = ?`,
    [name],
  );
  return row && rowOf(row as Found);
}

const written = (row: RelyingPartyRow) => [
  row.secretHash,
  JSON.stringify(row.redirectUris),
  JSON.stringify(row.postLogoutUris),
  row.backchannelLogoutUri,
  JSON.stringify(row.groups),
  row.strength,
  row.options,
];

/** Says whether the name was free. */
export async function insertRelyingParty(run: Run, row: RelyingPartyRow): Promise<boolean> {
  const saved = await run(
    `insert into relying_party (secret_hash, redirect_uris, post_logout_uris, backchannel_logout_uri, groups, strength, options,
       id, name, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, cast(? as bigint)) on conflict (name) do nothing returning id`,
    [...written(row), row.id, row.name, row.createdAt],
  );
  return saved.length > 0;
}

export async function updateRelyingParty(run: Run, row: RelyingPartyRow): Promise<boolean> {
  const saved = await run(
    `update relying_party set secret_hash = ?, redirect_uris = ?, post_logout_uris = ?, backchannel_logout_uri = ?, groups = ?,
       strength = ?, options = ? where id = ? returning id`,
    [...written(row), row.id],
  );
  return saved.length > 0;
}

export async function deleteRelyingParty(run: Run, name: string): Promise<string | undefined> {
  const gone = await run("delete from relying_party where name = ? returning id", [name]);
  return gone[0]?.["id"] as string | undefined;
}
