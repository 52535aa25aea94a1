import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Driver,
} from "kysely";
import { deadlineMs, transactions, type Db, type Hear, type Row } from "./open.ts";
import type { Tables } from "./schema.ts";

/**
 * SQLite in one file, for one process. Must stay true: one connection, held by one transaction at a time, and a transaction
 * never outlives an event-loop turn, since an open one stalls every other query.
 */
export async function openSqlite(path: string): Promise<Db> {
  const statements = openStatements(path);
  let hear: Hear = () => undefined;
  const q = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOver(statements),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  return {
    kind: "sqlite",
    q,
    script: async (_connection: Kysely<Tables>, text: string) => statements.script(text),
    patiently: async (work) => await q.connection().execute(work),
    transaction: transactions({
      // A commit without its own sync is durable with the next one that has it: the log is one file, written in order.
      begin: (relaxed) => [...(relaxed ? ["pragma synchronous = normal"] : []), "begin immediate"],
      text: (text) => text,
      repeats: true,
      // one writer at a time: nobody loses to another
      isUndone: () => false,
      notices: () => [],
      hear: (ids) => hear(ids),
      hold: async (work) =>
        await q.connection().execute(async () => {
          try {
            return await work(async (text, parameters) => statements.run(text, parameters));
          } finally {
            // or what is written without a transaction would be as relaxed
            statements.script("pragma synchronous = full");
          }
        }),
    }),
    // there is no other node
    listen: (mine) => {
      hear = mine;
      return () => true;
    },
    now: async () => {
      const text = "select cast(unixepoch('subsec') * 1000 as integer) as now";
      return (await q.executeQuery<{ now: number }>(CompiledQuery.raw(text))).rows[0]!.now;
    },
    close: () => q.destroy(),
  };
}

type Statements = {
  run(text: string, parameters: readonly unknown[]): Row[];
  script(text: string): void;
  close(): void;
};
type Prepared = {
  statement: StatementSync;
  reads: boolean;
  toRow: (values: unknown[]) => Row;
  starts: boolean;
  ends: boolean;
};

/** Texts beyond this many are prepared anew: those that matter are few. */
const preparedLimit = 1000;

function openStatements(path: string): Statements {
  const database = new DatabaseSync(path, { timeout: deadlineMs });
  database.exec("pragma journal_mode = wal; pragma foreign_keys = on; pragma trusted_schema = off");
  // FULL: what was acknowledged survives a power cut, not only the end of the process.
  database.exec("pragma cache_size = -16000; pragma synchronous = full");
  // what was erased must not be read from the file's free space.
  database.exec("pragma secure_delete = on");
  // What an undone statement would need is kept here, not in files of the machine's temporary folder.
  database.exec("pragma temp_store = memory");
  const prepared = new Map<string, Prepared>();
  /** After a failure nothing of its transaction happens, though more of it may be on its way; as in PostgreSQL. */
  let failed = false;

  function prepare(text: string): Prepared {
    const known = prepared.get(text);
    if (known) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    const names = statement.columns().map(({ name }) => name);
    const made = {
      statement,
      reads: names.length > 0,
      toRow: rowsOf(names),
      starts: text.startsWith("begin"),
      ends: text === "rollback",
    };
    if (prepared.size >= preparedLimit) prepared.clear();
    prepared.set(text, made);
    return made;
  }

  return {
    run: (text, parameters) => {
      const { statement, reads, toRow, starts, ends } = prepare(text);
      if (failed && !ends) throw new Error("the transaction has failed");
      // whatever goes wrong from a transaction's first statement on goes wrong for all of it
      failed = starts || database.isTransaction;
      const once = (row: readonly unknown[]) => {
        const values = row as SQLInputValue[];
        if (reads) return (statement.all(...values) as unknown as unknown[][]).map(toRow);
        return [{ changes: statement.run(...values).changes }];
      };
      const rows = isRows(parameters) ? parameters.flatMap(once) : once(parameters);
      failed = false;
      return rows;
    },
    script: (text) => database.exec(text),
    close: () => database.close(),
  };
}

/** Rows of one shape: as objects node:sqlite gives dictionaries, which cost more to make and to look into than the query. */
function rowsOf(names: string[]): (values: unknown[]) => Row {
  return (values) => {
    const row: Row = {};
    for (const [at, name] of names.entries()) row[name] = values[at];
    return row;
  };
}

const isRows = (parameters: readonly unknown[]): parameters is readonly unknown[][] => Array.isArray(parameters[0]);

function driverOver(statements: Statements): Driver {
  const run = async (text: string) => void statements.run(text, []);
  const connection = {
    executeQuery: async ({ sql, parameters }: CompiledQuery) => ({ rows: statements.run(sql, parameters) }),
    streamQuery: () => {
      throw new Error("nothing streams here: pages are read by key");
    },
  } as DatabaseConnection;
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: async () => await run("begin"),
    commitTransaction: async () => await run("commit"),
    rollbackTransaction: async () => await run("rollback"),
    releaseConnection: async () => undefined,
    destroy: async () => statements.close(),
  };
}
