import { createCipheriv, createDecipheriv, randomBytes, type CipherKey } from "node:crypto";

/**
 * Sealing of secrets at rest: AES-256-GCM, version ‖ iv ‖ tag ‖ ciphertext. The associated data names table, column, row
 * and key version, so that a ciphertext moved to another row does not open.
 */

export type Place = { table: string; column: string; row: string };
export type SealKey = { version: number; key: CipherKey };

const ivLength = 12;
const tagLength = 16;
const head = 1 + ivLength + tagLength;
const about = ({ table, column, row }: Place, version: number) =>
  Buffer.from(`${table}\0${column}\0${row}\0${version}`);

export function seal(plain: Uint8Array, place: Place, { version, key }: SealKey): Buffer {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(about(place, version));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), sealed]);
}

/** Throws when the bytes were changed, belong to another row or were sealed under another key. */
export function unseal(sealed: Uint8Array, place: Place, keyOf: (version: number) => CipherKey): Buffer {
  if (sealed.length < head) throw new Error("sealed bytes are too short");
  const version = sealed[0]!;
  const decipher = createDecipheriv("aes-256-gcm", keyOf(version), sealed.subarray(1, 1 + ivLength), {
    authTagLength: tagLength,
  });
  decipher.setAAD(about(place, version));
  decipher.setAuthTag(sealed.subarray(1 + ivLength, head));
  const plain = decipher.update(sealed.subarray(head));
  decipher.final(); // throws when the tag does not hold; a stream mode has no last block
  return plain;
}
