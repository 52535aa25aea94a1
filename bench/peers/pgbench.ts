// PostgreSQL's own measure of itself for a transaction of the same shape as a verification: one select, one update, one
// insert, on as many accounts as the benches have people.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { remove, runOk, tempFolder } from "../../test/support/process.ts";
import type { Postgres } from "../../test/support/postgres.ts";

export const pgbenchClients = 16;

const script = (accounts: number) => `\\set id random(1, ${accounts})
begin;
select counter from account where id = :id;
update account set counter = counter + 1 where id = :id;
insert into record (account, at, result) values (:id, 1700000000000, 'allowed');
commit;
`;

/** Makes the tables in the database at `url`. */
export async function preparePgbench(url: string, accounts: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create table account (id int primary key, counter bigint not null);
    create table record (id bigint generated always as identity primary key, account int not null, at bigint not null,
      result text not null);
    insert into account select id, 0 from generate_series(1, ${accounts}) as id`);
  await client.end();
  await rest(url);
}

/** What filling a database leaves PostgreSQL to do is done before the clock starts, as pgbench does with tables of its own. */
export async function rest(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("vacuum analyze");
  await client.query("checkpoint");
  await client.end();
}

/** Transactions per second. */
export async function pgbench(
  postgres: Postgres,
  url: string,
  run: { accounts: number; seconds: number },
): Promise<number> {
  const folder = tempFolder("pgbench");
  const file = join(folder, "transaction.sql");
  writeFileSync(file, script(run.accounts));
  const output = await runOk(
    join(postgres.binDir, "pgbench"),
    ["-n", "-M", "prepared", "-c", String(pgbenchClients), "-j", "2", "-T", String(run.seconds), "-f", file, url],
    { timeoutMs: (run.seconds + 30) * 1000 },
  ).finally(() => remove(folder));
  const tps = /^tps = ([\d.]+)/m.exec(output);
  if (tps === null) throw new Error(`pgbench said no tps:\n${output}`);
  return Number(tps[1]);
}
