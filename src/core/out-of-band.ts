/**
 * Answers that come by phone while whoever asked waits (R-030…R-033). Must stay true: the phone's answer approves or denies,
 * the waiting request consumes an approval once, and what is typed where it was asked for is never an answer.
 */

import type { Ask, Case, Decision } from "./case.ts";
import type { Challenge, Factor, Facts } from "./facts.ts";
import { methods } from "./methods/index.ts";
import type { Method } from "./methods/method.ts";
import type { DenyCode } from "./outcome.ts";
import type { ResultCode } from "./results.ts";

/** How the factor's method is done here, "" where there is one way; undefined: it cannot be. */
export function modeOf(factor: Factor, { person }: Pick<Facts, "person">, ask: Ask): string | undefined {
  const by = methods.get(factor.method);
  // it was begun in a way that could be
  if (!by?.mode || ask.byPhone) return "";
  const { application, pinFor } = ask;
  return by.mode({
    screen: application.pages === true || application.canChallenge,
    plain: application.plainApproval === true,
    pin: (person?.pinMac ?? null) !== null,
    // an app that is being set up proves itself by its code
    pinWanted: pinFor?.has(by.id) === true && !(factor.isNew && by.standing),
  });
}

/** What the challenge has come to where the phone answers; undefined: on with the usual gates. */
export function byPhone(given: Case, open: Challenge, by: Method): Decision | undefined {
  const { ask, moment } = given;
  const alive = open.expiresAt > moment.now;
  if (!ask.byPhone) return by.outOfBand && waiting(given, open, { by, alive });
  if (!by.outOfBand) return refusal("foreign_challenge", "FAILED_CHALLENGE_FOREIGN", by);
  if (ask.byPhone === "answer" || !alive) return undefined;
  const { ended } = ask.byPhone;
  if (!isEndedBy(open, ended)) return undefined;
  return { ...refusal(codeOf(ended), ended, by), gate: "phone" };
}

/** a "no" also ends what was approved and nobody has been let in by. */
export const isEndedBy = ({ state }: Pick<Challenge, "state">, result: ResultCode): boolean =>
  state === "pending" || (state === "approved" && refusals.has(result));
const refusals: ReadonlySet<ResultCode> = new Set(["FAILED_PHONE_APP_DENIED", "FAILED_FRAUD_REPORTED"]);

type Waiting = { by: Method; alive: boolean };
function waiting({ facts, ask }: Case, open: Challenge, { by, alive }: Waiting): Decision | undefined {
  const { state, result } = open;
  if (state === "consumed") return refusal("code_duplicate", by.results.code_duplicate, by);
  if (state === "denied") return { ...refusal(codeOf(result), result ?? by.results.expired, by), recorded: true };
  if (state !== "pending" && state !== "approved") return undefined;
  if (!alive) return { ...refusal("no_answer", by.results.expired, by), gate: "phone" };
  if (state === "approved" && isHeldBy(open, ask))
    return { kind: "allow", gate: "approved", result: result ?? by.results.verified, method: by, accepted: [] };
  // another method is wanted instead
  return facts.answered ? undefined : { kind: "join", gate: "wait", challenge: open };
}

/**
 * A code is typed by whoever knows it, but what the phone says lets in whoever waits: without a station that both requests name,
 * somebody else who has the password could wait for the same call.
 */
export const mayJoin = ({ method }: Pick<Challenge, "method">, { station }: Pick<Ask, "station">): boolean =>
  !methods.get(method)?.outOfBand || station !== undefined;

/** a client that failed over, or asked again, waits with its newest request; the older ones stay silent. */
const isHeldBy = ({ holder }: Pick<Challenge, "holder">, { holder: mine }: Pick<Ask, "holder">): boolean =>
  holder === null || holder === mine;

const refusal = (code: DenyCode, result: ResultCode, method: Method) =>
  ({ kind: "deny", gate: "challenge", code, result, method, free: true, retry: false }) as const;

const codes: Partial<Record<ResultCode, DenyCode>> = {
  FAILED_FRAUD_CODE_ENTERED: "declined",
  FAILED_PHONE_APP_DENIED: "declined",
  FAILED_FRAUD_REPORTED: "declined",
  FAILED_PHONE_APP_NO_RESPONSE: "no_answer",
  FAILED_PHONE_APP_NOTIFICATION_FAILED: "unreachable",
  FAILED_PHONE_APP_ALL_DEVICES_BLOCKED: "unreachable",
  FAILED_USER_HUNGUP_ON_US: "no_answer",
  SUCCESS_NO_PIN_BUT_TIMEOUT: "no_answer",
  SUCCESS_WITH_PIN_BUT_TIMEOUT: "no_answer",
  FAILED_AUTH_RESULT_TIMEOUT: "no_answer",
  SUCCESS_PIN_EXPIRED: "pin_expired",
  CONFIG_ISSUE: "unreachable",
  FAILED_INVALID_EXTENSION: "unreachable",
  FAILED_INVALID_PHONENUMBER: "unreachable",
  FAILED_SERVER_ERROR: "unreachable",
  FAILED_SMS_NOT_SENT: "unreachable",
};
/** What a result of the phone means for whoever waits. */
const codeOf = (result: ResultCode | null): DenyCode => (result && codes[result]) ?? "too_many_tries";
