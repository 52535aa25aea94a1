/**
 * Devices that ask and count no more: those that went (triggers keep their keys), those that are blocked, and, for so many of them, those
 * that nobody knows. Must stay true: a person's id stands beside what was bound to them alone; asking again and again writes seldom.
 */

import type { Db, Run } from "./open.ts";

/** `unfinished`: its channel was never proven; `replaced`: its person has bound another device since it went. */
export type StrayReason = "removed" | "replaced" | "unfinished" | "blocked" | "unknown";
export type Stray = {
  id: string;
  why: StrayReason;
  /** null: nobody knows it */
  userId: string | null;
  name: string | null;
  publicKey: Uint8Array | null;
  /** the name of an account that an unknown one says is its own: unproved */
  claims: string | null;
  /** epoch ms; null: it has not asked since it went */
  askedAt: number | null;
};

export async function findStray(db: Db, id: string): Promise<Stray | undefined> {
  const row = await db.q
    .selectFrom("stray_device")
    .select(["id", "why", "user_id", "name", "public_key", "claims", "asked_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      why: row.why as StrayReason,
      userId: row.user_id,
      name: row.name,
      publicKey: row.public_key,
      claims: row.claims,
      askedAt: row.asked_at,
    }
  );
}

/** Gives whether it is the first time; nothing where it has asked after `before`. */
export async function saveAsked(
  run: Run,
  { id, why, userId, name, publicKey, claims, at, before }: Omit<Stray, "askedAt"> & { at: number; before: number },
): Promise<{ isFirst: boolean } | undefined> {
  const [row] = await run(
    `insert into stray_device (id, why, user_id, name, public_key, claims, since, asked_at)
     values (?, ?, ?, ?, cast(? as blob), ?, cast(? as bigint), cast(? as bigint))
     on conflict (id) do update set since = coalesce(stray_device.since, excluded.since), asked_at = excluded.asked_at
       where stray_device.asked_at is null or stray_device.asked_at <= cast(? as bigint)
     returning since`,
    [id, why, userId, name, publicKey, claims, at, at, before],
  );
  return row && { isFirst: row["since"] === at };
}

export async function countUnknown(db: Db): Promise<number> {
  const unknown = db.q.selectFrom("stray_device").where("why", "=", "unknown");
  const row = await unknown.select(db.q.fn.countAll<number | string>().as("n")).executeTakeFirst();
  return Number(row!.n);
}

/** The person has bound a device: what has asked before is mended, and what asks from now on was replaced. */
export async function endAsking(run: Run, userId: string): Promise<void> {
  await run(
    `update stray_device set since = null, asked_at = null, why = case why when 'blocked' then why else 'replaced' end
     where user_id = ?`,
    [userId],
  );
  await run("delete from stray_device where claims = (select name_key from person where id = ?)", [userId]);
}

/** It counts again. */
export async function deleteStray(run: Run, id: string): Promise<void> {
  await run("delete from stray_device where id = ?", [id]);
}

/** It asks no more, and its person has another that counts: nothing is left to mend. False where the person has none. */
export async function deleteMended(run: Run, id: string): Promise<boolean> {
  const deleted = await run(
    `delete from stray_device where id = ? and exists (select 1 from device d
       where d.user_id = stray_device.user_id and d.state = 'active') returning id`,
    [id],
  );
  return deleted.length > 0;
}

/** When those went that have gone since this was done last. */
export async function stampGone(db: Db, at: number): Promise<void> {
  const text = "update stray_device set gone_at = cast(? as bigint) where gone_at is null";
  await db.transaction((run) => run(text, [at]), { relaxed: true });
}

/** As it is told to the person. */
export async function listStraysOf(db: Db, userId: string) {
  return await db.q
    .selectFrom("stray_device")
    .select(["id", "name", "why", "gone_at", "since", "asked_at"])
    .where("user_id", "=", userId)
    .orderBy("id")
    .execute();
}

export type AskingStray = Pick<Stray, "id" | "why" | "name" | "claims"> & {
  username: string | null;
  /** how many devices of the person count */
  others: number;
  /** epoch ms */
  since: number;
  askedAt: number;
};

/** Those that have asked, who asked last first. */
export async function listAsking(db: Db, limit: number): Promise<{ total: number; devices: AskingStray[] }> {
  const asking = db.q.selectFrom("stray_device").where("asked_at", "is not", null);
  const counted = await asking.select(db.q.fn.countAll<number | string>().as("n")).executeTakeFirst();
  const rows = await asking
    .leftJoin("person", "person.id", "stray_device.user_id")
    .select(["stray_device.id", "why", "name", "claims", "person.username", "since", "asked_at"])
    .select((row) =>
      row
        .selectFrom("device")
        .select(row.fn.countAll<number | string>().as("n"))
        .whereRef("device.user_id", "=", "stray_device.user_id")
        .where("device.state", "=", "active")
        .as("others"),
    )
    .orderBy("asked_at", "desc")
    .orderBy("stray_device.id")
    .limit(limit)
    .execute();
  const devices = rows.map(({ asked_at, ...row }) => ({
    ...row,
    why: row.why as StrayReason,
    others: Number(row.others),
    since: row.since!,
    askedAt: asked_at!,
  }));
  return { total: Number(counted!.n), devices };
}
