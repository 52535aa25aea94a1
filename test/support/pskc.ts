// PSKC documents for tests: made here, read back, and the figures of RFC 6030 as the RFC prints them.
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readPskc, type PskcOptions } from "#wire/pskc/read.ts";
import { TokenFileError, type FileRow, type TokenRow } from "#wire/token-row.ts";

export async function* inPieces(octets: Uint8Array, size = 1000) {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}
export async function read(
  document: string | Uint8Array,
  options: PskcOptions = {},
  size?: number,
): Promise<FileRow[]> {
  const rows: FileRow[] = [];
  const octets = typeof document === "string" ? Buffer.from(document) : document;
  for await (const some of readPskc(inPieces(octets, size), options)) rows.push(...some);
  return rows;
}
export const refusal = async (...given: Parameters<typeof read>) =>
  await read(...given).then(
    () => "read",
    (error: unknown) => (error instanceof TokenFileError ? error.message : String(error)),
  );
export const reasonOf = async (...given: Parameters<typeof read>) => {
  const [row] = await read(...given);
  return row && "reason" in row ? row.reason : "accepted";
};
export const tokenOf = async (...given: Parameters<typeof read>) => (await read(...given))[0] as TokenRow;
export const seedOf = (row: FileRow | undefined) =>
  (row as { secret: { bytes: Buffer } }).secret.bytes.toString("latin1");

export const figure = (number: number) =>
  readFileSync(new URL(`../vectors/rfc6030/figure${number}.xml`, import.meta.url), "utf8");
export const preShared = () => Buffer.from("12345678901234567890123456789012", "hex");

export const ns = "urn:ietf:params:xml:ns:keyprov:pskc";
export const container = (inside: string, attributes = 'Version="1.0"') =>
  `<KeyContainer ${attributes} xmlns="${ns}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:xenc11="http://www.w3.org/2009/xmlenc11#">${inside}</KeyContainer>`;
export const plain = "<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>";
export const key = ({ data = plain, more = "", id = 'Id="k1"', before = "", type = `${ns}:hotp` } = {}) =>
  `<KeyPackage><DeviceInfo><SerialNo>s1</SerialNo></DeviceInfo><Key ${id} Algorithm="${type}">${before}<Data>${data}</Data>${more}</Key></KeyPackage>`;

export type Sealing = {
  name?: string;
  key?: Buffer;
  mac?: string;
  macName?: string;
  uri?: string;
  change?: (value: Buffer) => Buffer;
  /** what the MAC is computed over instead of what is sent */
  macOver?: Buffer;
};
export const encrypted = (uri: string, value: Buffer) =>
  `<xenc:EncryptionMethod Algorithm="${uri}"/><xenc:CipherData><xenc:CipherValue>${value.toString("base64")}</xenc:CipherValue></xenc:CipherData>`;
export const xenc = "http://www.w3.org/2001/04/xmlenc#";
export const more = "http://www.w3.org/2001/04/xmldsig-more#";
export const seed20 = Buffer.from("12345678901234567890");

export function cbc(name: string, secret: Buffer, value: Buffer) {
  const iv = randomBytes(name.startsWith("des") ? 8 : 16);
  const cipher = createCipheriv(name, secret, iv);
  return Buffer.concat([iv, cipher.update(value), cipher.final()]);
}
/** A container as vendors make it: the MAC's key and the seed under one key. */
export function sealed({
  name = "aes-128-cbc",
  key: secret = preShared(),
  mac = "sha1",
  macName,
  uri,
  change = (value) => value,
  macOver,
}: Sealing = {}) {
  const algorithm = uri ?? `${xenc}${name.replace("aes-", "aes")}`;
  const macKey = randomBytes(20);
  const value = change(cbc(name, secret, seed20));
  const valueMac = createHmac(mac, macKey)
    .update(macOver ?? value)
    .digest("base64");
  const method = macName ?? `${mac === "sha1" ? "http://www.w3.org/2000/09/xmldsig#" : more}hmac-${mac}`;
  return container(
    `<EncryptionKey><ds:KeyName>k</ds:KeyName></EncryptionKey><MACMethod Algorithm="${method}"><MACKey>${encrypted(algorithm, cbc(name, secret, macKey))}</MACKey></MACMethod>` +
      key({
        data: `<Secret><EncryptedValue>${encrypted(algorithm, value)}</EncryptedValue><ValueMAC>${valueMac}</ValueMAC></Secret>`,
      }),
  );
}
