/**
 * One database behind one handle: SQLite in the data folder, or PostgreSQL. Same statements on both.
 * Must stay true: no transaction outlives an event-loop turn on SQLite, where an open one stalls every other query.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { CompiledQuery, Kysely, PostgresDialect, SqliteDialect, sql } from "kysely";
import type { DatabaseError, Pool, PoolClient } from "pg";
import { AppError } from "#core/errors.ts";
import type { Tables } from "./schema.ts";

export type Row = Record<string, unknown>;
/** Runs one statement; its parameters are `?`, in order, on both databases. */
export type Run = (text: string, parameters: readonly unknown[]) => Promise<Row[]>;
export type Db = {
  kind: "sqlite" | "postgres";
  q: Kysely<Tables>;
  /** Several statements in one text, for migrations, on the connection that runs them. */
  script(connection: Kysely<Tables>, text: string): Promise<void>;
  /** One transaction. `relaxed`: the commit may wait for the next durable one, which must come before any answer. */
  transaction<T>(work: (run: Run) => Promise<T>, options?: { relaxed: boolean }): Promise<T>;
  /** The database's own time (epoch ms); SQLite has none but this machine's. */
  now(): Promise<number>;
  close(): Promise<void>;
};

/** The commit was sent and no answer came: it may have happened. Whoever sees this reads again before going on. */
export class UnknownOutcome extends Error {}

/** a database that does not answer within this time is unavailable. */
const deadlineMs = 2000;

export async function openSqlite(path: string): Promise<Db> {
  const database = new DatabaseSync(path, { timeout: deadlineMs });
  // FULL: what was acknowledged survives a power cut, not only the end of the process.
  database.exec("pragma journal_mode = wal; pragma foreign_keys = on; pragma trusted_schema = off");
  // A page that many logins touch is written back once for all of them: at 1000 pages, the default, every 15th batch waits.
  database.exec("pragma cache_size = -32000; pragma wal_autocheckpoint = 8000; pragma synchronous = full");
  const statements = new Map<string, StatementSync>();
  const prepare = (text: string) => {
    let statement = statements.get(text);
    if (!statement) {
      statement = database.prepare(text);
      if (statements.size > 1000) statements.clear();
      statements.set(text, statement);
    }
    return statement;
  };
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  const q = new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare(text) {
          const statement = prepare(text);
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...values(parameters)),
            run: (parameters) => statement.run(...values(parameters)),
            iterate: (parameters) => statement.iterate(...values(parameters)),
          };
        },
      },
    }),
  });
  const transaction = transactions(q, {
    begin: (relaxed) => {
      // A commit without its own sync is durable with the next one that has it: the log is one file, written in order.
      database.exec(relaxed ? "pragma synchronous = normal" : "pragma synchronous = full");
      return "begin immediate";
    },
    text: (text) => text,
    pipelined: false,
  });
  const script = async (_connection: Kysely<Tables>, text: string) => database.exec(text);
  const now = async () => Number(prepare("select cast(unixepoch('subsec') * 1000 as integer) as now").get()!["now"]);
  return { kind: "sqlite", q, script, transaction, now, close: () => q.destroy() };
}

export async function openPostgres(url: string, { onError }: { onError: (error: Error) => void }): Promise<Db> {
  const { default: pg } = await import("pg"); // 5 MB that a server on SQLite does without
  const pool = new pg.Pool({
    connectionString: url,
    max: 12,
    // statements follow one another without waiting for each answer; PostgreSQL runs them in order
    pipeline: true,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
    statement_timeout: deadlineMs,
    lock_timeout: deadlineMs,
    idle_in_transaction_session_timeout: 10_000,
    types: {
      getTypeParser: ((oid: number, format: "text" | "binary") =>
        oid === 20 ? safeInteger : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  pool.on("error", onError);
  const q = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: named(pool) }) });
  // A batch is a few dozen rows found by key. Before its tables are analysed PostgreSQL would rather read them whole.
  const byKey =
    "begin; set local enable_hashjoin = off; set local enable_mergejoin = off; set local plan_cache_mode = force_generic_plan";
  const begin = (relaxed: boolean) => (relaxed ? `${byKey}; set local synchronous_commit = off` : byKey);
  const script = async (connection: Kysely<Tables>, text: string) => void (await sql.raw(text).execute(connection));
  return {
    kind: "postgres",
    q,
    script,
    transaction: transactions(q, { begin, text: numbered(), pipelined: true }),
    now: async () => {
      const text = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now";
      return (await q.executeQuery<{ now: number }>(CompiledQuery.raw(text))).rows[0]!.now;
    },
    close: () => q.destroy(),
  };
}

/** `?` as PostgreSQL writes it: `$1`, `$2`, … */
function numbered(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let written = known.get(text);
    if (written === undefined) {
      let count = 0;
      written = text.replaceAll("?", () => `$${(count += 1)}`);
      known.set(text, written);
    }
    return written;
  };
}

/** Every statement is prepared once a connection: its name is its place in this list. */
function named(pool: Pool) {
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    let name = names.get(text);
    if (name === undefined && names.size < 2000) names.set(text, (name = `s${names.size}`));
    return name;
  };
  return {
    connect: async () => {
      const client = await pool.connect();
      let broken = false;
      return {
        query: async (text: string, parameters: readonly unknown[]) => {
          const name = parameters.length > 0 ? nameOf(text) : undefined;
          try {
            return await client.query({
              text,
              values: [...parameters],
              ...(name === undefined ? {} : { name }),
            });
          } catch (error) {
            // Without a severity it is not the server that speaks: what this connection says next may answer the last question.
            broken ||= (error as Partial<DatabaseError>).severity === undefined;
            throw error;
          }
        },
        release: () => client.release(broken),
      } as unknown as PoolClient;
    },
    end: () => pool.end(),
    options: pool.options,
  } as unknown as Pool;
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new AppError("internal", "a number in the database is too large");
  return value;
}

/** `pipelined`: a statement may be sent before the one before it was answered, and fails if that one failed. */
type Dialect = { begin: (relaxed: boolean) => string; text: (text: string) => string; pipelined: boolean };

function transactions(q: Kysely<Tables>, { begin, text: written, pipelined }: Dialect): Db["transaction"] {
  return async (work, options) =>
    await q.connection().execute(async (connection) => {
      const run: Run = async (text, parameters) =>
        (await connection.executeQuery<Row>(CompiledQuery.raw(written(text), [...parameters]))).rows;
      const begun = run(begin(options?.relaxed ?? false), []);
      if (!pipelined) await begun;
      let result;
      try {
        [result] = await Promise.all([work(run), begun]);
      } catch (error) {
        // a dead connection cannot roll back; the server does it for us
        await run("rollback", []).catch(() => undefined);
        throw error;
      }
      try {
        await run("commit", []);
      } catch (error) {
        await run("rollback", []).catch(() => undefined);
        throw new UnknownOutcome("the commit was not answered", { cause: error });
      }
      return result;
    });
}
