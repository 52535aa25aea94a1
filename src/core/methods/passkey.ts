import type { Passkey } from "../webauthn.ts";
import type { Checking, Method } from "./method.ts";

/**
 * A key pair in the person's device, for our address alone (WebAuthn). The signature was verified by an action that had
 * taken the challenge; here is only what the signature counter says. The factor's counter counts uses, its drift is the
 * highest signature counter seen, so both are written by the statement that accepts.
 */

/** What is kept of a passkey beside its credential id and its counter, as JSON. */
export type PasskeyParameters = Omit<Passkey, "credentialId" | "signCount">;

/** a counter that stands still or falls is a copy's; no counter at all says nothing (WebAuthn §6.1.1). */
export const counterRose = (before: number, now: number): boolean => now > before || (now === 0 && before === 0);

export const passkey: Method = {
  id: "passkey",
  // without attestation nobody but the passkey says that it is in hardware, so nothing more than this is claimed
  amr: "swk",
  standing: false,
  pages: true,
  results: {
    asked: "SUCCESS_PASSKEY_PENDING",
    verified: "SUCCESS_PASSKEY_VERIFIED",
    wrong_code: "FAILED_PASSKEY_INVALID",
    code_duplicate: "FAILED_PASSKEY_INVALID",
    code_old: "FAILED_PASSKEY_COUNTER",
    expired: "FAILED_AUTH_RESULT_TIMEOUT",
    too_many_tries: "FAILED_PASSKEY_INVALID",
    not_sent: "FAILED_SERVER_ERROR",
  },
  width: () => 1,
  length: () => 0,
  begin: () => ({}),
  check({ factor, proof }: Checking) {
    if (proof?.ok !== true) return { ok: false, code: "wrong_code" };
    const { backupEligible } = JSON.parse(factor.parameters) as PasskeyParameters;
    // one that is bound to its device has been copied; synced ones share no counter between devices
    if (!counterRose(factor.drift, proof.signCount) && !backupEligible) return { ok: false, code: "code_old" };
    return { ok: true, counter: factor.counter + 1, drift: Math.max(factor.drift, proof.signCount) };
  },
};
