/**
 * SQLite on a thread of its own: the event loop never waits for a disk, and decisions are made while the last ones are
 * written. Statements come one after the other and are answered in order.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { packed, unpacked } from "./packed.ts";

/** A statement's text comes with its number the first time, and by its number alone from then on. */
export type Asked =
  | { number: number | undefined; text: string | undefined; parameters: readonly unknown[] }
  | { script: string };
/** Rows as lists of values, which cost less to hand over than objects. */
export type Answered = { columns: string[]; rows: unknown[][] } | { failed: string; code: unknown };

const { path, deadlineMs } = workerData as { path: string; deadlineMs: number };
const port = parentPort!;
const database = new DatabaseSync(path, { timeout: deadlineMs });
// FULL: what was acknowledged survives a power cut, not only the end of the process.
database.exec(
  "pragma journal_mode = wal; pragma foreign_keys = on; pragma trusted_schema = off; pragma cache_size = -16000",
);
database.exec("pragma synchronous = full");

type Prepared = { statement: StatementSync; columns: string[] };
const prepared = new Map<number, Prepared>();
/** After a failure nothing of its transaction happens, though more of it may be on its way; as in PostgreSQL. */
let failed = false;

function prepare(number: number | undefined, text: string | undefined): Prepared {
  const known = number === undefined ? undefined : prepared.get(number);
  if (known) return known;
  const statement = database.prepare(text ?? "");
  statement.setReturnArrays(true);
  const made = { statement, columns: statement.columns().map((column) => column.name) };
  if (number !== undefined) prepared.set(number, made);
  return made;
}

function perform(asked: Asked): Answered {
  if ("script" in asked) {
    database.exec(asked.script);
    return { columns: [], rows: [] };
  }
  const { statement, columns } = prepare(asked.number, asked.text);
  const { sourceSQL } = statement;
  if (failed && sourceSQL !== "rollback") throw new Error("the transaction has failed");
  // whatever goes wrong from a transaction's first statement on goes wrong for all of it
  failed = database.isTransaction || sourceSQL.startsWith("begin");
  const values = asked.parameters.map(unpacked) as SQLInputValue[];
  const rows = columns.length > 0 ? (statement.all(...values) as unknown as unknown[][]) : [];
  if (columns.length === 0) statement.run(...values);
  failed = false;
  return { columns, rows: rows.map((row) => row.map(packed)) };
}

function answer(asked: Asked): Answered {
  try {
    return perform(asked);
  } catch (error) {
    const { message, code } = error as Error & { code?: unknown };
    return { failed: message, code };
  }
}

port.on("message", (asked: Asked[] | "close") => {
  if (asked !== "close") return port.postMessage(asked.map(answer));
  database.close();
  port.close();
});
port.postMessage("open");
