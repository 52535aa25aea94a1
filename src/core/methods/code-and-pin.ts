/**
 * A code of an app or token with the PIN behind it, of people who have one where an administrator wants both (fact sheet 2.9).
 * Must stay true: code wrong, PIN wrong and both are one failure at one price, and so is a used code, or it would tell
 * for nothing whether a PIN is right; a code is used up only together with its PIN.
 */

import type { Checked, Checking, Method } from "./method.ts";
import { readTotpParameters } from "./totp-parameters.ts";

const id = "otp-pin";

export const codeAndPin: Required<Pick<Method, "mode" | "begin">> = {
  mode: ({ pin, pinWanted }) => (pin && pinWanted ? id : ""),
  begin: (_, mode) => (mode === id ? { mode } : {}),
};

/** `check` looks at the code alone. */
export function withPin({ factor, answer, mode, pin }: Checking, check: (code: string) => Checked): Checked {
  if (mode !== id) return check(answer);
  const { digits } = readTotpParameters(factor.parameters);
  const typed = answer.replaceAll(/[ -]/g, "");
  const checked = check(typed.slice(0, digits));
  if (pin?.matches(typed.slice(digits)) !== true || (!checked.ok && checked.code === "wrong_code"))
    return { ok: false, code: "wrong_code", result: "FAILED_OATH_CODE_PIN_INCORRECT" };
  // named, so that it is not free
  if (!checked.ok)
    return { ...checked, ...(checked.code === "code_duplicate" && { result: "FAILED_OATH_CODE_DUPLICATE" }) };
  return pin.expired ? { ok: false, code: "pin_expired", result: "SUCCESS_PIN_EXPIRED" } : checked;
}
