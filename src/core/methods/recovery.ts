import { createHash, timingSafeEqual } from "node:crypto";
import { readOneTime } from "./one-time.ts";
import type { Method } from "./method.ts";

/**
 * Recovery codes, a numbered sheet of ten. The counter is the number of the newest used one: a code is good once, and
 * using one voids those before it, so that one conditional statement decides here too. They let a person register a new
 * method and prove nothing more.
 */

export const recoveryCodes = 10;
/** 13 Base32 characters: 65 bits */
export const recoveryLength = 13;
const octets = 32;
const hashOf = (number: number, code: string) => createHash("sha256").update(`${number} ${code}`).digest();
/** What is kept, sealed, in place of the sheet. */
export const recoverySecret = (codes: readonly string[]): Buffer =>
  Buffer.concat(codes.map((code, index) => hashOf(index + 1, code)));

export const recovery: Method = {
  id: "recovery",
  amr: undefined,
  standing: false,
  sealed: true,
  pages: true,
  results: {
    asked: "SUCCESS_OATH_CODE_PENDING",
    verified: "SUCCESS_RECOVERY_CODE_USED",
    wrong_code: "FAILED_RECOVERY_CODE_INCORRECT",
    code_duplicate: "FAILED_RECOVERY_CODE_INCORRECT",
    code_old: "FAILED_RECOVERY_CODE_INCORRECT",
    expired: "FAILED_AUTH_RESULT_TIMEOUT",
    too_many_tries: "FAILED_RECOVERY_CODE_INCORRECT",
    not_sent: "FAILED_SERVER_ERROR",
  },
  over: ({ counter }) => counter >= recoveryCodes,
  width: () => 1,
  length: () => recoveryLength,
  begin: () => ({}),
  check({ factor, answer }) {
    const code = readOneTime(answer, recoveryLength) ?? "";
    const number = Array.from({ length: recoveryCodes }, (_, index) => index + 1).reduce((found, one) => {
      const kept = factor.secret.subarray((one - 1) * octets, one * octets);
      return kept.length === octets && timingSafeEqual(kept, hashOf(one, code)) ? one : found;
    }, 0);
    if (number === 0) return { ok: false, code: "wrong_code" };
    if (number === factor.counter) return { ok: false, code: "code_duplicate" };
    if (number < factor.counter) return { ok: false, code: "code_old" };
    return { ok: true, counter: number, drift: 0 };
  },
};
