import { timingSafeEqual } from "node:crypto";
import type { Checked, Checking, Method } from "./method.ts";
import { readCode } from "./same.ts";

/**
 * A call. Usually the person types the number that the page shows: that alone ties the call to the page. Where no
 * number can be shown the PIN is typed, or, where an administrator allows that, `#` is pressed, which proves nothing to others
 * (mission G1). The counter counts calls answered right.
 */

const digits = 6;

const verdict = (factor: Checking["factor"], right: boolean, result: { right: ByCall; wrong: ByCall }): Checked =>
  right
    ? { ok: true, counter: factor.counter + 1, drift: 0, result: result.right }
    : { ok: false, code: "wrong_code", result: result.wrong };
type ByCall = "SUCCESS_CALL_NUMBER_VERIFIED" | "FAILED_CALL_NUMBER_INCORRECT" | "SUCCESS_WITH_PIN" | "SUCCESS_NO_PIN";

export const voice: Method = {
  id: "voice",
  amr: "tel",
  standing: false,
  outOfBand: true,
  results: {
    asked: "SUCCESS_CALL_PLACED",
    verified: "SUCCESS_CALL_NUMBER_VERIFIED",
    wrong_code: "FAILED_CALL_NUMBER_INCORRECT",
    code_duplicate: "FAILED_CHALLENGE_USED",
    code_old: "FAILED_CODE_SUPERSEDED",
    expired: "FAILED_AUTH_RESULT_TIMEOUT",
    too_many_tries: "FAILED_CALL_NUMBER_INCORRECT",
    not_sent: "FAILED_SERVER_ERROR",
  },
  mode({ screen, plain, pin, pinWanted }) {
    if (pin && (pinWanted || plain || !screen)) return "pin";
    if (plain) return "standard";
    return screen ? "number" : undefined;
  },
  width: () => 1,
  length: () => digits,
  begin: (_, mode = "number") => ({ message: "voice", mode, ...(mode === "number" && { shown: true }) }),
  check({ factor, sent, answer, mode, pin }) {
    if (mode === "standard")
      return verdict(factor, answer === "", { right: "SUCCESS_NO_PIN", wrong: "SUCCESS_WITH_PIN" });
    if (mode === "pin") {
      if (answer === "") return { ok: false, code: "wrong_code", result: "SUCCESS_NO_PIN" };
      const right = pin?.matches(answer) === true;
      if (right && pin.expired) return { ok: false, code: "pin_expired", result: "SUCCESS_PIN_EXPIRED" };
      return verdict(factor, right, { right: "SUCCESS_WITH_PIN", wrong: "SUCCESS_WITH_PIN" });
    }
    const code = readCode(answer, digits) ?? "-".repeat(digits);
    const right = sent !== undefined && timingSafeEqual(sent.hash, sent.hashOf(code));
    return verdict(factor, right, { right: "SUCCESS_CALL_NUMBER_VERIFIED", wrong: "FAILED_CALL_NUMBER_INCORRECT" });
  },
};
