/** A record as its person reads it: what came of it, and in one of few words why not. */

import type { ResultCode } from "#core/results.ts";

type Ended = { result: ResultCode; authenticated: boolean };
type Reason = "password" | "code" | "late" | "denied" | "unanswered" | "paused" | "other";

export function outcomeOf({ result, authenticated }: Ended): "verified" | "let_in" | "refused" {
  if (result === "SUCCESS_USED_CACHE") return "let_in";
  if (authenticated) return "verified";
  return result === "SUCCESS_PASSWORD_VERIFIED" || result === "SUCCESS_NO_METHOD_ALLOWED" ? "let_in" : "refused";
}

const reasons: Partial<Record<ResultCode, Reason>> = {
  FAILED_PASSWORD_INCORRECT: "password",
  FAILED_SMS_OTP_INCORRECT: "code",
  FAILED_SMS_MAX_OTP_RETRY_REACHED: "code",
  FAILED_SMS_CODE_DUPLICATE: "code",
  FAILED_CODE_SUPERSEDED: "code",
  FAILED_OATH_CODE_INCORRECT: "code",
  FAILED_OATH_CODE_PIN_INCORRECT: "code",
  FAILED_OATH_CODE_DUPLICATE: "code",
  FAILED_OATH_CODE_OLD: "code",
  FAILED_PASSKEY_INVALID: "code",
  FAILED_RECOVERY_CODE_INCORRECT: "code",
  FAILED_TEMPORARY_ACCESS_PASS_INCORRECT: "code",
  FAILED_CALL_NUMBER_INCORRECT: "code",
  FAILED_SMS_OTP_PIN_INCORRECT: "code",
  // a PIN that was wrong, or that was not entered
  SUCCESS_WITH_PIN: "code",
  SUCCESS_NO_PIN: "code",
  FAILED_PHONE_APP_NUMBER_INCORRECT: "code",
  FAILED_PHONE_APP_INVALID_PIN: "code",
  FAILED_FRAUD_CODE_ENTERED: "denied",
  FAILED_PHONE_APP_DENIED: "denied",
  FAILED_FRAUD_REPORTED: "denied",
  FAILED_PHONE_APP_NO_RESPONSE: "unanswered",
  FAILED_PHONE_APP_NOTIFICATION_FAILED: "unanswered",
  FAILED_PHONE_APP_ALL_DEVICES_BLOCKED: "unanswered",
  FAILED_USER_HUNGUP_ON_US: "unanswered",
  SUCCESS_NO_PIN_BUT_TIMEOUT: "unanswered",
  SUCCESS_WITH_PIN_BUT_TIMEOUT: "unanswered",
  CONFIG_ISSUE: "unanswered",
  FAILED_AUTH_RESULT_TIMEOUT: "late",
  FAILED_LOCKED_OUT: "paused",
  FAILED_AUTHENTICATION_THROTTLED: "paused",
};

export const reasonOf = (ended: Ended): Reason | null =>
  outcomeOf(ended) === "refused" ? (reasons[ended.result] ?? "other") : null;
