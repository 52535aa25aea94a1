/** Passkeys as factors, and the challenges that browsers were given for them. */

import type { Db, Run } from "./open.ts";

export type NewPasskey = {
  id: string;
  userId: string;
  name: string;
  /** JSON, see methods/passkey.ts */
  parameters: string;
  signCount: number;
  credentialId: string;
  rpId: string;
  at: number;
};

/** a credential id exists once, over all people; false when it was there. */
export async function insertPasskey(run: Run, one: NewPasskey): Promise<boolean> {
  const inserted = await run(
    `insert into factor (id, user_id, method, name, state, parameters, drift, credential_id, rp_id, created_at)
     values (?, ?, 'passkey', ?, 'active', ?, cast(? as bigint), ?, ?, cast(? as bigint))
     on conflict (credential_id) where credential_id is not null do nothing returning id`,
    [one.id, one.userId, one.name, one.parameters, one.signCount, one.credentialId, one.rpId, one.at],
  );
  return inserted.length > 0;
}

/** what authenticators know a person by, made when there is none; undefined when there is no such person. */
export async function giveWebauthnId(run: Run, { userId, fresh }: { userId: string; fresh: string }) {
  const [row] = await run(
    `update person set webauthn_id = coalesce(webauthn_id, ?) where id = ?
     returning webauthn_id, username, display_name`,
    [fresh, userId],
  );
  return (
    row && {
      webauthnId: row["webauthn_id"] as string,
      username: row["username"] as string,
      displayName: row["display_name"] as string | null,
    }
  );
}

/** Those that are good for a domain. */
const passkeys = (db: Db, rpId: string) =>
  db.q
    .selectFrom("factor")
    .innerJoin("person", "person.id", "factor.user_id")
    .select(["factor.id", "factor.credential_id", "factor.parameters", "factor.drift", "factor.user_id"])
    .select(["person.name_key", "person.webauthn_id"])
    .where("factor.method", "=", "passkey")
    .where("factor.state", "=", "active")
    .where("factor.rp_id", "=", rpId);
type PasskeyRow = Awaited<ReturnType<ReturnType<typeof passkeys>["executeTakeFirstOrThrow"]>>;

const detailsOf = (row: PasskeyRow) => ({
  factorId: row.id,
  credentialId: row.credential_id!,
  parameters: row.parameters,
  signCount: row.drift,
  userId: row.user_id,
  nameKey: row.name_key,
  webauthnId: row.webauthn_id,
});
export type PasskeyDetails = ReturnType<typeof detailsOf>;

export async function findPasskey(
  db: Db,
  { credentialId, rpId }: { credentialId: string; rpId: string },
): Promise<PasskeyDetails | undefined> {
  const row = await passkeys(db, rpId).where("factor.credential_id", "=", credentialId).executeTakeFirst();
  return row && detailsOf(row);
}

export async function listPasskeys(db: Db, { userId, rpId }: { userId: string; rpId: string }) {
  const rows = await passkeys(db, rpId).where("factor.user_id", "=", userId).orderBy("factor.created_at").execute();
  return rows.map(detailsOf);
}

/** The domain of passkeys that count and are not for this one, and how many they are. */
export async function countPasskeysElsewhere(db: Db, rpId: string) {
  return await db.q
    .selectFrom("factor")
    .select((row) => ["rp_id", row.fn.countAll<number>().as("count")])
    .where("method", "=", "passkey")
    .where("state", "=", "active")
    .where("rp_id", "<>", rpId)
    .groupBy("rp_id")
    .executeTakeFirst();
}

/** Only the passkeys of this domain count from now on; says how many do, and how many do not. */
export async function movePasskeys(run: Run, rpId: string): Promise<{ working: number; waiting: number }> {
  const moved = await run(
    `update factor set state = case when rp_id = ? then 'active' else 'orphaned' end
     where method = 'passkey' and state in ('active', 'orphaned') returning state`,
    [rpId],
  );
  const working = moved.filter((row) => row["state"] === "active").length;
  return { working, waiting: moved.length - working };
}

/** Not synced by itself: lost in a crash, it was never begun. */
export async function openCeremony(db: Db, { id, expiresAt }: { id: string; expiresAt: number }): Promise<void> {
  await db.transaction(
    (run) => run("insert into ceremony (id, expires_at) values (?, cast(? as bigint))", [id, expiresAt], "last"),
    { relaxed: true },
  );
}

/** of any number of equal answers, on any node, one takes it. What it proves is made durable by what accepts it. */
export async function takeCeremony(db: Db, { id, now }: { id: string; now: number }): Promise<boolean> {
  const taken = await db.transaction(
    (run) =>
      run("delete from ceremony where id = ? and expires_at > cast(? as bigint) returning id", [id, now], "last"),
    { relaxed: true },
  );
  return taken.length > 0;
}
