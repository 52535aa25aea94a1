/** Markup whose every value is escaped unless it is markup itself. */

export type Html = { readonly markup: string };
type Value = Html | string | number | undefined | null | false | readonly Value[];

export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let markup = parts[0]!;
  for (const [index, value] of values.entries()) markup += written(value) + parts[index + 1]!;
  return { markup };
}

function written(value: Value): string {
  if (value === undefined || value === null || value === false) return "";
  if (typeof value === "object") return "markup" in value ? value.markup : value.map(written).join("");
  return escape(String(value));
}

const marks: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replaceAll(/[&<>"']/g, (mark) => marks[mark]!);

/** Markup from a file of ours, read at the start. */
export const fromFile = (markup: string): Html => ({ markup });
