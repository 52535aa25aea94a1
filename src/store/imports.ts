/**
 * Imports: rows written in chunks under an import's id, seen by everyone else once its `committed_at` is set. An import
 * that never got there is dead when nobody touches it any more; its rows are removed, in chunks as well.
 * Must stay true: a dead import can no longer commit (`started_at` 0), and only a dead one's rows are removed.
 */

import type { Db, Run } from "./open.ts";
import { marks } from "./values.ts";

type Touch = { id: string; accepted: number; at: number };

export async function startImport(run: Run, { id, kind, at }: { id: string; kind: string; at: number }) {
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

/** The moment from which the import's people exist; false when it was given up. */
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

/** Gives up every import not touched since `before`, but those under way in this process. */
export async function takeDeadImports(
  db: Db,
  { before, living }: { before: number; living: string[] },
): Promise<string[]> {
  const others = living.length > 0 ? `and id not in (${marks(living.length)})` : "";
  const dead = await db.transaction((run) =>
    run(
      `update import set started_at = 0 where committed_at is null and started_at < cast(? as bigint) ${others} returning id`,
      [before, ...living],
    ),
  );
  return dead.map((row) => row["id"] as string);
}

const readAtOnce = 1000;
const deleteAtOnce = 250;

/** One walk over all people; each chunk is a transaction and lets the event loop go on. */
export async function removeImports(db: Db, ids: string[]): Promise<void> {
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
      await new Promise((resolve) => setImmediate(resolve));
    }
    after = rows.at(-1)?.id;
  }
  await db.transaction((run) => run(`delete from import where id in (${marks(ids.length)})`, ids));
}
