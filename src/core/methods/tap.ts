import { createHash, timingSafeEqual } from "node:crypto";
import { readOneTime } from "./one-time.ts";
import type { Method } from "./method.ts";

/**
 * Temporary Access Pass: one use, for someone who has nothing else yet or any more (mission G9). It lets a person register a
 * method and proves nothing more. The counter is 0 until it is used.
 */

export const tapLength = 13;
const hashOf = (code: string) => createHash("sha256").update(code).digest();
/** What is kept, sealed, in place of the pass. */
export const tapSecret = hashOf;

export const tap: Method = {
  id: "tap",
  amr: undefined,
  standing: false,
  sealed: true,
  pages: true,
  results: {
    asked: "SUCCESS_OATH_CODE_PENDING",
    verified: "SUCCESS_TEMPORARY_ACCESS_PASS_USED",
    wrong_code: "FAILED_TEMPORARY_ACCESS_PASS_INCORRECT",
    code_duplicate: "FAILED_TEMPORARY_ACCESS_PASS_INCORRECT",
    code_old: "FAILED_TEMPORARY_ACCESS_PASS_INCORRECT",
    expired: "FAILED_AUTH_RESULT_TIMEOUT",
    too_many_tries: "FAILED_TEMPORARY_ACCESS_PASS_INCORRECT",
    not_sent: "FAILED_SERVER_ERROR",
  },
  over: ({ counter }) => counter > 0,
  width: () => 1,
  length: () => tapLength,
  begin: () => ({}),
  check({ factor, answer }) {
    // a malformed pass costs the same work as a wrong one
    const right = timingSafeEqual(factor.secret, hashOf(readOneTime(answer, tapLength) ?? ""));
    if (factor.counter > 0) return { ok: false, code: "code_duplicate" };
    return right ? { ok: true, counter: 1, drift: 0 } : { ok: false, code: "wrong_code" };
  },
};
