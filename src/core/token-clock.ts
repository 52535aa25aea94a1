/**
 * Where a token's clock or counter stands, by codes that it shows one after the other. Must stay true: nothing at or
 * before the place found counts afterwards, and one code alone moves nothing further than a sign-in would.
 */

import { hmacKey } from "./crypto/hmac.ts";
import { codeAt } from "./crypto/hotp.ts";
import { hotp } from "./methods/hotp.ts";
import type { Method, Seen } from "./methods/method.ts";
import { readCode, same } from "./methods/same.ts";
import { totp } from "./methods/totp.ts";
import { readTotpParameters } from "./methods/totp-parameters.ts";
import type { TokenType } from "./token.ts";

export type Place = { counter: number; drift: number };

/** How far it is looked for: intervals to either side of now (R-006 has 10, R-008 allows 20), and presses ahead. */
export type Reach = { steps: number; counters: number };

const tokenMethods: Record<TokenType, Method> = { totp, hotp };

/** in a wider search two codes would be found by luck too often, so it takes three. */
const countersForTwo = 100;

type Shown = { codes: string[]; now: number; reach: Reach };

/** One code where the token is, or several in a row where it may have gone. Undefined: they are not its codes. */
export function placeOf(type: TokenType, factor: Seen, { codes, now, reach }: Shown): Place | undefined {
  const [first] = codes;
  if (first === undefined) return undefined;
  if (codes.length === 1) {
    const checked = tokenMethods[type].check({ factor, sent: undefined, answer: first }, { now, randomInt: () => 0 });
    return checked.ok ? { counter: checked.counter, drift: checked.drift } : undefined;
  }
  const step = Math.floor(now / (readTotpParameters(factor.parameters).period * 1000));
  const last = codes.length - 1;
  if (type === "hotp") {
    const ahead = codes.length > 2 ? reach.counters : Math.min(reach.counters, countersForTwo);
    const at = findRow(factor, codes, { from: factor.counter, to: factor.counter + ahead - 1 });
    return at === undefined ? undefined : { counter: at + last + 1, drift: 0 };
  }
  const from = Math.max(factor.counter + 1, step - reach.steps - last);
  const at = findRow(factor, codes, { from, to: step + reach.steps - last });
  return at === undefined ? undefined : { counter: at + last, drift: at + last - step };
}

/** Where the codes stand in a row, the first of them; all are computed, so that time tells nothing. */
function findRow({ parameters, secret }: Seen, codes: string[], range: { from: number; to: number }) {
  const { digits, algorithm } = readTotpParameters(parameters);
  // a malformed one costs the same work as a wrong one
  const shown = codes.map((code) => readCode(code, digits) ?? "-".repeat(digits));
  const key = hmacKey(algorithm, secret);
  const begin = Math.max(0, range.from);
  const row = Array.from({ length: Math.max(0, range.to - begin + shown.length) }, (_, index) =>
    codeAt(key, begin + index, digits),
  );
  key.wipe();
  let found: number | undefined;
  for (let index = 0; index <= row.length - shown.length; index++) {
    const right = shown.filter((code, place) => same(row[index + place]!, code)).length;
    if (right === shown.length) found ??= begin + index;
  }
  return found;
}
