/**
 * A notification's octets as only the browser that subscribed can read them (RFC 8291, in one record of RFC 8188). Must stay
 * true: a key pair and a salt for each message; messages of all kinds have one length, so that who carries them learns nothing.
 */

import { createCipheriv, createECDH, ECDH, hkdfSync, randomBytes, type ECDH as KeyPair } from "node:crypto";

/** base64url as browsers give them: an uncompressed point of P-256, and sixteen octets. */
export type SubscriptionKeys = { p256dh: string; auth: string };

const curve = "prime256v1";
const pointLength = 65;
const authLength = 16;
const recordSize = 4096;
/** The last record's delimiter; zeros follow it. */
const ending = Buffer.of(2);

const octets = (text: string) => Buffer.from(text, "base64url");

/** Whether a message can be encrypted to them at all. */
export function areKeys({ p256dh, auth }: SubscriptionKeys): boolean {
  if (octets(p256dh).length !== pointLength || octets(auth).length !== authLength) return false;
  try {
    // throws for a point that is not on the curve
    return ECDH.convertKey(octets(p256dh), curve).length === pointLength;
  } catch {
    return false;
  }
}

type Once = { salt: Buffer; pair: KeyPair; length: number };

/** `length`: what the plain text is filled up to. */
export function encrypt(plain: Uint8Array, { p256dh, auth }: SubscriptionKeys, once: Partial<Once> = {}): Buffer {
  const { salt = randomBytes(16), pair = newPair(), length = 160 } = once;
  const [theirs, ours] = [octets(p256dh), pair.getPublicKey()];
  const about = Buffer.concat([Buffer.from("WebPush: info\0"), theirs, ours]);
  const secret = derive(pair.computeSecret(theirs), { salt: octets(auth), info: about, length: 32 });
  const key = derive(secret, { salt, info: "Content-Encoding: aes128gcm\0", length: 16 });
  const nonce = derive(secret, { salt, info: "Content-Encoding: nonce\0", length: 12 });
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  const filled = Buffer.concat([plain, ending], Math.max(plain.length, length) + ending.length);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(recordSize);
  const head = [salt, size, Buffer.of(ours.length), ours];
  return Buffer.concat([...head, cipher.update(filled), cipher.final(), cipher.getAuthTag()]);
}

function newPair(): KeyPair {
  const pair = createECDH(curve);
  pair.generateKeys();
  return pair;
}

const derive = (secret: Uint8Array, to: { salt: Uint8Array; info: string | Uint8Array; length: number }): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, to.salt, to.info, to.length));
