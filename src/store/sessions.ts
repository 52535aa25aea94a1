/** Browsers' sessions and remembered devices, by the hash of what their cookie holds. */

import type { Db, Run } from "./open.ts";

export type SessionRow = {
  id: string;
  userId: string;
  username: string;
  displayName: string | null;
  email: string | null;
  groups: string[];
  language: string | null;
  /** JSON */
  proven: string;
  clientIp: string | null;
  userAgent: string | null;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
};
export type NewSession = {
  id: string;
  tokenHash: string;
  userId: string;
  proven: string;
  clientIp: string | null;
  userAgent: string | null;
  at: number;
  expiresAt: number;
};

export async function insertSession(run: Run, one: NewSession): Promise<void> {
  await run(
    `insert into session (id, token_hash, user_id, proven, client_ip, user_agent, created_at, seen_at, expires_at)
     values (?, ?, ?, ?, ?, ?, cast(? as bigint), cast(? as bigint), cast(? as bigint))`,
    [one.id, one.tokenHash, one.userId, one.proven, one.clientIp, one.userAgent, one.at, one.at, one.expiresAt],
  );
}

/** Those of people who may sign in, still alive; sessions of someone disabled or blocked end with the next look. */
const alive = (db: Db, { now, idleMs }: Alive) =>
  db.q
    .selectFrom("session")
    .innerJoin("person", "person.id", "session.user_id")
    .select(["session.id", "session.user_id", "session.proven", "session.client_ip", "session.user_agent"])
    .select(["session.created_at", "session.seen_at", "session.expires_at"])
    .select(["person.username", "person.display_name", "person.email", "person.groups", "person.language"])
    .where("person.state", "<>", "disabled")
    .where("person.blocked_until", "<=", now)
    .where("session.expires_at", ">", now)
    .where("session.seen_at", ">", now - idleMs);
type Alive = { now: number; idleMs: number };
type Found = Awaited<ReturnType<ReturnType<typeof alive>["executeTakeFirstOrThrow"]>>;

const sessionOf = (row: Found): SessionRow => ({
  id: row.id,
  userId: row.user_id,
  username: row.username,
  displayName: row.display_name,
  email: row.email,
  groups: JSON.parse(row.groups) as string[],
  language: row.language,
  proven: row.proven,
  clientIp: row.client_ip,
  userAgent: row.user_agent,
  createdAt: row.created_at,
  seenAt: row.seen_at,
  expiresAt: row.expires_at,
});

export async function readSession(db: Db, tokenHash: string, when: Alive): Promise<SessionRow | undefined> {
  const row = await alive(db, when).where("session.token_hash", "=", tokenHash).executeTakeFirst();
  return row && sessionOf(row);
}

export async function readSessionById(db: Db, id: string, when: Alive): Promise<SessionRow | undefined> {
  const row = await alive(db, when).where("session.id", "=", id).executeTakeFirst();
  return row && sessionOf(row);
}

export async function listSessionRows(db: Db, userId: string, when: Alive): Promise<SessionRow[]> {
  return (
    await alive(db, when).where("session.user_id", "=", userId).orderBy("session.created_at", "desc").execute()
  ).map(sessionOf);
}

/** Whose session it is or was, as long as its row is there. */
export async function findSessionOwner(db: Db, id: string): Promise<{ userId: string; createdAt: number } | undefined> {
  const row = await db.q
    .selectFrom("session")
    .select(["user_id", "created_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row && { userId: row.user_id, createdAt: row.created_at };
}

export async function touchSession(db: Db, { id, at }: { id: string; at: number }): Promise<void> {
  await db.q.updateTable("session").set({ seen_at: at }).where("id", "=", id).where("seen_at", "<", at).execute();
}

/** What was proven before this time counts no more, in sign-ins that are half done too. */
export async function voidProofs(run: Run, { userId, before }: { userId: string; before: number }): Promise<void> {
  await run("update person set signed_out_at = cast(? as bigint) where id = ? and signed_out_at < cast(? as bigint)", [
    before,
    userId,
    before,
  ]);
}

/**
 * Whether what was proven since then counts. It holds the person's row until the commit: of a sign-in and a signing-out at
 * once, on any node, the later one finds what the other has done.
 */
export async function holdProofs(run: Run, { userId, since }: { userId: string; since: number }): Promise<boolean> {
  const held = await run(
    `update person set signed_out_at = signed_out_at
     where id = ? and state <> 'disabled' and blocked_until <= cast(? as bigint) and signed_out_at <= cast(? as bigint)
     returning id`,
    [userId, since, since],
  );
  return held.length > 0;
}

/** The same for a look at it. */
export async function doProofsCount(db: Db, { userId, since }: { userId: string; since: number }): Promise<boolean> {
  const row = await db.q
    .selectFrom("person")
    .select("id")
    .where("id", "=", userId)
    .where("signed_out_at", "<=", since)
    .executeTakeFirst();
  return row !== undefined;
}

/** What a living session of this person has proven (JSON). */
export async function readProven(
  run: Run,
  { id, userId, now }: { id: string; userId: string; now: number },
): Promise<string | undefined> {
  const [row] = await run(
    "select proven from session where id = ? and user_id = ? and expires_at > cast(? as bigint)",
    [id, userId, now],
  );
  return row?.["proven"] as string | undefined;
}

/** The old token is good no more. */
export async function renewSessionRow(
  run: Run,
  { id, at, ...one }: Pick<NewSession, "id" | "tokenHash" | "proven" | "at">,
): Promise<void> {
  await run("update session set token_hash = ?, proven = ?, seen_at = cast(? as bigint) where id = ?", [
    one.tokenHash,
    one.proven,
    at,
    id,
  ]);
}

/** Ends one of a person's sessions, or all of them, or all but one; gives their ids. */
export async function deleteSessions(
  run: Run,
  { userId, only, except = "" }: { userId: string; only?: string | undefined; except?: string | undefined },
): Promise<string[]> {
  const rows =
    only === undefined
      ? await run("delete from session where user_id = ? and id <> ? returning id", [userId, except])
      : await run("delete from session where user_id = ? and id = ? returning id", [userId, only]);
  return rows.map((row) => row["id"] as string);
}

export type NewDevice = Pick<NewSession, "id" | "tokenHash" | "userId" | "userAgent" | "at" | "expiresAt">;
export type DeviceRow = { id: string; userAgent: string | null; createdAt: number; usedAt: number; expiresAt: number };

export async function insertDevice(run: Run, one: NewDevice): Promise<void> {
  await run(
    `insert into remembered_device (id, token_hash, user_id, user_agent, created_at, used_at, expires_at)
     values (?, ?, ?, ?, cast(? as bigint), cast(? as bigint), cast(? as bigint))`,
    [one.id, one.tokenHash, one.userId, one.userAgent, one.at, one.at, one.expiresAt],
  );
}

/** Whether this browser is remembered for this person, no longer ago than `since`; says so to the row. */
export async function useDevice(
  run: Run,
  { tokenHash, userId, at, since }: { tokenHash: string; userId: string; at: number; since: number },
): Promise<boolean> {
  const used = await run(
    `update remembered_device set used_at = cast(? as bigint)
     where token_hash = ? and user_id = ? and expires_at > cast(? as bigint) and created_at > cast(? as bigint)
     returning id`,
    [at, tokenHash, userId, at, since],
  );
  return used.length > 0;
}

export async function listDeviceRows(
  db: Db,
  { userId, now, since }: { userId: string; now: number; since: number },
): Promise<DeviceRow[]> {
  const rows = await db.q
    .selectFrom("remembered_device")
    .select(["id", "user_agent", "created_at", "used_at", "expires_at"])
    .where("user_id", "=", userId)
    .where("expires_at", ">", now)
    .where("created_at", ">", since)
    .orderBy("created_at", "desc")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    userAgent: row.user_agent,
    createdAt: row.created_at,
    usedAt: row.used_at,
    expiresAt: row.expires_at,
  }));
}

/** Forgets one of a person's devices, or all. */
export async function deleteDevices(run: Run, { userId, only }: { userId: string; only?: string }): Promise<string[]> {
  const rows =
    only === undefined
      ? await run("delete from remembered_device where user_id = ? returning id", [userId])
      : await run("delete from remembered_device where user_id = ? and id = ? returning id", [userId, only]);
  return rows.map((row) => row["id"] as string);
}
