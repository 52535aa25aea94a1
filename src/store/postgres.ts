import { CompiledQuery, Kysely, PostgresDialect, sql } from "kysely";
import type { DatabaseError, Pool, QueryResult } from "pg";
import { AppError } from "#core/errors.ts";
import { whenWanted } from "./listening.ts";
import { deadlineMs, transactions, Unanswered, type Db, type Row } from "./open.ts";
import type { Tables } from "./schema.ts";

/** `onError`: a connection was lost; `onDeaf`: other nodes are not heard any more. */
type Watching = { onError: () => void; onDeaf: () => void };

/** PostgreSQL, for one node or many. Must stay true: a connection that broke off in the middle is never used again. */
export async function openPostgres(url: string, { onError, onDeaf }: Watching): Promise<Db> {
  const { default: pg } = await import("pg"); // 5 MB that a server on SQLite does without
  const common = {
    connectionString: url,
    connectionTimeoutMillis: deadlineMs,
    types: {
      getTypeParser: ((oid: number, format: "text" | "binary") =>
        oid === 20 ? safeInteger : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
  const pool = new pg.Pool({
    ...common,
    max: 12,
    // statements follow one another without waiting for each answer; PostgreSQL runs them in order
    pipeline: true,
    query_timeout: deadlineMs,
    statement_timeout: deadlineMs,
    lock_timeout: deadlineMs,
    idle_in_transaction_session_timeout: 10_000,
  });
  pool.on("error", onError);
  const connections = named(pool);
  const q = over(connections);
  const script = async (connection: Kysely<Tables>, text: string) => void (await sql.raw(text).execute(connection));
  const connect = () => new pg.Client({ connectionString: url, ...forListening });
  const run = async (text: string, parameters: unknown[]) => await q.executeQuery(CompiledQuery.raw(text, parameters));
  const { notices, hear, listen, close } = whenWanted({ connect, run, onDeaf });
  return {
    kind: "postgres",
    q,
    script,
    patiently: async (work) => await patiently(new pg.Pool({ ...common, max: 1, keepAlive: true }), work),
    transaction: transactions({
      begin,
      text: numbered(),
      repeats: false,
      isUndone: (error) => undone.has((error as Partial<DatabaseError>).code),
      notices,
      hear,
      hold: async (work) => {
        const client = await connections.connect();
        try {
          return await work(async (text, parameters) => answerTo(text, await client.query(text, parameters)));
        } finally {
          client.release();
        }
      },
    }),
    listen,
    now: async () => {
      const text = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now";
      return (await q.executeQuery<{ now: number }>(CompiledQuery.raw(text))).rows[0]!.now;
    },
    close: async () => {
      await close();
      await q.destroy();
    },
  };
}

async function patiently<T>(pool: Pool, work: (connection: Kysely<Tables>) => Promise<T>): Promise<T> {
  // one that is lost in use fails its statement, which is enough
  pool.on("error", () => undefined);
  const q = over(named(pool));
  try {
    return await q.connection().execute(work);
  } finally {
    await q.destroy();
  }
}

/** The commit of a transaction of which a statement has failed is answered too, by its command alone. */
function answerTo(text: string, { rows, command }: QueryResult): Row[] {
  if (text === "commit" && command === "ROLLBACK") throw new Error("the transaction has failed");
  return rows as Row[];
}

const over = (pool: ReturnType<typeof named>) =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as Pool }) });

/** For hours nothing may be said there. */
const forListening = {
  connectionTimeoutMillis: deadlineMs,
  query_timeout: deadlineMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: 30_000,
};

// A batch is a few dozen rows found by key. Before its tables are analysed PostgreSQL would rather read them whole.
const byKey =
  "begin; set local enable_hashjoin = off; set local enable_mergejoin = off; set local plan_cache_mode = force_generic_plan";
const begin = (relaxed: boolean, leftMs: number) => [
  byKey +
    (relaxed ? "; set local synchronous_commit = off" : "") +
    (leftMs < deadlineMs ? `; set local statement_timeout = ${leftMs}; set local lock_timeout = ${leftMs}` : ""),
];

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

/** A deadlock, and what could not be put in order with others. */
const undone = new Set<string | undefined>(["40P01", "40001"]);

/** An error with a severity is the server's own; any other is of the way there. */
const spoken = (error: unknown) => (error as Partial<DatabaseError>).severity !== undefined;
function fail(error: unknown): never {
  if (spoken(error)) throw error;
  const { message, code } = error as Error & { code?: unknown };
  throw Object.assign(new Unanswered(message, { cause: error }), { code });
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
      const client = await pool.connect().catch(fail);
      let broken = false;
      // The pool listens to idle connections alone; one that ends in use would otherwise end the process.
      const lost = () => {
        broken = true;
      };
      client.on("error", lost);
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
            // what this connection says next may answer the last question
            broken ||= !spoken(error);
            return fail(error);
          }
        },
        release: () => {
          client.off("error", lost);
          client.release(broken);
        },
      };
    },
    end: () => pool.end(),
    options: pool.options,
  };
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new AppError("internal", "a number in the database is too large");
  return value;
}
