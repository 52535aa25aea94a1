// Octets of an attribute as text. What must stay true: what escapeText returns is one printable line,
// whatever a client sent, so that it can stand in a log, a page or a terminal and change nothing around it.
import { isUtf8 } from "node:buffer";

const maxLength = 253;

/** The text itself, or undefined when it is not text: not UTF-8, or with a NUL where C programs would end it. */
export function readText(value: Buffer): string | undefined {
  return isUtf8(value) && !value.includes(0) ? value.toString("utf8") : undefined;
}

// Cc and Cf hold ANSI's escape, bidi overrides and zero-width characters; Zl and Zp break lines in some viewers
const unprintable = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]$/u;

/** For showing only: cut to 253 characters, and a backslash is left as it is because DOMAIN\user is a name. */
export function escapeText(value: Buffer | string): string {
  const isText = typeof value === "string" || isUtf8(value);
  let shown = "";
  for (const character of typeof value === "string" ? value : value.toString(isText ? "utf8" : "latin1")) {
    // in octets that are not UTF-8 none above 0x7f has a meaning, so each is shown as its number
    const escape = unprintable.test(character) || (!isText && character > "\x7f");
    const next = escape ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character;
    if (shown.length + next.length > maxLength) return shown;
    shown += next;
  }
  return shown;
}

/** Text as attribute values: never more than 253 octets each, never cut inside a character. */
export function splitText(text: string): Buffer[] {
  const octets = Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  for (let start = 0; start < octets.length;) {
    let end = Math.min(start + maxLength, octets.length);
    // 10xxxxxx goes on with the character before it
    while (end < octets.length && (octets[end]! & 0xc0) === 0x80) end--;
    parts.push(octets.subarray(start, end));
    start = end;
  }
  return parts;
}
