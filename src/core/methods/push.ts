import { timingSafeEqual } from "node:crypto";
import type { Checked, Checking, Method } from "./method.ts";
import { readCode } from "./same.ts";

/**
 * The authenticator app. The person types the number that the page shows, which ties the approval to the page; one wrong
 * number ends it; where the PIN is wanted too, both go together and a wrong one of either ends it. Where no number
 * can be shown the PIN alone is typed, or, where an administrator allows that, Approve alone is
 * pressed, which proves nothing to others. Whose device answers was checked by its signature before it comes here. The
 * counter counts approvals.
 */

const digits = 6;

const right = ({ counter }: Checking["factor"]): Checked => ({ ok: true, counter: counter + 1, drift: 0 });

export const push: Method = {
  id: "push",
  amr: "swk",
  standing: false,
  outOfBand: true,
  results: {
    asked: "SUCCESS_PHONE_APP_PENDING",
    verified: "SUCCESS_PHONE_APP_AUTHENTICATED",
    wrong_code: "FAILED_PHONE_APP_NUMBER_INCORRECT",
    code_duplicate: "FAILED_CHALLENGE_USED",
    code_old: "FAILED_CODE_SUPERSEDED",
    expired: "FAILED_PHONE_APP_NO_RESPONSE",
    too_many_tries: "FAILED_PHONE_APP_NUMBER_INCORRECT",
    not_sent: "FAILED_PHONE_APP_NOTIFICATION_FAILED",
  },
  mode({ screen, plain, pin, pinWanted }) {
    if (screen) return pin && pinWanted ? "number-pin" : "number";
    if (pin && (pinWanted || plain)) return "pin";
    return plain ? "standard" : undefined;
  },
  width: () => 1,
  length: () => digits,
  begin: (_, mode = "number") => ({ message: "push", mode, ...(mode.startsWith("number") && { shown: true }) }),
  check({ factor, sent, answer, mode, pin }) {
    if (mode === "standard")
      return answer === ""
        ? right(factor)
        : { ok: false, code: "wrong_code", result: "FAILED_PHONE_APP_INVALID_RESULT", final: true };
    if (mode === "pin") {
      if (pin?.matches(answer) !== true)
        return { ok: false, code: "wrong_code", result: "FAILED_PHONE_APP_INVALID_PIN" };
      return pin.expired
        ? { ok: false, code: "pin_expired", result: "FAILED_PHONE_APP_PIN_NOT_CHANGED" }
        : right(factor);
    }
    return checkNumber({ factor, sent, answer, pin }, mode === "number-pin");
  },
};

/** `both`: the PIN stands on a line below the number. */
function checkNumber({ factor, sent, answer, pin }: Checking, both: boolean): Checked {
  const [number = "", typed = ""] = both ? answer.split("\n") : [answer];
  const code = readCode(number, digits) ?? "-".repeat(digits);
  const isRight = sent !== undefined && timingSafeEqual(sent.hash, sent.hashOf(code));
  if (!isRight) return { ok: false, code: "wrong_code", final: true };
  if (!both) return right(factor);
  if (pin?.matches(typed) !== true)
    return { ok: false, code: "wrong_code", result: "FAILED_PHONE_APP_INVALID_PIN", final: true };
  return pin.expired ? { ok: false, code: "pin_expired", result: "FAILED_PHONE_APP_PIN_NOT_CHANGED" } : right(factor);
}
