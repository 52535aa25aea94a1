import { codeAndPin, withPin } from "./code-and-pin.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { codeAt } from "../crypto/hotp.ts";
import type { Method } from "./method.ts";
import { readCode, same } from "./same.ts";
import { totp } from "./totp.ts";
import { readTotpParameters } from "./totp-parameters.ts";

/**
 * Codes of a token that counts, RFC 4226. The factor's counter is the next code's: a hit at `c + k` makes it `c + k + 1`, and
 * nothing else moves it. Presses that nobody typed are allowed for by looking ahead.
 */

const lookAhead = 10;
/** Used codes that are still told from wrong ones, in the record alone. */
const lookBack = 10;

export const hotp: Method = {
  id: "hotp",
  amr: "otp",
  standing: true,
  sealed: true,
  results: totp.results,
  width: () => lookAhead,
  length: (parameters) => readTotpParameters(parameters).digits,
  ...codeAndPin,
  check: (asked) =>
    withPin(asked, (answer) => {
      const { factor } = asked;
      const { digits, algorithm } = readTotpParameters(factor.parameters);
      // A malformed answer costs the same work as a wrong one.
      const code = readCode(answer, digits) ?? "-".repeat(digits);
      const key = hmacKey(algorithm, factor.secret);
      let next: number | undefined;
      let used: number | undefined;
      for (let at = factor.counter + lookAhead - 1; at >= factor.counter - lookBack; at--)
        if (at >= 0 && same(codeAt(key, at, digits), code)) {
          if (at >= factor.counter) next = at;
          else used ??= at;
        }
      key.wipe();
      if (next !== undefined) return { ok: true, counter: next + 1, drift: 0 };
      if (used === undefined) return { ok: false, code: "wrong_code" };
      return { ok: false, code: used === factor.counter - 1 ? "code_duplicate" : "code_old" };
    }),
};
