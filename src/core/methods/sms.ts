import { timingSafeEqual } from "node:crypto";
import type { Checked, Checking, Method } from "./method.ts";
import { readCode } from "./same.ts";

/**
 * Codes by text: one that we make, sent to the factor's number, good for its one challenge. One-way: it is typed where it was
 * asked for. Two-way: the text is answered with it, so it works where nothing can be typed. The counter counts codes
 * accepted. With a PIN, code and PIN come together and fail alike.
 */

const digits = 6;

function check({ factor, sent, answer, mode, pin }: Checking): Checked {
  const typed = answer.replaceAll(/[ -]/g, "");
  const withPin = mode === "otp-pin";
  const code = readCode(withPin ? typed.slice(0, digits) : typed, digits) ?? "-".repeat(digits);
  const rightCode = sent !== undefined && timingSafeEqual(sent.hash, sent.hashOf(code));
  const rightPin = !withPin || pin?.matches(typed.slice(digits)) === true;
  if (!rightCode || !rightPin)
    return { ok: false, code: "wrong_code", ...(withPin && { result: "FAILED_SMS_OTP_PIN_INCORRECT" }) };
  if (withPin && pin?.expired) return { ok: false, code: "pin_expired", result: "SUCCESS_PIN_EXPIRED" };
  return { ok: true, counter: factor.counter + 1, drift: 0 };
}

const byText: Omit<Method, "id"> = {
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
  mode: ({ pin, pinWanted }) => (pin && pinWanted ? "otp-pin" : "otp"),
  width: () => 1,
  length: () => digits,
  // randomInt has no modulo bias
  begin: ({ randomInt }, mode) => ({
    code: String(randomInt(10 ** digits)).padStart(digits, "0"),
    message: "sms",
    ...(mode !== undefined && { mode }),
  }),
  check,
};

export const sms: Method = { id: "sms", ...byText };
export const smsReply: Method = { id: "sms-reply", ...byText, outOfBand: true };
