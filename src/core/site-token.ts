/**
 * The identity of a request as a signed token for the application behind the proxy: ES256, for one host, for a
 * minute. Must stay true: its key signs nothing else, so that no other token can pass for this one.
 */

import { createECDH, createHash, createPrivateKey, sign, type KeyObject } from "node:crypto";

export type SigningKey = { id: string; key: KeyObject; public: Record<string, string> };

const lifeSeconds = 60;
const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The key that 32 secret octets stand for; every node of a group makes the same. */
export function signingKey(secret: Uint8Array): SigningKey {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(secret);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const open = { crv: "P-256", kty: "EC", x: x!, y: y! } as const;
  const d = Buffer.from(secret).toString("base64url");
  const key = createPrivateKey({ key: { ...open, d }, format: "jwk" });
  // RFC 7638: the name of a key is its thumbprint
  const id = createHash("sha256").update(JSON.stringify(open)).digest("base64url");
  return { id, key, public: { ...open, kid: id, alg: "ES256", use: "sig" } };
}

export type Claims = { issuer: string; host: string; now: number; about: Record<string, unknown> };

export function siteToken({ id, key }: SigningKey, { issuer, host, now, about }: Claims): string {
  const iat = Math.floor(now / 1000);
  const claims = { iss: issuer, aud: host, iat, exp: iat + lifeSeconds, ...about };
  const text = `${segment({ alg: "ES256", typ: "site+jwt", kid: id })}.${segment(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
