/**
 * How an integration proves each request: an HMAC over it with the key's secret, a time and a nonce. Pure; the nonce is
 * made single-use by the store. Must stay true: nothing of a request that matters is outside the signed text.
 */

import { hash, hkdfSync, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import { z } from "zod";
import { hmacKey, type HmacKey } from "./crypto/hmac.ts";
import { firstFactor } from "./first-factor.ts";

/** What a key may do. Closed: a scope that is not here does not exist. */
export const apiScopes = [
  "verify",
  "registrations",
  "helpdesk",
  "applications",
  "gateways",
  "voice",
  "tokens",
] as const;
export type ApiScope = (typeof apiScopes)[number];

/** What an administrator says of a key, with the defaults of `api-key add`. */
export const apiKeyOptions = z.strictObject({
  application: z.string().min(1).max(100),
  firstFactor: firstFactor.default("none"),
  /** Addresses and ranges that requests may come from; none is anywhere. */
  cidrs: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(100)
    .default([]),
});
export type ApiKeyOptions = z.output<typeof apiKeyOptions>;

/** how far an integration's clock may be from ours. */
export const skewMs = 300_000;

export type Proof = { keyId: string; time: number; nonce: string; signature: Buffer };
export type SignedParts = { method: string; target: string; bodySha256: string };

const authorization =
  /^Countersign-HMAC-SHA256 key=(key_[\w-]{1,60}), ?time=(\d{1,12}), ?nonce=([\w.~+/=-]{16,64}), ?signature=([\w-]{43})$/;

export function parseAuthorization(header: string | undefined): Proof | undefined {
  const [, keyId, time, nonce, signature] = authorization.exec(header ?? "") ?? [];
  if (keyId === undefined || nonce === undefined || signature === undefined) return undefined;
  return { keyId, time: Number(time), nonce, signature: Buffer.from(signature, "base64url") };
}

/** `target` is path and query as they stand in the request line. */
export function isSigned(
  { method, target, bodySha256 }: SignedParts,
  { time, nonce, signature }: Proof,
  secret: HmacKey,
): boolean {
  const expected = secret.digest(Buffer.from(`${method}\n${target}\n${time}\n${nonce}\n${bodySha256}`));
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

export const sha256Hex = (body: Uint8Array): string => hash("sha256", body, "hex");

export const isTimely = ({ time }: Proof, now: number): boolean => Math.abs(time * 1000 - now) <= skewMs;

/** The key that verdicts are signed with: its own, so that a verdict can never pass for a request. */
export const verdictKey = (secret: Uint8Array): HmacKey =>
  hmacKey("sha256", Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), "countersign verdict", 32)));

export function addressRule(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => true;
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [address, bits] = cidr.split("/");
    const family = isIPv6(address!) ? "ipv6" : "ipv4";
    if (bits === undefined) ranges.addAddress(address!, family);
    else ranges.addSubnet(address!, Number(bits), family);
  }
  return (address) => ranges.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
