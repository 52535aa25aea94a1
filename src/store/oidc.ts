/**
 * What OpenID Connect keeps between two requests, and what ends with a session. Must stay true: a code or refresh token is
 * taken by one conditional statement, and what ends is gone in the commit that says so.
 */

import type { Db, Row, Run } from "./open.ts";

export type Item = {
  id: string;
  model: string;
  grantId: string | null;
  uid: string | null;
  sealedPayload: Uint8Array;
  consumedAt: number | null;
  expiresAt: number;
};

const columns = "id, model, grant_id, uid, sealed_payload, consumed_at, expires_at";
const itemOf = (row: Row): Item => ({
  id: row["id"] as string,
  model: row["model"] as string,
  grantId: row["grant_id"] as string | null,
  uid: row["uid"] as string | null,
  sealedPayload: row["sealed_payload"] as Uint8Array,
  consumedAt: row["consumed_at"] as number | null,
  expiresAt: row["expires_at"] as number,
});

/** Writes it, or over it; what was taken stays taken. */
export async function saveItem(db: Db, item: Omit<Item, "consumedAt">): Promise<void> {
  await db.transaction((run) =>
    run(
      `insert into oidc_item (id, model, grant_id, uid, sealed_payload, expires_at)
       values (?, ?, ?, ?, cast(? as blob), cast(? as bigint)) on conflict (id) do update set grant_id = excluded.grant_id,
         uid = excluded.uid, sealed_payload = excluded.sealed_payload, expires_at = excluded.expires_at`,
      [item.id, item.model, item.grantId, item.uid, item.sealedPayload, item.expiresAt],
      "last",
    ),
  );
}

export async function findItem(db: Db, by: { id: string } | { uid: string }): Promise<Item | undefined> {
  const query = db.q
    .selectFrom("oidc_item")
    .select(["id", "model", "grant_id", "uid", "sealed_payload", "consumed_at", "expires_at"]);
  const row = await ("id" in by ? query.where("id", "=", by.id) : query.where("uid", "=", by.uid)).executeTakeFirst();
  return row && itemOf(row);
}

/** Whether this caller is the one who took it. */
export async function takeItem(db: Db, { id, at }: { id: string; at: number }): Promise<boolean> {
  const taken = await db.transaction((run) =>
    run(
      "update oidc_item set consumed_at = cast(? as bigint) where id = ? and consumed_at is null returning id",
      [at, id],
      "last",
    ),
  );
  return taken.length > 0;
}

export async function dropItem(db: Db, id: string): Promise<void> {
  await db.q.deleteFrom("oidc_item").where("id", "=", id).execute();
}

/** What of one kind was given under a grant. */
export async function dropGranted(db: Db, { model, grantId }: { model: string; grantId: string }): Promise<void> {
  await db.q.deleteFrom("oidc_item").where("grant_id", "=", grantId).where("model", "=", model).execute();
}

/** A grant and all that was given under it. */
export async function dropGrants(run: Run, grantIds: string[]): Promise<void> {
  for (const grantId of grantIds) await run("delete from oidc_item where grant_id = ?", [grantId]);
}

/** Says whose the protocol's session is now: after a further step the browser's session is a new one. */
export async function linkSession(
  db: Db,
  { uid, sessionId, expiresAt }: { uid: string; sessionId: string; expiresAt: number },
): Promise<void> {
  await db.transaction((run) =>
    run(
      `insert into oidc_session (uid, session_id, expires_at) values (?, ?, cast(? as bigint)) on conflict (uid) do update
         set session_id = excluded.session_id, expires_at = excluded.expires_at`,
      [uid, sessionId, expiresAt],
      "last",
    ),
  );
}

/** The protocol's sessions that belong to these sessions of browsers, taken away. */
export async function takeSessions(run: Run, sessionIds: string[]): Promise<Item[]> {
  const taken: Item[] = [];
  for (const sessionId of sessionIds)
    for (const { uid } of await run("delete from oidc_session where session_id = ? returning uid", [sessionId]))
      taken.push(...(await run(`delete from oidc_item where uid = ? returning ${columns}`, [uid])).map(itemOf));
  return taken;
}

export type Logout = { id: string; clientId: string; userId: string; sid: string; attempts: number };

/** An application that has nothing to be told of is not waited for. */
export async function insertLogout(run: Run, one: Omit<Logout, "attempts">, at: number): Promise<void> {
  await run(
    `insert into oidc_logout (id, client_id, user_id, sid, next_at)
     select cast(? as text), id, cast(? as text), cast(? as text), cast(? as bigint) from relying_party
     where id = ? and backchannel_logout_uri is not null`,
    [one.id, one.userId, one.sid, at, one.clientId],
  );
}

/** Takes what is due for a while; it comes again after that, unless it is dropped. */
export async function takeLogouts(db: Db, { now, againAt }: { now: number; againAt: number }): Promise<Logout[]> {
  const rows = await db.transaction((run) =>
    run(
      `update oidc_logout set attempts = attempts + 1, next_at = cast(? as bigint)
       where next_at <= cast(? as bigint) and id in (select o.id from oidc_logout o where o.next_at <= cast(? as bigint)
         order by o.next_at limit 50)
       returning id, client_id, user_id, sid, attempts`,
      [againAt, now, now],
      "last",
    ),
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    clientId: row["client_id"] as string,
    userId: row["user_id"] as string,
    sid: row["sid"] as string,
    attempts: row["attempts"] as number,
  }));
}

export async function dropLogout(db: Db, id: string): Promise<void> {
  await db.q.deleteFrom("oidc_logout").where("id", "=", id).execute();
}
