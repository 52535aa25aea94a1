/**
 * One PostgreSQL for all tests of a project that break none, started before their workers. Each world's database is a copy of
 * one that has every table, which is made in a fifth of the time.
 */

import { migrate } from "#store/migrate.ts";
import { openPostgres } from "#store/postgres.ts";
import { startPostgres } from "./postgres.ts";

/** The workers' environment is their starter's. */
const variable = "TEST_POSTGRES";
export const template = "template_world";

export async function setup(): Promise<() => Promise<void>> {
  const postgres = await startPostgres({ durable: false });
  const db = await openPostgres(await postgres.createDatabase(template), {
    onError: () => undefined,
    onDeaf: () => undefined,
  });
  await migrate(db, 0);
  await db.close();
  process.env[variable] = postgres.url;
  return () => postgres.stop();
}

export function sharedPostgres(): string {
  const url = process.env[variable];
  if (url === undefined)
    throw new Error(`this project of vitest.config.ts does not start a PostgreSQL before its tests`);
  return url;
}
