/**
 * Where a token's clock or counter stands, by codes that it shows one after the other. Must stay true: nothing at or
 * before the place found counts afterwards, and one code alone moves nothing further than a sign-in would.
 */

import { hmacKey } from "./crypto/hmac.ts";
import { codeAt } from "./crypto/hotp.ts";
import { hotp } from "./methods/hotp.ts";
import type { Method, Seen } from "./methods/method.ts";
import { readCode } from "./methods/same.ts";
import { totp } from "./methods/totp.ts";
import { readTotpParameters } from "./methods/totp-parameters.ts";
import type { TokenType } from "./token.ts";

export type Place = { counter: number; drift: number };

const steps = 20;
const driftBound = 10;
/** RFC 4226 §7.4; two codes in a row of six digits are a guess of one in 10^10 for this many. */
const counters = 100;

const tokenMethods: Record<TokenType, Method> = { totp, hotp };

/** One code where the token is, or two in a row where it may have gone. Undefined: they are not its codes. */
export function placeOf(
  type: TokenType,
  factor: Seen,
  { codes, now }: { codes: string[]; now: number },
): Place | undefined {
  const [first, second] = codes;
  if (first === undefined) return undefined;
  if (second === undefined) {
    const checked = tokenMethods[type].check({ factor, sent: undefined, answer: first }, { now, randomInt: () => 0 });
    return checked.ok ? { counter: checked.counter, drift: checked.drift } : undefined;
  }
  const { digits, algorithm, period } = readTotpParameters(factor.parameters);
  const pair = [readCode(first, digits), readCode(second, digits)];
  const step = Math.floor(now / (period * 1000));
  const [from, count] =
    type === "hotp" ? [factor.counter, counters] : [Math.max(factor.counter + 1, step - steps), 2 * steps];
  const key = hmacKey(algorithm, factor.secret);
  let at: number | undefined;
  for (let place = from; place < from + count; place++)
    if (codeAt(key, place, digits) === pair[0] && codeAt(key, place + 1, digits) === pair[1]) at ??= place;
  key.wipe();
  if (at === undefined) return undefined;
  if (type === "hotp") return { counter: at + 2, drift: 0 };
  const drift = at + 1 - step;
  return Math.abs(drift) > driftBound ? undefined : { counter: at + 1, drift };
}
