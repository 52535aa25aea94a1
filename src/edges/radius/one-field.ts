import type { RadiusClientOptions } from "#core/radius-client.ts";

type Field = Pick<RadiusClientOptions, "mode" | "separator" | "codeLength">;

/**
 * Password and code where PAP's one field holds both. Must stay true: what stands where a code does and can be one is the code,
 * and all else is the password; so whatever a password holds, with a code behind it both are found.
 */
export function splitField(text: string, { mode, separator, codeLength }: Field): { password: string; code?: string } {
  const separated = mode === "append";
  const at = separated ? text.lastIndexOf(separator) : text.length - codeLength;
  const code = text.slice(separated ? at + 1 : at);
  // as it is typed, in groups; a count of characters has no room for them
  const digits = separated ? code.replaceAll(/[ -]/g, "") : code;
  return at > 0 && standing.test(digits) ? { password: text.slice(0, at), code } : { password: text };
}
/** Codes that exist before anyone asks: an app's or token's six to eight digits, and a PIN of up to sixteen behind them. */
const standing = /^[0-9]{6,24}$/;
