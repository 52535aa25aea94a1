/**
 * The rows of a batch as SQL. One text a shape and count, made once, so that both databases keep its statement prepared.
 * Casts give PostgreSQL the types, and SQLite whole numbers: it binds every JavaScript number as a floating one.
 */

import type { Row, Run } from "./open.ts";

/** `values (cast(? as text), cast(? as bigint)), …` */
export function valuesOf(types: string, count: number): string {
  const casts = types.split(" ").map((type) => `cast(? as ${type})`);
  return `values ${Array.from({ length: count }, () => `(${casts.join(", ")})`).join(", ")}`;
}

/**
 * Batches come in all sizes; their texts come in eight, so that each is prepared once a connection. A row of nulls matches
 * nothing and is not inserted.
 */
function padded(rows: unknown[][]): unknown[][] {
  const width = rows[0]?.length ?? 0;
  const empty = Array.from({ length: width }, () => null);
  return [...rows, ...Array.from({ length: sizeFor(rows.length) - rows.length }, () => empty)];
}
/** The same for a list to choose from: its last value again. */
export function listed(values: unknown[]): unknown[] {
  return [...values, ...Array.from({ length: sizeFor(values.length) - values.length }, () => values.at(-1))];
}
const sizeFor = (count: number) => 2 ** Math.ceil(Math.log2(count));

export const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ");

export const idsOf = (rows: Row[]): string[] => rows.map((row) => row["id"] as string);

/** A table's columns in order, each with its type. */
export type Columns = Record<string, "text" | "bigint" | "blob">;

const texts = new Map<string, Map<number, string>>();

/** A statement's text for so many rows, made once: these are long, and compared whenever they are looked up. */
export function textFor(statement: string, count: number, make: () => string): string {
  const bySize = texts.get(statement) ?? new Map<number, string>();
  texts.set(statement, bySize);
  const text = bySize.get(count) ?? make();
  bySize.set(count, text);
  return text;
}

/** Runs a statement over `v`, rows whose columns are named with their types (`id text, at bigint`); the first is never null. */
export async function over(run: Run, columns: string, rows: unknown[][], statement: string): Promise<Row[]> {
  if (rows.length === 0) return [];
  const full = padded(rows);
  const text = textFor(statement, full.length, () => {
    const pairs = columns.split(", ").map((column) => column.split(" "));
    const names = pairs.map(([name]) => name).join(", ");
    return `with v(${names}) as (${valuesOf(pairs.map(([, type]) => type).join(" "), full.length)}) ${statement}`;
  });
  return await run(text, full.flat());
}

/** Rows are locked in one order by every node, or two batches could wait for each other. */
export const inOrder = <T>(rows: Iterable<T>, key: (row: T) => string): T[] =>
  [...rows].toSorted((a, b) => Number(key(a) > key(b)) - Number(key(a) < key(b)));

const idOf = ([id]: unknown[]) => id as string;

/**
 * Changes rows of a table, each by values of its own, whose columns are named with their types (`id text, at bigint`): `set`
 * and `where` know them as `v.at`, and `v.id` is the row's. Gives the ids of those that were changed.
 */
export function changing(table: string, columns: string, { set, where = "true" }: { set: string; where?: string }) {
  const change = (from: string) => `update ${table} set ${set} ${from} where ${table}.id = v.id and ${where}`;
  const joined = `${change("from v")} returning ${table}.id`;
  // by its key, and without `returning`, SQLite finds and changes a row in half the time that a join with a list takes
  const types = new Map(columns.split(", ").map((column) => column.split(" ") as [string, string]));
  const names = [...types.keys()];
  const order: number[] = [];
  const single = change("").replaceAll(/\bv\.(\w+)/g, (_, name: string) => {
    order.push(names.indexOf(name));
    return `cast(? as ${types.get(name)})`;
  });
  return async (run: Run, rows: unknown[][]): Promise<Set<unknown>> => {
    if (rows.length === 0) return new Set();
    if (!run.repeats) return new Set((await over(run, columns, inOrder(rows, idOf), joined)).map((row) => row["id"]));
    const done = await run(
      single,
      rows.map((row) => order.map((at) => row[at])),
    );
    return new Set(rows.flatMap(([id], index) => (done[index]!["changes"] === 1 ? [id] : [])));
  };
}

/** Inserts rows whose keys are the columns, the first never null; `tail` is what follows the values (`on conflict …`). */
export async function insert(
  run: Run,
  table: { name: string; columns: Columns; tail?: string },
  rows: Row[],
): Promise<Row[]> {
  if (rows.length === 0) return [];
  const names = Object.keys(table.columns);
  const given = rows.map((row) => names.map((name) => row[name] ?? null));
  const { name, columns, tail = "" } = table;
  if (run.repeats) {
    // no casts: a number given to a column of whole numbers becomes one
    const one = textFor(
      `${name} ${tail}`,
      0,
      () => `insert into ${name} (${names.join(", ")}) values (${marks(names.length)}) ${tail}`,
    );
    return await run(one, given);
  }
  const values = padded(given);
  const text = textFor(`${name} ${tail}`, values.length, () => {
    const list = valuesOf(Object.values(columns).join(" "), values.length);
    return `insert into ${name} (${names.join(", ")}) select * from (${list}) as v where column1 is not null ${tail}`;
  });
  return await run(text, values.flat());
}
