import { isUtf8 } from "node:buffer";
import { AppError } from "#core/errors.ts";

/**
 * A request's body as one value, or a refusal that repeats nothing of it. Must stay true: whoever else reads these bytes
 * (a proxy, a log) reads the same members, so a name that stands twice is refused.
 */

const depthLimit = 20;

export function parseBody(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new AppError("invalid", "The body is not UTF-8.");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError("invalid", "The body is not JSON.");
  }
  // JSON.parse keeps one of two members of a name: then the text has more colons than the value has members.
  if (members(value, 1) !== colons(text)) throw new AppError("invalid", "A name stands twice in one object.");
  return value;
}

function members(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth > depthLimit) throw new AppError("invalid", `The body is nested more than ${depthLimit} deep.`);
  const inside = Object.values(value).reduce<number>((sum, one) => sum + members(one, depth + 1), 0);
  return Array.isArray(value) ? inside : inside + Object.keys(value).length;
}

/** Those outside strings; the text is known to be JSON. */
const colons = (text: string): number => text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, "").split(":").length - 1;
