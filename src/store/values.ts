/**
 * The rows of a batch as SQL. One text a shape and count, made once, so that both databases keep its statement prepared.
 * Casts give PostgreSQL the types, and SQLite whole numbers: it binds every JavaScript number as a floating one.
 */

import type { Row, Run } from "./open.ts";

const known = new Map<string, string>();

/** `values (cast(? as text), cast(? as bigint)), …` */
export function valuesOf(types: string, count: number): string {
  const name = `${count} ${types}`;
  let text = known.get(name);
  if (text === undefined) {
    const casts = types.split(" ").map((type) => `cast(? as ${type})`);
    text = `values ${Array.from({ length: count }, () => `(${casts.join(", ")})`).join(", ")}`;
    known.set(name, text);
  }
  return text;
}

export const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ");

/** A table's columns in order, each with its type. */
export type Columns = Record<string, "text" | "bigint" | "blob">;

/** Inserts rows whose keys are the columns; `tail` is what follows the values (`on conflict …`). */
export async function insert(
  run: Run,
  table: { name: string; columns: Columns; tail?: string },
  rows: Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(table.columns);
  const values = valuesOf(Object.values(table.columns).join(" "), rows.length);
  const parameters = rows.flatMap((row) => names.map((name) => row[name]));
  await run(`insert into ${table.name} (${names.join(", ")}) ${values} ${table.tail ?? ""}`, parameters);
}
