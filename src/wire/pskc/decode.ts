/**
 * A document's octets as text, a piece at a time, before any XML parser sees them. Must stay true: a document type or an entity
 * declaration never gets through in any encoding that is read here, and what is held at once is bounded.
 */

import { TokenFileError } from "../token-row.ts";

const fileBytes = 64 * 1024 * 1024;
/** Small enough that parsing one piece is not felt by what else the process does. */
const pieceBytes = 16_384;
/** No text, attribute or tag is longer: all stand between two `<`. */
const runLength = 65_536;
const characterReferences = 100_000;

const marks: [octets: number[], encoding: string | undefined][] = [
  [[0xff, 0xfe, 0, 0], undefined],
  [[0, 0, 0xfe, 0xff], undefined],
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
  [[0x3c, 0, 0, 0], undefined],
  [[0x3c, 0], "utf-16le"],
  [[0, 0x3c], "utf-16be"],
];
const longestMark = 4;

export type Pieces = AsyncGenerator<{ text: string; encoding: string }>;

export async function* decodePieces(file: AsyncIterable<Uint8Array>): Pieces {
  const scan = scanner();
  let total = 0;
  let decoder: TextDecoder | undefined;
  let head = Buffer.alloc(0);
  const decode = (octets?: Uint8Array) => {
    decoder ??= new TextDecoder(encodingOf(head), { fatal: true });
    try {
      const text = octets ? decoder.decode(octets, { stream: true }) : decoder.decode();
      scan(text);
      return { text, encoding: decoder.encoding };
    } catch (error) {
      if (error instanceof TokenFileError) throw error;
      throw new TokenFileError("the text is not what its encoding says (UTF-8 or UTF-16)");
    }
  };
  for await (const chunk of file) {
    total += chunk.length;
    if (total > fileBytes) throw new TokenFileError("the file is larger than 64 MB");
    if (!decoder) head = Buffer.concat([head, chunk]);
    if (!decoder && head.length < longestMark) continue;
    const octets = decoder ? chunk : head;
    for (let at = 0; at < octets.length; at += pieceBytes) yield decode(octets.subarray(at, at + pieceBytes));
  }
  if (!decoder && head.length > 0) yield decode(head);
  yield decode();
}

function encodingOf(head: Uint8Array): string {
  const [, encoding] = marks.find(([octets]) => octets.every((octet, index) => head[index] === octet)) ?? [[], "utf-8"];
  if (encoding === undefined) throw new TokenFileError("the text is UTF-32; only UTF-8 and UTF-16 are read");
  return encoding;
}

const forbidden = /<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i;
const longestForbidden = 10;

/** Looks at everything once; what stands across two pieces is found too. */
function scanner(): (text: string) => void {
  let tail = "";
  let run = 0;
  let references = 0;
  return (text) => {
    const seen = tail + text;
    if (forbidden.test(seen))
      throw new TokenFileError("the document has a DOCTYPE or declares entities, which is never read");
    references += count(tail.endsWith("&") ? `&${text}` : text);
    if (references > characterReferences) throw new TokenFileError("the document has too many character references");
    run = longestRun(text, run);
    tail = seen.slice(-longestForbidden);
  };
}

const count = (text: string): number => text.split("&#").length - 1;

/** How long the text after the last `<` is; refused when any was too long. */
function longestRun(text: string, before: number): number {
  let from = -before;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    checkRun(at - from);
    from = at;
  }
  checkRun(text.length - from);
  return text.length - from;
}

function checkRun(length: number): void {
  if (length > runLength) throw new TokenFileError("the document has a text or a tag of more than 64 kB");
}
