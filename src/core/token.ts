/**
 * What of a token file may become a token: the one place that judges. Must stay true: nothing is enrolled that signs in
 * weaker than what we make ourselves, and no reason repeats a part of a secret.
 */

import { readBase32, type Decoded } from "./crypto/base32.ts";
import { defaultTotp, type TotpParameters } from "./methods/totp-parameters.ts";

export type TokenType = "totp" | "hotp";
export const tokenStates = ["available", "assigned", "activated", "lost", "revoked"] as const;
export type TokenState = (typeof tokenStates)[number];

/** Serial numbers are read off a token's back: what the eye does not tell apart is one. */
export const serialKey = (serial: string): string => serial.normalize("NFKC").replaceAll(/[\s-]/g, "").toUpperCase();

/** As a file says it; what it does not say is undefined, and NaN where it says something else. */
export type TokenClaim = {
  secret: { bytes: Buffer } | { text: string; encoding: "base32" | "hex" | "unclear" };
  type?: TokenType | undefined;
  algorithm?: string | undefined;
  digits?: number | undefined;
  period?: number | undefined;
  counter?: number | undefined;
  drift?: number | undefined;
  startsAt?: number | undefined;
  expiresAt?: number | undefined;
};

/** What is taken for true where the file is silent. */
export type TokenDefaults = {
  type: TokenType;
  algorithm: TotpParameters["algorithm"];
  digits: TotpParameters["digits"];
  period: TotpParameters["period"];
  /** of a secret that reads both ways */
  encoding: "base32" | "hex";
};
export const tokenDefaults: TokenDefaults = { ...defaultTotp, type: "totp", encoding: "base32" };

export type JudgedToken = {
  seed: Buffer;
  type: TokenType;
  parameters: Pick<TotpParameters, "digits" | "algorithm"> & { period?: TotpParameters["period"] };
  /** of a TOTP token the newest step that is over, of a HOTP token the next counter */
  counter: number;
  drift: number;
  startsAt: number | null;
  expiresAt: number | null;
  warnings: string[];
};
export type Judgement = { ok: true; token: JudgedToken } | { ok: false; reason: string };

type Moment = { now: number };

const seedLength = { least: 16, most: 128 };
const driftBound = 10;
const refuse = (reason: string): Judgement => ({ ok: false, reason });
const isOneOf = <T>(list: readonly T[], value: unknown): value is T => list.includes(value as T);

/** The seed is the caller's to wipe. */
export function judgeToken(claim: TokenClaim, defaults: TokenDefaults, moment: Moment): Judgement {
  const shape = shapeOf(claim, defaults);
  if ("reason" in shape) return refuse(shape.reason);
  const times = timesOf(claim, shape, moment);
  if (typeof times === "string") return refuse(times);
  const decoded = decodeSecret(claim.secret, defaults.encoding);
  if (!decoded.ok) return refuse(`secret: ${decoded.reason}`);
  return {
    ok: true,
    token: { seed: decoded.bytes, ...shape, ...times, warnings: [...shape.warnings, ...times.warnings] },
  };
}

type Shape = Pick<JudgedToken, "type" | "parameters" | "warnings">;

function shapeOf(claim: TokenClaim, defaults: TokenDefaults): Shape | { reason: string } {
  const type = claim.type ?? defaults.type;
  const algorithm = claim.algorithm === undefined ? defaults.algorithm : hashOf(claim.algorithm);
  if (!isOneOf(["sha1", "sha256", "sha512"] as const, algorithm))
    return { reason: "algorithm: is none of SHA-1, SHA-256 and SHA-512" };
  const digits = claim.digits ?? defaults.digits;
  if (!isOneOf([6, 7, 8] as const, digits)) return { reason: "digits: a code has 6, 7 or 8" };
  const warnings =
    claim.digits === undefined && "bytes" in claim.secret ? [`codes are taken to have ${digits} digits`] : [];
  if (type === "hotp") return { type, parameters: { digits, algorithm }, warnings };
  const period = claim.period ?? defaults.period;
  if (!isOneOf([30, 60] as const, period)) return { reason: "time interval: has to be 30 or 60 seconds" };
  return { type, parameters: { digits, algorithm, period }, warnings };
}

/** `HMAC-SHA256`, `SHA_256`, `hmacsha256` */
const hashOf = (name: string): string => {
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return bare.replace(/^hmac/, "").replace(/^(?:totp|hotp)/, "");
};

type Times = Pick<JudgedToken, "counter" | "drift" | "startsAt" | "expiresAt" | "warnings">;

function timesOf(claim: TokenClaim, { type, parameters }: Shape, { now }: Moment): Times | string {
  const { startsAt = null, expiresAt = null, counter = 0, drift = 0 } = claim;
  if ([startsAt, expiresAt].some(Number.isNaN)) return "start or expiry: is not a date";
  if (!(Number.isSafeInteger(counter) && counter >= 0)) return "counter: is not a whole number";
  const warnings = expiresAt !== null && expiresAt <= now ? ["has expired, so it cannot be given to anybody"] : [];
  if (type === "hotp") return { counter, drift: 0, startsAt, expiresAt, warnings };
  if (counter > now / (parameters.period! * 1000) + driftBound)
    return "time: is in the future, so no code of it would count";
  return { counter, drift: boundDrift(drift, warnings), startsAt, expiresAt, warnings };
}

/** the window is never further away than this. */
function boundDrift(drift: number, warnings: string[]): number {
  const bound = Math.max(-driftBound, Math.min(driftBound, drift));
  if (bound !== drift) warnings.push("its clock is too far off: it has to be synchronised before it can be used");
  return bound;
}

export function decodeSecret(secret: TokenClaim["secret"], otherwise: "base32" | "hex"): Decoded {
  if ("bytes" in secret) return checkLength(secret.bytes);
  const { text } = secret;
  const encoding = secret.encoding === "unclear" ? otherwise : secret.encoding;
  if (encoding === "hex") return readHex(text);
  const decoded = readBase32(text.toUpperCase());
  return decoded.ok ? checkLength(decoded.bytes) : decoded;
}

function readHex(text: string): Decoded {
  if (/[^0-9A-Fa-f]/.test(text)) return { ok: false, reason: "has characters other than hexadecimal digits" };
  if (text.length % 2 === 1)
    return { ok: false, reason: "has an odd number of hexadecimal digits: one is missing or too many" };
  return checkLength(Buffer.from(text, "hex"));
}

/** a seed that others made has at least 128 bits. */
function checkLength(bytes: Buffer): Decoded {
  if (bytes.length >= seedLength.least && bytes.length <= seedLength.most) return { ok: true, bytes };
  bytes.fill(0);
  const { least, most } = seedLength;
  return {
    ok: false,
    reason: bytes.length < least ? `is shorter than ${least * 8} bits` : `is longer than ${most} bytes`,
  };
}
