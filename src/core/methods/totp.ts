import { codeAndPin, withPin } from "./code-and-pin.ts";
import { learned } from "./drift.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { codeAt } from "../crypto/hotp.ts";
import type { Method, Seen } from "./method.ts";
import { readTotpParameters, type TotpParameters } from "./totp-parameters.ts";
import { readCode, same } from "./same.ts";

/** App and token codes by time, RFC 6238 over RFC 4226. The counter is the newest step accepted: nothing at or before it counts again. */

export const totp: Method = {
  id: "totp",
  amr: "otp",
  standing: true,
  sealed: true,
  results: {
    asked: "SUCCESS_OATH_CODE_PENDING",
    verified: "SUCCESS_OATH_CODE_VERIFIED",
    fallback: "SUCCESS_FALLBACK_OATH_CODE_VERIFIED",
    wrong_code: "FAILED_OATH_CODE_INCORRECT",
    code_duplicate: "FAILED_OATH_CODE_DUPLICATE",
    code_old: "FAILED_OATH_CODE_OLD",
    expired: "FAILED_OATH_TOKEN_TIMEOUT",
    too_many_tries: "FAILED_OATH_CODE_INCORRECT",
    not_sent: "FAILED_SERVER_ERROR",
  },
  width: (parameters) => 2 * readTotpParameters(parameters).window + 1,
  length: (parameters) => readTotpParameters(parameters).digits,
  ...codeAndPin,
  check: (asked, { now }) =>
    withPin(asked, (answer) => {
      const { factor } = asked;
      const parameters = readTotpParameters(factor.parameters);
      const current = Math.floor(now / (parameters.period * 1000)) + factor.drift;
      // A malformed answer costs the same work as a wrong one.
      const code = readCode(answer, parameters.digits) ?? "-".repeat(parameters.digits);
      const step = matchingStep({ factor, parameters, current, code });
      if (step === undefined) return { ok: false, code: "wrong_code" };
      if (step === factor.counter) return { ok: false, code: "code_duplicate" };
      if (step < factor.counter) return { ok: false, code: "code_old" };
      return { ok: true, counter: step, drift: learned(factor.drift, step - current) };
    }),
};

/** The newest step of the window whose code this is; all are computed, so that time tells nothing. */
function matchingStep({ factor, parameters, current, code }: Tried): number | undefined {
  const key = hmacKey(parameters.algorithm, factor.secret);
  let found: number | undefined;
  for (let step = current - parameters.window; step <= current + parameters.window; step++)
    if (step >= 0 && same(codeAt(key, step, parameters.digits), code)) found = step;
  key.wipe();
  return found;
}
type Tried = { factor: Seen; parameters: TotpParameters; current: number; code: string };
