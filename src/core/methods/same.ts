import { timingSafeEqual } from "node:crypto";

/** Compares two codes without telling where they differ. */
export function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/**
 * A code as people type it: spaces and hyphens between digits are theirs, everything else must be ASCII 0-9 of exactly
 * the right length (R-014: other alphabets' digits, numbers and signs are not a code).
 */
export function readCode(text: string, digits: number): string | undefined {
  const code = text.replaceAll(/[ -]/g, "");
  return code.length === digits && /^[0-9]+$/.test(code) ? code : undefined;
}
