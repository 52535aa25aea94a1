/** Sign-ins under way. A step is saved only over the version it was made from, so that of two answers to one page one counts. */

import type { Db, Run } from "./open.ts";

export type SignInRow = { id: string; state: string; version: number; expiresAt: number };

export async function insertSignIn(db: Db, row: Omit<SignInRow, "version"> & { browserHash: string }): Promise<void> {
  const { id, browserHash, state, expiresAt } = row;
  await db.q
    .insertInto("sign_in")
    .values({ id, browser_hash: browserHash, state, version: 0, expires_at: expiresAt })
    .execute();
}

/** One that has ended has the version -1. */
export async function findSignIn(
  db: Db,
  { id, browserHash, now }: { id: string; browserHash: string; now: number },
): Promise<SignInRow | undefined> {
  const row = await db.q
    .selectFrom("sign_in")
    .select(["id", "state", "version", "expires_at"])
    .where("id", "=", id)
    .where("browser_hash", "=", browserHash)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return row && { id: row.id, state: row.state, version: row.version, expiresAt: row.expires_at };
}

type Saved = { id: string; state: string; version: number; won: boolean };

/** Gives the new version; undefined: it was another version than the one read. Who has `won` elsewhere need not be first here. */
export async function saveSignIn(
  run: Run,
  { id, state, version, won, appOf }: Saved & { appOf: string | null },
): Promise<number | undefined> {
  const rows = await run(
    `update sign_in set state = ?, app_of = ?, version = version + 1
     where id = ? and version >= 0 and (version = cast(? as bigint) or 1 = cast(? as bigint)) returning version`,
    [state, appOf, id, version, Number(won)],
  );
  return rows[0]?.["version"] as number | undefined;
}

/** Those that are setting up this person's app are over, and the seeds that they hold are gone, but for one. */
export async function dropOtherSetUps(run: Run, { appOf, but }: { appOf: string; but: string }): Promise<void> {
  await run("delete from sign_in where app_of = ? and id <> ?", [appOf, but]);
}

/** Ends it for good; of two that end it one does. */
export async function endSignIn(run: Run, { id, state, version, won }: Saved): Promise<boolean> {
  const rows = await run(
    `update sign_in set state = ?, app_of = null, version = -1
     where id = ? and version >= 0 and (version = cast(? as bigint) or 1 = cast(? as bigint)) returning id`,
    [state, id, version, Number(won)],
  );
  return rows.length > 0;
}
