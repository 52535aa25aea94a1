/**
 * One database behind one handle: SQLite in the data folder, or PostgreSQL. Same statements on both.
 * Must stay true: a transaction waits for nothing but its own statements; on SQLite an open one stalls every other query.
 */

import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Tables } from "./schema.ts";

export type Row = Record<string, unknown>;
/**
 * Runs one statement; its parameters are `?`, in order, on both databases. After the `last` the commit follows at once:
 * what must undo the transaction has to fail by itself from there on.
 */
export type Run = Running & {
  /**
   * Instead of parameters there may be rows of them: the statement is run for each (SQLite, where that is quicker). One that
   * returns nothing gives a row for each, with how many it changed as `changes`.
   */
  repeats: boolean;
};
type Running = (text: string, parameters: readonly unknown[], last?: "last") => Promise<Row[]>;
export type Db = {
  kind: "sqlite" | "postgres";
  q: Kysely<Tables>;
  /** Several statements in one text, for migrations, on the connection that runs them. */
  script(connection: Kysely<Tables>, text: string): Promise<void>;
  /**
   * One transaction. `relaxed`: the commit may wait for the next durable one, which must come before any answer. The work must do
   * nothing but its statements: where the database undid them for another's sake it is run again.
   */
  transaction<T>(work: (run: Run) => Promise<T>, options?: { relaxed: boolean }): Promise<T>;
  /** The database's own time (epoch ms); SQLite has none but this machine's. */
  now(): Promise<number>;
  close(): Promise<void>;
};

/** The commit was sent and no answer came: it may have happened. Whoever sees this reads again before going on. */
export class UnknownOutcome extends Error {}

/** The database did not speak: no statement of ours was wrong, and the next would wait as long. */
export class Unanswered extends Error {}

/** a database that does not answer within this time is unavailable. */
export const deadlineMs = 2000;

/** Hands a statement to the database at the call itself, so that statements keep the order in which they were called. */
export type Send = (text: string, parameters: readonly unknown[]) => Promise<Row[]>;

type Dialect = {
  /** What begins a transaction, each a statement; with less time than `deadlineMs`, no statement may take longer. */
  begin: (relaxed: boolean, leftMs: number) => string[];
  text: (text: string) => string;
  repeats: boolean;
  /** Whether the database itself undid the transaction, so that another may go on: nothing of it has happened. */
  isUndone: (error: unknown) => boolean;
  /** Runs the work with one connection that is nobody else's meanwhile. */
  hold: <T>(work: (send: Send) => Promise<T>) => Promise<T>;
};

/** How often one is begun that is undone each time. */
const triesAtMost = 3;

/** Two that met do not meet again. */
const pauseMs = () => randomInt(1, 20);

/** One transaction; and again, within the deadline of its answer, when it lost to another. */
export function transactions(dialect: Dialect): Db["transaction"] {
  return async (work, options) =>
    await dialect.hold(async (send) => {
      const begun = performance.now();
      for (let tries = 1; ; tries += 1) {
        const leftMs = tries === 1 ? deadlineMs : Math.floor(deadlineMs - (performance.now() - begun));
        try {
          return await once(dialect, { send, work, relaxed: options?.relaxed ?? false, leftMs });
        } catch (error) {
          const pause = pauseMs();
          const late = performance.now() + pause + 1 > begun + deadlineMs;
          if (late || tries === triesAtMost || !dialect.isUndone(error)) throw error;
          await delay(pause);
        }
      }
    });
}

type Once<T> = { send: Send; work: (run: Run) => Promise<T>; relaxed: boolean; leftMs: number };

/**
 * A statement may be sent before the one before it was answered: both databases run them in order, and after one has failed
 * nothing of its transaction happens any more. Not through Kysely, which keeps no order among statements that wait: one that
 * overtakes `begin` is committed by itself, whatever becomes of the rest.
 */
async function once<T>(dialect: Dialect, { send, work, relaxed, leftMs }: Once<T>): Promise<T> {
  const { begin, text: written, repeats, isUndone } = dialect;
  let commit: Promise<unknown> | undefined;
  let ended = false;
  const running: Running = async (text, parameters, last) => {
    // one that comes late, beside another that has failed, would be committed by itself
    if (ended) throw new Error("the transaction has ended");
    ended = last !== undefined;
    const answer = send(written(text), parameters);
    if (last) {
      commit = send("commit", []);
      commit.catch(() => undefined); // waited for below
    }
    return await answer;
  };
  const run = Object.assign(running, { repeats });
  let result;
  try {
    const begun = begin(relaxed, leftMs).map((text) => send(text, []));
    [result] = await Promise.all([work(run), ...begun]);
  } catch (error) {
    ended = true;
    // a dead connection cannot roll back, and asking it would cost the deadline again; the server does it for us
    if (!(error instanceof Unanswered)) await send("rollback", []).catch(() => undefined);
    throw error;
  }
  try {
    await (commit ?? send("commit", []));
  } catch (error) {
    if (!(error instanceof Unanswered)) await send("rollback", []).catch(() => undefined);
    if (isUndone(error)) throw error;
    throw new UnknownOutcome("the commit was not answered", { cause: error });
  }
  return result;
}

/** The same, with each statement the last: for a helper that sends one. */
export const ending = (run: Run): Run => {
  const last: Running = async (text, parameters) => await run(text, parameters, "last");
  return Object.assign(last, { repeats: run.repeats });
};
