/**
 * What a token file says of one token, as it stands there: nothing is judged yet but the form. Must stay true: a reason or
 * a warning never repeats a part of a secret.
 */

/** Octets, or text whose alphabet is told or only guessed. */
export type TokenSecret = { bytes: Buffer } | { text: string; encoding: "base32" | "hex" | "unclear" };

export type TokenRow = {
  /** where it begins */
  line: number;
  serial: string;
  secret: TokenSecret;
  /** undefined: the file does not say */
  type?: "totp" | "hotp" | undefined;
  /** as it is written, without case and punctuation: `sha1`, `md5` */
  algorithm?: string | undefined;
  digits?: number | undefined;
  /** seconds */
  period?: number | undefined;
  /** of a HOTP token: the next to come; of a TOTP token: the steps that have passed */
  counter?: number | undefined;
  /** steps that the token's clock is ahead */
  drift?: number | undefined;
  manufacturer?: string | undefined;
  model?: string | undefined;
  username?: string | undefined;
  /** epoch ms */
  startsAt?: number | undefined;
  expiresAt?: number | undefined;
  warnings: string[];
  /** of a CSV: the row as it was, the secret left out */
  fields?: string[];
};

export type RefusedRow = { line: number; serial: string; reason: string; fields?: string[] };
export type FileRow = TokenRow | RefusedRow;

/** Why the whole file cannot be read. */
export class TokenFileError extends Error {}
