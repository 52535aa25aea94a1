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

/** Says whether it was still the version that was read. */
export async function saveSignIn(run: Run, { id, state, version }: Omit<SignInRow, "expiresAt">): Promise<boolean> {
  const saved = await run(
    "update sign_in set state = ?, version = version + 1 where id = ? and version = cast(? as bigint) returning id",
    [state, id, version],
  );
  return saved.length > 0;
}

/** Takes it away for good; of two that end it one does. */
export async function takeSignIn(run: Run, { id, version }: { id: string; version: number }): Promise<boolean> {
  const taken = await run("delete from sign_in where id = ? and version = cast(? as bigint) returning id", [
    id,
    version,
  ]);
  return taken.length > 0;
}
