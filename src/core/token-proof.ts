/**
 * What a token must be for two of its codes to be right: the way out of guessing at a file that does not say. Pure; the seeds
 * it makes are wiped.
 */

import { hmacKey } from "./crypto/hmac.ts";
import { codeAt } from "./crypto/hotp.ts";
import { decodeSecret, type TokenClaim, type TokenDefaults, type TokenType } from "./token.ts";

export type TokenCodes = { first: string; second: string };
export type TokenFit = Pick<TokenDefaults, "type" | "algorithm" | "digits"> & {
  period?: TokenDefaults["period"];
  encoding?: TokenDefaults["encoding"];
};

/** Steps on either side of now: a token may have lain in a drawer for years. */
const steps = 20;
const counters = 1000;
/** The second code is the next, or one of the few after it. */
const apart = 3;

/** Every reading of the secret under which the codes are of this token, one soon after the other. */
export function fitsOf(
  claim: Pick<TokenClaim, "secret" | "counter">,
  { first, second }: TokenCodes,
  { now }: { now: number },
): TokenFit[] {
  const digits = first.length;
  if (digits !== second.length || !(digits === 6 || digits === 7 || digits === 8)) return [];
  const fits: TokenFit[] = [];
  for (const { seed, encoding } of seedsOf(claim.secret)) {
    for (const algorithm of ["sha1", "sha256", "sha512"] as const) {
      const key = hmacKey(algorithm, seed);
      for (const { type, period, from, count } of ranges(claim.counter ?? 0, now)) {
        const codes = Array.from({ length: count }, (_, index) => codeAt(key, from + index, digits));
        if (codes.some((code, index) => code === first && codes.slice(index + 1, index + 1 + apart).includes(second)))
          fits.push({ type, algorithm, digits, ...(period && { period }), ...(encoding && { encoding }) });
      }
      key.wipe();
    }
    seed.fill(0);
  }
  return fits;
}

type Range = { type: TokenType; period?: 30 | 60; from: number; count: number };

function ranges(counter: number, now: number): Range[] {
  const byTime = ([30, 60] as const).map((period) => {
    const from = Math.max(0, Math.floor(now / (period * 1000)) - steps);
    return { type: "totp" as const, period, from, count: 2 * steps + 1 };
  });
  return [...byTime, { type: "hotp", from: counter, count: counters }];
}

function seedsOf(secret: TokenClaim["secret"]): { seed: Buffer; encoding?: "base32" | "hex" }[] {
  if ("bytes" in secret) return [{ seed: Buffer.from(secret.bytes) }];
  return (["base32", "hex"] as const).flatMap((encoding) => {
    const decoded = decodeSecret({ text: secret.text, encoding: "unclear" }, encoding);
    return decoded.ok ? [{ seed: decoded.bytes, encoding }] : [];
  });
}
