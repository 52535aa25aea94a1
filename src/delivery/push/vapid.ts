/**
 * Who sends a notification, as push services want to know it (RFC 8292): a token that we sign for each of them with the key
 * to which browsers have bound their subscriptions.
 */

import { createECDH, createPrivateKey, sign, type KeyObject } from "node:crypto";

export type VapidKey = { privateKey: KeyObject; publicKey: string };

/** `scalar`: 32 octets by chance; one in four thousand million of them is no key, and throws. */
export function vapidKey(scalar: Uint8Array): VapidKey {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(scalar);
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString("base64url"));
  const jwk = { kty: "EC", crv: "P-256", d: Buffer.from(scalar).toString("base64url"), x, y };
  return {
    privateKey: createPrivateKey({ key: jwk as object, format: "jwk" }),
    publicKey: point.toString("base64url"),
  };
}

/** Push services refuse what is good for more than a day. */
const lifeSeconds = 12 * 3600;

/** `subject`: whom a push service can write to; `now` in epoch ms. */
export function authorization(
  { privateKey, publicKey }: VapidKey,
  { endpoint, subject, now }: { endpoint: string; subject: string; now: number },
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { aud: new URL(endpoint).origin, exp: Math.floor(now / 1000) + lifeSeconds, sub: subject };
  const signed = `${part({ typ: "JWT", alg: "ES256" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `vapid t=${signed}.${signature.toString("base64url")}, k=${publicKey}`;
}
