/**
 * Base32 (RFC 4648) as strictly as a secret deserves: a mistyped or cut-off seed must be refused, not decoded into
 * another seed. Must stay true: no reason given here holds any part of the text.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export type Decoded = { ok: true; bytes: Buffer } | { ok: false; reason: string };
const refuse = (reason: string): Decoded => ({ ok: false, reason });

export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}

export function readBase32(text: string): Decoded {
  const digits = text.replace(/=+$/, "");
  if (/[0189]/.test(digits))
    return refuse("has a 0, 1, 8 or 9, which Base32 does not know: O, I and B are letters there");
  if (/[a-z]/.test(digits)) return refuse("has small letters; Base32 is A-Z and 2-7");
  if (/[^A-Z2-7]/.test(digits)) return refuse("has characters other than A-Z and 2-7");
  const padding = text.length - digits.length;
  const rest = digits.length % 8;
  if (rest === 1 || rest === 3 || rest === 6) return refuse("has an impossible length: a part is missing");
  if (padding > 0 && padding !== (8 - rest) % 8) return refuse("ends in the wrong number of =");
  const bytes = Buffer.alloc(Math.floor((digits.length * 5) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const digit of digits) {
    held = ((held << 5) | alphabet.indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  // RFC 4648 §3.5: bits that no byte uses are zero; of a text that was cut off they seldom are
  if ((held & ((1 << bits) - 1)) !== 0) return refuse("does not end where a byte ends: a part is missing");
  return { ok: true, bytes };
}

const longestSeed = 128;

/** a seed that others made has at least 128 bits. */
export function readSeed(text: string): Decoded {
  const decoded = readBase32(text);
  if (!decoded.ok) return decoded;
  if (decoded.bytes.length < 16) return refuse("is shorter than 128 bits (26 characters)");
  return decoded.bytes.length > longestSeed ? refuse(`is longer than ${longestSeed} bytes`) : decoded;
}
