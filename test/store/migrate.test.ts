import pg from "pg";
import { expect, test } from "vitest";
import { migrate } from "#store/migrate.ts";
import { deadlineMs } from "#store/open.ts";
import { openPostgres } from "#store/postgres.ts";
import { createDatabase } from "../support/postgres.ts";
import { sharedPostgres } from "../support/shared-postgres.ts";

const watching = { onError: () => undefined, onDeaf: () => undefined };

test("on PostgreSQL a migration may take as long as a large table needs, and a second node waits for it", async () => {
  const server = sharedPostgres();
  const url = Object.assign(new URL(server), { pathname: "/migrating" }).href;
  await createDatabase(server, "migrating");
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  const db = await openPostgres(url, watching);
  try {
    // as another node does in the middle of its own
    await other.query("begin; select pg_advisory_xact_lock(4839201)");
    let isDone = false;
    const done = migrate(db, 1).then(() => (isDone = true));
    done.catch(() => undefined);
    await other.query(`select pg_sleep(${(deadlineMs + 1000) / 1000})`);
    expect(isDone).toBe(false);
    await other.query("commit");
    await done;
    const held = await db.q.selectFrom("person").select("id").execute();
    expect(held).toEqual([]);
    // everybody else's deadline stands
    await expect(db.transaction((run) => run(`select pg_sleep(${(deadlineMs + 1000) / 1000})`, []))).rejects.toThrow(
      /timeout/,
    );
  } finally {
    await db.close();
    await other.end();
  }
});
