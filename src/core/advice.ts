/** What an administrator can do about an authentication that ended this way, and what the person can read. */

import type { HelpTopic } from "./help.ts";
import type { ResultCode } from "./results.ts";

export type Advice = { administrator: string; help: HelpTopic };

const advice = (help: HelpTopic, administrator: string): Advice => ({ help, administrator });
const wrong = advice(
  "code-refused",
  "Let the person try the next code. If it is always wrong, check the phone's clock.",
);
const used = advice(
  "code-refused",
  "Let the person wait for the next code. Two requests for one sign-in: the client asks twice.",
);
const late = advice(
  "code-refused",
  "Let the person start again. `settings get challenge.life-seconds` and `sms.code-life-seconds` say how long an answer may take.",
);
const unsent = advice(
  "no-text",
  "Check the number with `countersign user show`, and the state of the gateway in the server's log.",
);
const locked = advice(
  "locked-out",
  "It opens by itself; `countersign method unlock` opens it now. First make sure that it was the person who tried.",
);

const unanswered = advice(
  "no-call",
  "Check the number with `countersign user show`, and let the person try again with the phone at hand, or use another method.",
);
const mistyped = advice("call", "Let the person try again, and type what the page or the voice asks for, then #.");

const denied = advice(
  "unexpected-request",
  "Somebody may know the password. Call the person back, then let them choose another one.",
);
const quiet = advice(
  "app-quiet",
  "Let the person open the app, which looks by itself. `countersign device list` says whether notifications reach it and when it was last heard of.",
);

export const advices: Partial<Record<ResultCode, Advice>> = {
  SUCCESS_SMS_SENT: advice(
    "no-text",
    "The text was handed over and no answer came. Did it arrive, and did the client show the question?",
  ),
  SUCCESS_CALL_PLACED: advice(
    "no-call",
    "The person was called and no answer came. `countersign gateway test` tries a call.",
  ),
  CONFIG_ISSUE: unanswered,
  FAILED_USER_HUNGUP_ON_US: unanswered,
  SUCCESS_NO_PIN_BUT_TIMEOUT: unanswered,
  SUCCESS_WITH_PIN_BUT_TIMEOUT: mistyped,
  SUCCESS_WITH_PIN: mistyped,
  SUCCESS_NO_PIN: mistyped,
  FAILED_CALL_NUMBER_INCORRECT: mistyped,
  FAILED_PHONE_BUSY: advice("no-call", "The person is called once at a time. Wait until the other call is over."),
  SUCCESS_PIN_EXPIRED: advice(
    "pin",
    "The person chooses a new PIN in a call, at the sign-in page or on their account's page.",
  ),
  FAILED_SMS_OTP_PIN_INCORRECT: advice("pin", "Code and PIN are entered one after the other; either was wrong."),
  FAILED_OATH_CODE_PIN_INCORRECT: advice("pin", "Code and PIN are entered one after the other; either was wrong."),
  FAILED_FRAUD_CODE_ENTERED: denied,
  FAILED_FRAUD_REPORTED: denied,
  FAILED_PHONE_APP_DENIED: denied,
  SUCCESS_PHONE_APP_PENDING: quiet,
  FAILED_PHONE_APP_NO_RESPONSE: quiet,
  FAILED_PHONE_APP_NOTIFICATION_FAILED: quiet,
  FAILED_PHONE_APP_ALL_DEVICES_BLOCKED: advice(
    "not-activated",
    "No device of the person can be asked: `countersign device list` shows them. Let the person set one up again.",
  ),
  FAILED_PHONE_APP_NUMBER_INCORRECT: advice(
    "unexpected-request",
    "Another number than the page's was typed, which ends a request. Ask the person whether the sign-in was theirs.",
  ),
  FAILED_PHONE_APP_INVALID_PIN: advice(
    "pin",
    "Let the person try again, or choose another PIN on their account's page.",
  ),
  FAILED_PHONE_APP_PIN_NOT_CHANGED: advice(
    "pin",
    "Let the person choose a new PIN in the app or on their account's page.",
  ),
  SUCCESS_OATH_CODE_PENDING: advice(
    "other-option",
    "No code came. Did the client show the question, and does it wait long enough?",
  ),
  SUCCESS_USER_BLOCKED: advice(
    "support",
    "`countersign user blocks` says why the person or the number is blocked. Make sure that it was the person who tried, then `countersign user unblock`.",
  ),
  SUCCESS_NO_METHOD_ALLOWED: advice(
    "register-now",
    "Help the person to a method before the application's exception ends.",
  ),
  FAILED_INVALID_PHONENUMBER: unsent,
  FAILED_SERVER_ERROR: advice(
    "out-of-service",
    "`/health/ready` and the server's log say what was missing; the log has the correlation id.",
  ),
  FAILED_SMS_NOT_SENT: unsent,
  FAILED_SMS_OTP_INCORRECT: wrong,
  FAILED_SMS_MAX_OTP_RETRY_REACHED: wrong,
  FAILED_OATH_CODE_INCORRECT: wrong,
  FAILED_OATH_CODE_DUPLICATE: used,
  FAILED_OATH_CODE_OLD: used,
  FAILED_SMS_CODE_DUPLICATE: used,
  FAILED_CODE_SUPERSEDED: advice("code-refused", "Only the newest text counts; let the person use that one."),
  FAILED_OATH_TOKEN_TIMEOUT: late,
  FAILED_AUTH_RESULT_TIMEOUT: late,
  FAILED_AUTHENTICATION_THROTTLED: advice(
    "too-many",
    "It ends by itself. If it goes on, somebody or some program repeats a wrong password or code: the address is in the entry.",
  ),
  FAILED_PASSKEY_INVALID: advice(
    "passkey-missing",
    "If it happens to everyone, check that `public-url` is the address that people use.",
  ),
  FAILED_RECOVERY_CODE_INCORRECT: advice("recovery-codes", "Each code works once, and a new list voids the old one."),
  FAILED_TEMPORARY_ACCESS_PASS_INCORRECT: advice(
    "access-pass",
    "It was used, has ended or was mistyped. `countersign user tap` issues a new one.",
  ),
  FAILED_PASSWORD_INCORRECT: advice(
    "wrong-name",
    "In append mode the separator or the length of the code may be wrong. Otherwise `countersign user reset-password`.",
  ),
  FAILED_UNKNOWN_PERSON: advice(
    "wrong-name",
    "Check the spelling and `names.strip`; `countersign user list` shows who there is.",
  ),
  FAILED_PERSON_DISABLED: advice("no-access", "`countersign user enable` lets the person in again."),
  FAILED_NO_METHOD: advice(
    "one-method",
    "`countersign method list` shows what there is. `countersign user tap` lets the person in once to register one; `countersign method add-app` hands out an app.",
  ),
  FAILED_LOCKED_OUT: locked,
  FAILED_CHALLENGE_FOREIGN: advice(
    "page-expired",
    "The client mixed up two conversations, or somebody answers in another's place. A single case is harmless.",
  ),
  FAILED_CANCELLED: advice("page-expired", "Nothing: the attempt was given up."),
  FAILED_POLICY: advice(
    "no-access",
    "The application or its rule refuses this person; `countersign explain` names the gate.",
  ),
};
