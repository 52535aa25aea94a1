/**
 * A table's octets as UTF-8, whatever spreadsheet saved them, and what separates its columns. Must stay true: text that is not
 * what it says is refused or told of, never guessed over in silence.
 */

import { isUtf8 } from "node:buffer";
import { TokenFileError } from "../token-row.ts";

export type Table = { octets: AsyncGenerator<Uint8Array>; separator: string; notes: string[] };

const separators = [",", ";", "\t"];
/** Where the first line ends at the latest, to see what separates its columns. */
const headBytes = 65_536;

export async function openTable(file: AsyncIterable<Uint8Array>): Promise<Table> {
  const notes: string[] = [];
  const octets = asUtf8(file, notes);
  let head = Buffer.alloc(0);
  while (head.length < headBytes && !head.includes(10)) {
    const next = await octets.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const separator = separatorOf(head.toString("utf8").split(/\r?\n/, 1)[0]!);
  async function* all() {
    yield head;
    yield* octets;
  }
  return { octets: all(), separator, notes };
}

/** The one that stands most often outside quotes. */
function separatorOf(line: string): string {
  const bare = line.replaceAll(/"[^"]*"/g, "");
  const counts = separators.map((separator) => ({ separator, count: bare.split(separator).length - 1 }));
  return counts.toSorted((a, b) => b.count - a.count)[0]!.separator;
}

async function* asUtf8(file: AsyncIterable<Uint8Array>, notes: string[]): AsyncGenerator<Uint8Array> {
  const chunks = file[Symbol.asyncIterator]();
  const { head, rest } = await firstOctets(chunks);
  const encoding =
    head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : "";
  if (encoding !== "") return yield* decoded(rest, encoding);
  yield* eightBit(rest, notes);
}

async function firstOctets(chunks: AsyncIterator<Uint8Array>) {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { head, rest: rest() };
}

async function* decoded(file: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of file) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TokenFileError("the text is not UTF-16, as its first octets say");
  }
}

/**
 * UTF-8, or from the first line on that it cannot be, Windows-1252: spreadsheets save CSV so. Whole lines are looked at, since a
 * sign may stand across two chunks.
 */
async function* eightBit(file: AsyncIterable<Uint8Array>, notes: string[]): AsyncGenerator<Uint8Array> {
  const western = new TextDecoder("windows-1252");
  let isWestern = false;
  let hadOther = false;
  let held = Buffer.alloc(0);
  const pass = (lines: Buffer): Uint8Array => {
    if (lines.includes(0)) throw new TokenFileError("the file is neither text in UTF-8 nor in UTF-16");
    if (!isWestern && !isUtf8(lines)) {
      if (hadOther) throw new TokenFileError("the text is neither UTF-8 nor Windows-1252 throughout");
      isWestern = true;
      notes.push("the text is not UTF-8; it was read as Windows-1252, as spreadsheets save it");
    }
    if (isWestern) return Buffer.from(western.decode(lines));
    hadOther ||= lines.some((octet) => octet > 127);
    return lines;
  };
  for await (const chunk of file) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end > 0) yield pass(Buffer.concat([held, chunk.subarray(0, end)]));
    held = end > 0 ? Buffer.from(chunk.subarray(end)) : Buffer.concat([held, chunk]);
    // a line this long is refused by the parser; it must not be collected here
    if (held.length > headBytes) {
      yield pass(held);
      held = Buffer.alloc(0);
    }
  }
  yield pass(held);
}
