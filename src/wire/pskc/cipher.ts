/**
 * Ciphertexts of XML Encryption. Must stay true: a ciphertext without integrity of its own is opened only after its MAC held
 * (whoever calls sees to that), and why one does not open is told to nobody.
 */

import { constants, createDecipheriv, privateDecrypt, type KeyObject } from "node:crypto";
import { base64Of, childOf, PartError, type Element } from "./element.ts";
import { digests, shortName, xenc11Ns, xencNs } from "./names.ts";

export type TransportKey = { secret: Buffer } | { private: KeyObject };

export type Cipher = {
  /** a changed ciphertext does not open, so that no MAC is needed */
  isAuthentic: boolean;
  warning?: string;
  /** undefined: does not open with this key */
  open: (octets: Buffer, key: TransportKey) => Buffer | undefined;
};

const attempt = (work: () => Buffer | undefined): Buffer | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

type Symmetric = { name: string; keyLength: number };

const cbc = ({ name, keyLength }: Symmetric, block: number): Cipher => ({
  isAuthentic: false,
  open: (octets, key) =>
    attempt(() => {
      if (!("secret" in key) || key.secret.length !== keyLength) return undefined;
      const decipher = createDecipheriv(name, key.secret, octets.subarray(0, block)).setAutoPadding(false);
      const plain = decipher.update(octets.subarray(block));
      decipher.final();
      // XML Encryption §5.2: only the last octet of the padding says something
      const padding = plain.at(-1) ?? 0;
      return padding >= 1 && padding <= block ? plain.subarray(0, plain.length - padding) : undefined;
    }),
});

const wrap = ({ name, keyLength }: Symmetric, iv: string): Cipher => ({
  isAuthentic: true,
  open: (octets, key) =>
    attempt(() => {
      if (!("secret" in key) || key.secret.length !== keyLength) return undefined;
      const decipher = createDecipheriv(name, key.secret, Buffer.from(iv, "hex"));
      return Buffer.concat([decipher.update(octets), decipher.final()]);
    }),
});

const oaep = (hash: string): Cipher => ({
  isAuthentic: true,
  open: (octets, key) =>
    attempt(() =>
      "private" in key
        ? privateDecrypt({ key: key.private, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, octets)
        : undefined,
    ),
});

const symmetric = new Map<string, Cipher>();
for (const bits of [128, 192, 256]) {
  const keyLength = bits / 8;
  symmetric.set(`${xencNs}aes${bits}-cbc`, cbc({ name: `aes-${bits}-cbc`, keyLength }, 16));
  symmetric.set(`${xencNs}kw-aes${bits}`, wrap({ name: `id-aes${bits}-wrap`, keyLength }, "a6a6a6a6a6a6a6a6"));
  symmetric.set(`${xenc11Ns}kw-aes-${bits}-pad`, wrap({ name: `id-aes${bits}-wrap-pad`, keyLength }, "a65959a6"));
}
symmetric.set(`${xencNs}tripledes-cbc`, {
  ...cbc({ name: "des-ede3-cbc", keyLength: 24 }, 8),
  warning: "its secret was encrypted with Triple DES, which is out of date",
});

/** What an element with EncryptionMethod and CipherData says. */
export function readEncrypted(element: Element, what: string): { cipher: Cipher; octets: Buffer } {
  const method = childOf(element, "EncryptionMethod", xencNs);
  const data = childOf(element, "CipherData", xencNs);
  const value = data && childOf(data, "CipherValue", xencNs);
  const uri = method?.attributes.get("Algorithm");
  if (!method || uri === undefined) throw new PartError(`${what}: does not say how it is encrypted`);
  if (!value) throw new PartError(`${what}: has no CipherValue`);
  return { cipher: cipherOf(method, uri), octets: base64Of(value, `${what}: CipherValue`) };
}

function cipherOf(method: Element, uri: string): Cipher {
  const found = symmetric.get(uri);
  if (found) return found;
  // an answer on whether RSA 1.5 opened is enough to read what it holds (Bleichenbacher)
  if (uri === `${xencNs}rsa_1_5`) throw new PartError("is encrypted with RSA 1.5, which is not accepted");
  const digest = digests.get(childOf(method, "DigestMethod")?.attributes.get("Algorithm"));
  const mgf = childOf(method, "MGF")?.attributes.get("Algorithm");
  const mask = mgf === undefined ? "sha1" : /#mgf1(sha\d+)$/.exec(mgf)?.[1];
  if (uri === `${xencNs}rsa-oaep-mgf1p` && digest === "sha1") return oaep(digest);
  if (uri === `${xenc11Ns}rsa-oaep` && digest !== undefined && digest === mask) return oaep(digest);
  throw new PartError(`is encrypted with ${JSON.stringify(shortName(uri))}, which is not accepted`);
}
