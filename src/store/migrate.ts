import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { sql } from "kysely";
import { AppError } from "#core/errors.ts";
import type { Db } from "./open.ts";

/**
 * Brings a database to this version's schema: plain SQL, forward only, numbered, hashed. A file `NNNN-name.sql` is for
 * both databases, `NNNN-name.<kind>.sql` for one. A database that a newer, breaking version has changed is refused.
 */

const folder = new URL("./migrations/", import.meta.url);
type Migration = { number: number; name: string; text: string; hash: string };

function migrationsFor(kind: Db["kind"]): Migration[] {
  const files = readdirSync(folder).filter((file) => /^\d{4}-[a-z-]+(\.[a-z]+)?\.sql$/.test(file));
  const mine = files
    .filter((file) => file.split(".").length === 2 || file.endsWith(`.${kind}.sql`))
    // what is for both comes before what is for one
    .toSorted((a, b) => Number(a.slice(0, 4)) - Number(b.slice(0, 4)) || a.split(".").length - b.split(".").length);
  return mine.map((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return {
      number: Number(file.slice(0, 4)),
      name: file,
      text,
      hash: createHash("sha256").update(text).digest("hex"),
    };
  });
}

export async function migrate(db: Db, now: number): Promise<void> {
  await prepare(db);
  await db.patiently(async (connection) => {
    const run = async (text: string) => await sql.raw(text).execute(connection);
    await run(db.kind === "sqlite" ? "begin immediate" : "begin");
    try {
      // Nodes that start together wait here for one another.
      if (db.kind === "postgres") await run("select pg_advisory_xact_lock(4839201)");
      const done = (
        await sql<{
          name: string;
          hash: string;
          breaking: number;
          number: number;
        }>`select number, name, hash, breaking from migration`.execute(connection)
      ).rows;
      const known = migrationsFor(db.kind);
      refuseNewer(done, known);
      for (const migration of known) {
        const before = done.find((row) => row.name === migration.name);
        if (before && before.hash !== migration.hash)
          throw new AppError(
            "start_refused",
            `Migration ${migration.name} is not the one this database was made with.`,
          );
        if (before) continue;
        await sql`insert into migration (name, number, hash, breaking, applied_at) values (${migration.name}, ${migration.number}, ${migration.hash}, ${Number(migration.text.startsWith("-- breaking"))}, ${now})`.execute(
          connection,
        );
        await db.script(connection, migration.text);
      }
      await run("commit");
    } catch (error) {
      await run("rollback").catch(() => undefined);
      throw error;
    }
  });
}

function refuseNewer(done: { name: string; breaking: number }[], known: Migration[]): void {
  const names = new Set(known.map((migration) => migration.name));
  const newer = done.find((row) => !names.has(row.name) && row.breaking > 0);
  if (newer)
    throw new AppError(
      "start_refused",
      `The database was changed by a newer version (${newer.name}). Start that version, or restore a backup from before the upgrade.`,
    );
}

async function prepare(db: Db): Promise<void> {
  const table =
    "create table if not exists migration (name text primary key, number bigint not null, hash text not null, breaking bigint not null, applied_at bigint not null)";
  if (db.kind === "postgres")
    await sql
      .raw(
        "do $$ begin create domain blob as bytea; exception when duplicate_object or unique_violation then null; end $$",
      )
      .execute(db.q);
  // Two nodes creating one table at once collide in PostgreSQL's catalogue; the second finds it made.
  await sql
    .raw(table)
    .execute(db.q)
    .catch(async () => await sql.raw(table).execute(db.q));
}
