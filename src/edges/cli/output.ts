/** What people read in a terminal. Must stay true: nothing that is shown can steer the terminal. */

const plain = (text: string) => text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\ufffd");

/** Columns under their titles, as wide as they need; empty columns are left out. */
export function table<T>(rows: readonly T[], columns: Record<string, (row: T) => unknown>): string {
  if (rows.length === 0) return "none";
  const cells = Object.entries(columns).map(([title, value]) => ({
    title,
    texts: rows.map((row) => plain(textOf(value(row)))),
  }));
  const shown = cells.filter(({ texts }) => texts.some((text) => text !== ""));
  const widths = shown.map(({ title, texts }) => Math.max(title.length, ...texts.map(({ length }) => length)));
  const lineOf = (texts: string[]) =>
    texts
      .map((text, index) => text.padEnd(widths[index]!))
      .join("  ")
      .trimEnd();
  return [
    lineOf(shown.map(({ title }) => title.toUpperCase())),
    ...rows.map((_, index) => lineOf(shown.map(({ texts }) => texts[index]!))),
  ].join("\n");
}

/** One thing's fields, a line each; empty ones are left out. */
export function details(fields: Record<string, unknown>): string {
  const filled = Object.entries(fields)
    .map(([title, value]) => [title, plain(textOf(value))] as const)
    .filter(([, text]) => text !== "");
  const width = Math.max(...filled.map(([title]) => title.length));
  return filled.map(([title, text]) => `${title.padEnd(width)}  ${text}`).join("\n");
}

/** A text of several lines. */
export const lines = (text: string): string => text.split("\n").map(plain).join("\n");

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return JSON.stringify(value);
}

/** Epoch ms as UTC; 0 is no time. */
export const time = (at: number | null): string =>
  at === null || at === 0 ? "" : `${new Date(at).toISOString().slice(0, 19)}Z`.replace("T", " ");
