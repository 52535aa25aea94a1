/**
 * Imports: rows written in chunks under an import's id, seen by everyone else once its `committed_at` is set. An import
 * that never got there is dead when nobody touches it any more; its rows are removed, in chunks as well.
 * Must stay true: a dead import can no longer commit (`started_at` 0), and only a dead one's rows are removed.
 */

import type { Db, Run } from "./open.ts";
import { deleteTokens } from "./tokens.ts";
import { marks } from "./values.ts";

type Touch = { id: string; accepted: number; at: number };

export async function startImport(run: Run, { id, kind, at }: { id: string; kind: ImportKind; at: number }) {
  await run(
    `insert into import (id, kind, file_sha256, accepted, started_at) values (?, ?, '', 0, cast(? as bigint))`,
    [id, kind, at],
  );
}

/** Says that the import lives; false when it was given up. */
export async function touchImport(run: Run, { id, accepted, at }: Touch): Promise<boolean> {
  const touched = await run(
    `update import set accepted = cast(? as bigint), started_at = cast(? as bigint)
     where id = ? and committed_at is null and started_at > 0 returning id`,
    [accepted, at, id],
  );
  return touched.length > 0;
}

/** The moment from which what the import brings exists; false when it was given up. */
export async function commitImport(
  run: Run,
  { id, accepted, at, sha256 }: Touch & { sha256: string },
): Promise<boolean> {
  const committed = await run(
    `update import set committed_at = cast(? as bigint), accepted = cast(? as bigint), file_sha256 = ?
     where id = ? and committed_at is null and started_at > 0 returning id`,
    [at, accepted, sha256, id],
  );
  return committed.length > 0;
}

export async function giveUpImport(run: Run, id: string): Promise<void> {
  await run("update import set started_at = 0 where id = ? and committed_at is null", [id]);
}

/**
 * Takes back a committed import of tokens as long as none of them is somebody's or has had its codes looked at; what it brought is
 * then removed. The import's row is held first, as by whoever gives a token out: a statement that waited would look at the tokens as
 * they were before.
 */
export async function undoImport(run: Run, id: string): Promise<boolean> {
  await run("update import set accepted = accepted where id = ?", [id]);
  const undone = await run(
    `update import set committed_at = null, started_at = 0
     where id = ? and kind = 'tokens' and committed_at is not null
       and not exists (select 1 from token where token.import_id = import.id and (token.state <> 'available' or token.used = 1))
     returning id`,
    [id],
  );
  return undone.length > 0;
}

export async function findImport(db: Db, id: string): Promise<{ kind: string; isCommitted: boolean } | undefined> {
  const row = await db.q.selectFrom("import").select(["kind", "committed_at"]).where("id", "=", id).executeTakeFirst();
  return row && { kind: row.kind, isCommitted: row.committed_at !== null };
}

/** What an import brings. */
export type ImportKind = "people" | "tokens";
export type DeadImport = { id: string; kind: ImportKind };

/** Gives up every import not touched since `before`, but those under way in this process. */
export async function takeDeadImports(
  db: Db,
  { before, living }: { before: number; living: string[] },
): Promise<DeadImport[]> {
  const others = living.length > 0 ? `and id not in (${marks(living.length)})` : "";
  const dead = await db.transaction((run) =>
    run(
      `update import set started_at = 0 where committed_at is null and started_at < cast(? as bigint) ${others} returning id, kind`,
      [before, ...living],
    ),
  );
  return dead.map((row) => ({ id: row["id"] as string, kind: row["kind"] as ImportKind }));
}

export async function removeImports(db: Db, dead: DeadImport[]): Promise<void> {
  const ids = dead.map(({ id }) => id);
  if (dead.some(({ kind }) => kind === "people")) await removePeople(db, ids);
  for (const { id, kind } of dead)
    while (kind === "tokens" && (await db.transaction((run) => deleteTokens(run, id)))) await turn();
  await db.transaction((run) => run(`delete from import where id in (${marks(ids.length)})`, ids));
}

const turn = async () => await new Promise((resolve) => setImmediate(resolve));

const readAtOnce = 1000;
const deleteAtOnce = 250;

/** One walk over all people; each chunk is a transaction and lets the event loop go on. */
async function removePeople(db: Db, ids: string[]): Promise<void> {
  const dead = new Set<string | null>(ids);
  for (let after: string | undefined = ""; after !== undefined;) {
    const rows: { id: string; import_id: string | null }[] = await db.q
      .selectFrom("person")
      .select(["id", "import_id"])
      .where("id", ">", after)
      .orderBy("id")
      .limit(readAtOnce)
      .execute();
    const doomed = rows.flatMap((row) => (dead.has(row.import_id) ? row.id : []));
    for (let at = 0; at < doomed.length; at += deleteAtOnce) {
      const some = doomed.slice(at, at + deleteAtOnce);
      await db.transaction((run) => run(`delete from person where id in (${marks(some.length)})`, some));
      await turn();
    }
    after = rows.at(-1)?.id;
  }
}
