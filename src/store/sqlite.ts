import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from "kysely";
import type { Tables } from "./schema.ts";
import { packed, unpacked } from "./packed.ts";
import type { Answered, Asked } from "./sqlite-thread.ts";
import { deadlineMs, transactions, type Db } from "./open.ts";

/** SQLite in one file, for one process. Must stay true: one connection, held by one transaction at a time. */
export async function openSqlite(path: string): Promise<Db> {
  const thread = await startThread(path);
  const q = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOver(thread),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  const script = async (_connection: Kysely<Tables>, text: string) => void (await thread.script(text));
  return {
    kind: "sqlite",
    q,
    script,
    transaction: transactions(q, {
      // A commit without its own sync is durable with the next one that has it: the log is one file, written in order.
      begin: (relaxed) => [`pragma synchronous = ${relaxed ? "normal" : "full"}`, "begin immediate"],
      text: (text) => text,
    }),
    now: async () => {
      const text = "select cast(unixepoch('subsec') * 1000 as integer) as now";
      return (await q.executeQuery<{ now: number }>(CompiledQuery.raw(text))).rows[0]!.now;
    },
    close: () => q.destroy(),
  };
}

type Rows = QueryResult<Record<string, unknown>>;
type Thread = {
  ask(text: string, parameters: readonly unknown[]): Promise<Rows>;
  script(text: string): Promise<Rows>;
  close(): Promise<void>;
};

/** Statements beyond this many texts are prepared each time. */
const numberedLimit = 1000;

async function startThread(path: string): Promise<Thread> {
  const worker = new Worker(new URL("./sqlite-thread.ts", import.meta.url), {
    workerData: { path, deadlineMs },
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  type Waiting = { resolve: (answered: Answered) => void; reject: (error: Error) => void };
  const waiting: Waiting[] = [];
  let unsent: Asked[] = [];
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const one of waiting.splice(0)) one.reject(ended);
  };
  await once(worker, "message"); // "open", or an error that rejects
  worker.on("message", (answers: Answered[]) => {
    for (const answered of answers) waiting.shift()?.resolve(answered);
  });
  worker.on("error", (error: Error) => end(error));
  worker.on("exit", () => end(new Error("the database is closed")));
  // Waking a thread costs more than most statements: what is asked for in one go is sent in one message.
  const flush = () => {
    worker.postMessage(unsent);
    unsent = [];
  };
  const send = async (asked: Asked): Promise<Rows> => {
    if (ended) throw ended;
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    waiting.push({ resolve, reject });
    if (unsent.push(asked) === 1) setImmediate(flush);
    const answered = await promise;
    if ("failed" in answered) throw Object.assign(new Error(answered.failed), { code: answered.code });
    return { rows: answered.rows.map((row) => asObject(answered.columns, row)) };
  };
  const numbers = new Map<string, number>();
  let next = 0;
  return {
    ask: async (text, parameters) => {
      const known = numbers.get(text);
      // a number is never given twice: the thread would run the statement it knows by it
      const number = known ?? (next < numberedLimit ? (next += 1) : undefined);
      if (number !== undefined) numbers.set(text, number);
      const asked = { number, text: known === undefined ? text : undefined, parameters: parameters.map(packed) };
      return await send(asked).catch((error: unknown) => {
        if (known === undefined) numbers.delete(text); // it may not have come to be prepared
        throw error;
      });
    },
    script: async (script) => await send({ script }),
    close: async () => {
      if (ended) return;
      const exit = once(worker, "exit");
      worker.postMessage("close");
      await exit;
    },
  };
}

function asObject(columns: string[], row: unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) object[column] = unpacked(row[index]);
  return object;
}

function driverOver(thread: Thread): Driver {
  const run = async (text: string) => void (await thread.ask(text, []));
  const connection = {
    executeQuery: async ({ sql, parameters }: CompiledQuery) => await thread.ask(sql, parameters),
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
    destroy: async () => await thread.close(),
  };
}
