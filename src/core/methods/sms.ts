import { timingSafeEqual } from "node:crypto";
import type { Method } from "./method.ts";
import { readCode } from "./same.ts";

/** One-way text: a code that we make, sent to the factor's number, good for its one challenge. The counter counts codes accepted. */

const digits = 6;

export const sms: Method = {
  id: "sms",
  amr: "sms",
  standing: false,
  results: {
    asked: "SUCCESS_SMS_SENT",
    verified: "SUCCESS_SMS_AUTHENTICATED",
    wrong_code: "FAILED_SMS_OTP_INCORRECT",
    code_duplicate: "FAILED_SMS_CODE_DUPLICATE",
    code_old: "FAILED_CODE_SUPERSEDED",
    expired: "FAILED_AUTH_RESULT_TIMEOUT",
    too_many_tries: "FAILED_SMS_MAX_OTP_RETRY_REACHED",
    not_sent: "FAILED_SMS_NOT_SENT",
  },
  width: () => 1,
  length: () => digits,
  // randomInt has no modulo bias
  begin: ({ randomInt }) => ({
    code: String(randomInt(10 ** digits)).padStart(digits, "0"),
    message: "sms",
  }),
  check({ factor, sent, answer }) {
    const code = readCode(answer, digits) ?? "-".repeat(digits);
    if (!sent || !timingSafeEqual(sent.hash, sent.hashOf(code))) return { ok: false, code: "wrong_code" };
    return { ok: true, counter: factor.counter + 1, drift: 0 };
  },
};
