import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres } from "./postgres.ts";

let postgres: Postgres;
let startedMs: number;
beforeAll(async () => {
  const before = performance.now();
  postgres = await startPostgres();
  startedMs = performance.now() - before;
}, 30_000);
afterAll(() => postgres.stop());

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on("error", () => {}); // the tests below cut connections on purpose
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("it is up within seconds, durable, and ours alone", async () => {
  expect(startedMs).toBeLessThan(10_000);
  const sql = "select current_setting('fsync') as fsync, current_setting('data_directory') as dir";
  expect(await query(postgres.url, sql)).toEqual([{ fsync: "on", dir: postgres.dataDir }]);
});

test("a database made is empty and apart", async () => {
  const url = await postgres.createDatabase("one-of many");
  await query(url, "create table here (id int)");
  expect(await query(postgres.url, "select to_regclass('here') as t")).toEqual([{ t: null }]);
});

test("what was committed is there after an immediate stop", async () => {
  await query(postgres.url, "create table kept (id int); insert into kept values (7)");
  const before = postgres.pid();
  await postgres.stopImmediately();
  await expect(query(postgres.url, "select 1")).rejects.toThrow("ECONNREFUSED");
  await postgres.start();
  expect(postgres.pid()).not.toBe(before);
  expect(await query(postgres.url, "select id from kept")).toEqual([{ id: 7 }]);
});

test("frozen it is silent, on open connections too, and goes on when thawed", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  postgres.freeze();
  let answered = false;
  const answer = client.query("select 1").then(() => (answered = true));
  await new Promise((resolve) => setTimeout(resolve, 300)); // silence can only be observed for a while
  expect(answered).toBe(false);
  postgres.thaw();
  expect(await answer).toBe(true);
  await client.end();
});
