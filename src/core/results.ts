/* oxlint-disable max-lines -- a table */
/**
 * Every way an authentication can end, as the record names it. A name's prefix says whether the transaction worked,
 * not whether the person was authenticated: `authenticated` says that. The first 45 are the activity report's of the
 * system we succeed, so that old reports and scripts still read; the rest are ours in the same style.
 * `billable`: counts as one authentication where a provider is billed by authentication (denied ones count too).
 */

type Authenticated = "yes" | "no" | "depends" | "pending";
export type Result = { authenticated: Authenticated; billable: boolean; meaning: string };

const result = (authenticated: Authenticated, meaning: string, billable = true): Result => ({
  authenticated,
  billable,
  meaning,
});

export const results = {
  SUCCESS_WITH_PIN: result("depends", "a PIN was entered: right in PIN mode authenticates"),
  SUCCESS_NO_PIN: result("depends", "only # was pressed: authenticates in standard mode"),
  SUCCESS_WITH_PIN_BUT_TIMEOUT: result("no", "digits without the closing #"),
  SUCCESS_NO_PIN_BUT_TIMEOUT: result("no", "the call was answered, nothing was pressed"),
  SUCCESS_PIN_EXPIRED: result("no", "the PIN has expired and was not changed"),
  SUCCESS_USED_CACHE: result("yes", "an earlier verification of this person still counts"),
  SUCCESS_USED_IP_BASED_CACHE: result("yes", "an earlier verification from this address still counts"),
  SUCCESS_USED_APP_BASED_CACHE: result("yes", "an earlier verification for this application still counts"),
  SUCCESS_BYPASSED_AUTH: result("yes", "a one-time bypass was used"),
  SUCCESS_INVALID_INPUT: result("no", "the input was not understood"),
  SUCCESS_USER_BLOCKED: result("no", "the person or number is blocked"),
  SUCCESS_SMS_AUTHENTICATED: result("yes", "the text message was answered with the right code"),
  SUCCESS_SMS_SENT: result("pending", "a text message was sent, its code is awaited"),
  SUCCESS_PHONE_APP_AUTHENTICATED: result("yes", "approved in the app"),
  SUCCESS_OATH_CODE_PENDING: result("pending", "a code was asked for, no answer yet"),
  SUCCESS_OATH_CODE_VERIFIED: result("yes", "the code is right"),
  SUCCESS_FALLBACK_OATH_CODE_VERIFIED: result("yes", "the first method failed, the code is right"),
  SUCCESS_FALLBACK_SECURITY_QUESTIONS_ANSWERED: result("yes", "kept for old reports; never written"),
  FAILED_PHONE_BUSY: result("no", "a verification of this person is already under way"),
  CONFIG_ISSUE: result("no", "the phone cannot be reached"),
  FAILED_INVALID_PHONENUMBER: result("no", "the phone number is not valid"),
  FAILED_USER_HUNGUP_ON_US: result("no", "hung up without pressing a key"),
  FAILED_INVALID_EXTENSION: result("no", "the extension has characters that cannot be dialled"),
  FAILED_FRAUD_CODE_ENTERED: result("no", "fraud was reported in the call"),
  FAILED_SERVER_ERROR: result("no", "the verification could not be carried out", false),
  FAILED_SMS_NOT_SENT: result("no", "the text message could not be sent"),
  FAILED_SMS_OTP_INCORRECT: result("no", "the code of the text message is wrong"),
  FAILED_SMS_OTP_PIN_INCORRECT: result("no", "the code or the PIN is wrong"),
  FAILED_SMS_MAX_OTP_RETRY_REACHED: result("no", "too many wrong codes for one text message"),
  FAILED_PHONE_APP_DENIED: result("no", "denied in the app"),
  FAILED_PHONE_APP_INVALID_PIN: result("no", "wrong PIN in the app"),
  FAILED_PHONE_APP_PIN_NOT_CHANGED: result("no", "the PIN had to be changed and was not"),
  FAILED_FRAUD_REPORTED: result("no", "fraud was reported in the app"),
  FAILED_PHONE_APP_NO_RESPONSE: result("no", "no answer from the app"),
  FAILED_PHONE_APP_ALL_DEVICES_BLOCKED: result("no", "all the person's devices are blocked"),
  FAILED_PHONE_APP_NOTIFICATION_FAILED: result("no", "the notification could not be sent"),
  FAILED_PHONE_APP_INVALID_RESULT: result("no", "the app's answer was not understood"),
  FAILED_OATH_CODE_INCORRECT: result("no", "the code is wrong"),
  FAILED_OATH_CODE_PIN_INCORRECT: result("no", "the code or the PIN is wrong"),
  FAILED_OATH_CODE_DUPLICATE: result("no", "the code was used before"),
  FAILED_OATH_CODE_OLD: result("no", "the code is older than one already used"),
  FAILED_OATH_TOKEN_TIMEOUT: result("no", "the code came after the attempt had expired"),
  FAILED_SECURITY_QUESTIONS_TIMEOUT: result("no", "kept for old reports; never written"),
  FAILED_AUTH_RESULT_TIMEOUT: result("no", "the attempt took too long"),
  FAILED_AUTHENTICATION_THROTTLED: result("no", "too many attempts; a pause is due"),

  SUCCESS_NO_METHOD_ALLOWED: result(
    "no",
    "let through without a second step: the application allows it for a time",
    false,
  ),
  SUCCESS_CALL_PLACED: result("pending", "the person is being called"),
  SUCCESS_CALL_NUMBER_VERIFIED: result("yes", "the number shown on the page was typed on the phone"),
  FAILED_CALL_NUMBER_INCORRECT: result("no", "another number than the page's was typed on the phone"),
  FAILED_CHALLENGE_USED: result("no", "its answer has led to a sign-in before"),
  SUCCESS_PHONE_APP_PENDING: result("pending", "an approval was asked for in the app, no answer yet"),
  FAILED_PHONE_APP_NUMBER_INCORRECT: result("no", "another number than the page's was typed in the app"),
  SUCCESS_PASSKEY_PENDING: result("pending", "a passkey was asked for, no answer yet"),
  SUCCESS_PASSWORD_VERIFIED: result("no", "the password is right, and the application asks for no second step", false),
  SUCCESS_PASSKEY_VERIFIED: result("yes", "a passkey was verified"),
  SUCCESS_RECOVERY_CODE_USED: result("yes", "a recovery code was used"),
  SUCCESS_TEMPORARY_ACCESS_PASS_USED: result("yes", "a Temporary Access Pass was used"),
  FAILED_PASSKEY_INVALID: result("no", "the passkey's answer did not verify"),
  FAILED_PASSKEY_COUNTER: result("no", "the passkey's counter did not rise: there may be a copy of it"),
  FAILED_RECOVERY_CODE_INCORRECT: result("no", "the recovery code is wrong"),
  FAILED_TEMPORARY_ACCESS_PASS_INCORRECT: result("no", "the Temporary Access Pass is wrong"),
  FAILED_PASSWORD_INCORRECT: result("no", "the password is wrong", false),
  FAILED_PASSWORD_EXPIRED: result("no", "the password is right, but must be changed first", false),
  FAILED_UNKNOWN_PERSON: result("no", "nobody has this name", false),
  FAILED_PERSON_DISABLED: result("no", "the person's account is disabled", false),
  FAILED_NO_METHOD: result("no", "the person has no method that can be used here", false),
  FAILED_LOCKED_OUT: result("no", "too many wrong answers; the method is locked for a while"),
  FAILED_SMS_CODE_DUPLICATE: result("no", "the text message's code was used before"),
  FAILED_CODE_SUPERSEDED: result("no", "a newer code has replaced this one"),
  FAILED_CHALLENGE_FOREIGN: result("no", "the answer belongs to another person, client or challenge", false),
  FAILED_CANCELLED: result("no", "the attempt was cancelled"),
  FAILED_POLICY: result("no", "a policy refuses this sign-in", false),
} satisfies Record<string, Result>;

export type ResultCode = keyof typeof results;
