import { expect, test } from "vitest";
import { results, type ResultCode } from "./results.ts";

// The activity report's list of the system we succeed, whole and in its order: reports and scripts read these names.
const inherited = `
SUCCESS_WITH_PIN SUCCESS_NO_PIN SUCCESS_WITH_PIN_BUT_TIMEOUT SUCCESS_NO_PIN_BUT_TIMEOUT SUCCESS_PIN_EXPIRED
SUCCESS_USED_CACHE SUCCESS_USED_IP_BASED_CACHE SUCCESS_USED_APP_BASED_CACHE SUCCESS_BYPASSED_AUTH SUCCESS_INVALID_INPUT
SUCCESS_USER_BLOCKED SUCCESS_SMS_AUTHENTICATED SUCCESS_SMS_SENT SUCCESS_PHONE_APP_AUTHENTICATED
SUCCESS_OATH_CODE_PENDING SUCCESS_OATH_CODE_VERIFIED SUCCESS_FALLBACK_OATH_CODE_VERIFIED
SUCCESS_FALLBACK_SECURITY_QUESTIONS_ANSWERED FAILED_PHONE_BUSY CONFIG_ISSUE FAILED_INVALID_PHONENUMBER
FAILED_USER_HUNGUP_ON_US FAILED_INVALID_EXTENSION FAILED_FRAUD_CODE_ENTERED FAILED_SERVER_ERROR FAILED_SMS_NOT_SENT
FAILED_SMS_OTP_INCORRECT FAILED_SMS_OTP_PIN_INCORRECT FAILED_SMS_MAX_OTP_RETRY_REACHED FAILED_PHONE_APP_DENIED
FAILED_PHONE_APP_INVALID_PIN FAILED_PHONE_APP_PIN_NOT_CHANGED FAILED_FRAUD_REPORTED FAILED_PHONE_APP_NO_RESPONSE
FAILED_PHONE_APP_ALL_DEVICES_BLOCKED FAILED_PHONE_APP_NOTIFICATION_FAILED FAILED_PHONE_APP_INVALID_RESULT
FAILED_OATH_CODE_INCORRECT FAILED_OATH_CODE_PIN_INCORRECT FAILED_OATH_CODE_DUPLICATE FAILED_OATH_CODE_OLD
FAILED_OATH_TOKEN_TIMEOUT FAILED_SECURITY_QUESTIONS_TIMEOUT FAILED_AUTH_RESULT_TIMEOUT FAILED_AUTHENTICATION_THROTTLED
`
  .trim()
  .split(/\s+/);

const names = Object.keys(results) as ResultCode[];

test("the 45 inherited results come first, in their order", () => {
  expect(inherited).toHaveLength(45);
  expect(names.slice(0, 45)).toEqual(inherited);
});

test("ours are in the same style", () => {
  for (const name of names.slice(45)) expect(name).toMatch(/^(SUCCESS|FAILED)(_[A-Z]+)+$/);
});

test("a failure never authenticates, and each result says what it means", () => {
  const failures = names.filter((name) => name.startsWith("FAILED") || name === "CONFIG_ISSUE");
  for (const name of failures) expect(results[name].authenticated).toBe("no");
  for (const name of names) expect(results[name].meaning).toMatch(/^[a-zA-Z].*[^.]$/);
});

test("being let through without a method is no authentication and is not billed", () => {
  expect(results.SUCCESS_NO_METHOD_ALLOWED).toMatchObject({ authenticated: "no", billable: false });
});
