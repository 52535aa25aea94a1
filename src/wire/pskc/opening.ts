/**
 * How the encrypted values of one document are opened. Must stay true: a wrong key, a changed octet, bad padding and a key
 * of the wrong length end in one error; what a document may make us compute is bounded.
 */

import { createHmac, createSecretKey, pbkdf2, randomBytes, timingSafeEqual, type KeyObject } from "node:crypto";
import { TokenFileError } from "../token-row.ts";
import { readEncrypted, type Cipher, type TransportKey } from "./cipher.ts";
import { base64Of, childOf, PartError, textOf, type Element } from "./element.ts";
import { dsigNs, hmacs, pbkdf2Names, pskcNs, shortName, xenc11Ns, type Hash } from "./names.ts";

export type PskcKeys = {
  preShared?: Buffer | undefined;
  passphrase?: Buffer | undefined;
  privateKey?: KeyObject | undefined;
  allowLegacyMac?: boolean | undefined;
};

/** What stands before the packages. */
export type Header = { encryptionKey?: Element; macMethod?: Element };

export type Opened = { octets: Buffer; warnings: string[] };
export type Opener = {
  /** `element` is the EncryptedValue, `mac` the ValueMAC beside it. */
  open(element: Element, mac: Element | undefined): Opened;
  wipe(): void;
};

const iterations = { least: 1000, most: 10_000_000 };
const leastSalt = 8;
const keyLengths = [16, 24, 32];

const unopened = () => new TokenFileError("the key does not open this file, or the file was changed");

/** The key outside JavaScript's memory: it is also quicker to use. */
type Mac = { hash: Hash; key: KeyObject; isLegacy: boolean };

export async function openerOf(header: Header, keys: PskcKeys): Promise<Opener> {
  const { key, own, mac } = await asFileError(async () => {
    const found = await transportKey(header, keys);
    return { ...found, mac: found.key && macOf(header, found.key, keys) };
  });
  const legacy = keys.allowLegacyMac ?? false;
  return {
    open: (element, value) => {
      const { cipher, octets } = readEncrypted(element, "EncryptedValue");
      if (!key) throw new TokenFileError(whichKey(header));
      const given = value && base64Of(value, "ValueMAC");
      const opened = openValue({ cipher, octets, given }, { key, mac, legacy });
      if (cipher.warning !== undefined) opened.warnings.push(cipher.warning);
      return opened;
    },
    wipe: () => void own?.fill(0),
  };
}

function whichKey({ encryptionKey }: Header): string {
  if (encryptionKey && childOf(encryptionKey, "DerivedKey"))
    return "the file is encrypted with a passphrase, which has to be given";
  if (encryptionKey && childOf(encryptionKey, "X509Data"))
    return "the file is encrypted for a certificate, whose private key has to be given";
  return "the file is encrypted with a pre-shared key, which has to be given";
}

/** `own`: made here, so wiped here. */
async function transportKey(
  { encryptionKey }: Header,
  { preShared, passphrase, privateKey }: PskcKeys,
): Promise<{ key?: TransportKey; own?: Buffer }> {
  const derived = encryptionKey && childOf(encryptionKey, "DerivedKey", xenc11Ns);
  if (derived) {
    if (!passphrase) return {};
    const own = await derive(derived, passphrase);
    return { key: { secret: own }, own };
  }
  if (encryptionKey && childOf(encryptionKey, "X509Data", dsigNs))
    return privateKey ? { key: { private: privateKey } } : {};
  if (privateKey) return { key: { private: privateKey } };
  return preShared ? { key: { secret: preShared } } : {};
}

async function derive(derived: Element, passphrase: Buffer): Promise<Buffer> {
  const { prf, salt, count, length } = readDerivation(derived);
  return await new Promise((resolve, reject) => {
    pbkdf2(passphrase, salt, count, length, prf, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The parameters are read whatever their namespace: the RFC's own figure 7 has lost it. */
function readDerivation(derived: Element) {
  const method = childOf(derived, "KeyDerivationMethod", xenc11Ns);
  const parameters = method && childOf(method, "PBKDF2-params");
  if (!parameters || !pbkdf2Names.has(method.attributes.get("Algorithm")))
    throw new PartError("KeyDerivationMethod: is not PBKDF2 with its parameters");
  const salt = childOf(parameters, "Salt");
  const specified = salt && childOf(salt, "Specified");
  const octets = specified ? base64Of(specified, "Salt") : Buffer.alloc(0);
  if (octets.length < leastSalt) throw new PartError(`Salt: is missing or shorter than ${leastSalt} octets`);
  const count = wholeOf(childOf(parameters, "IterationCount"));
  if (!(count >= iterations.least && count <= iterations.most))
    throw new PartError(`IterationCount: is not between ${iterations.least} and ${iterations.most}`);
  const length = wholeOf(childOf(parameters, "KeyLength"));
  if (!keyLengths.includes(length)) throw new PartError("KeyLength: is not 16, 24 or 32");
  return { prf: prfOf(parameters), salt: octets, count, length };
}

/** NaN: is not one, however Number would read it (`0x7d0`, `2e3`). */
const wholeOf = (element: Element | undefined): number => Number(/^\d{1,10}$/.exec(textOf(element) ?? "")?.[0] ?? NaN);

function prfOf(parameters: Element): Hash {
  const uri = childOf(parameters, "PRF")?.attributes.get("Algorithm") ?? `${dsigNs}hmac-sha1`;
  const hash = hmacs.get(uri);
  if (!hash) throw new PartError(`PRF: ${JSON.stringify(shortName(uri))} is not accepted`);
  return hash;
}

/** What is wrong with the header is wrong with the file. */
async function asFileError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof PartError ? new TokenFileError(error.message) : error;
  }
}

function macOf({ macMethod }: Header, key: TransportKey, { allowLegacyMac }: PskcKeys): Mac | undefined {
  if (!macMethod) return undefined;
  const uri = macMethod.attributes.get("Algorithm");
  const hash = uri === undefined ? undefined : hmacs.get(uri);
  if (!hash) throw new PartError(`MACMethod: ${JSON.stringify(shortName(uri ?? ""))} is not accepted`);
  const element = childOf(macMethod, "MACKey", pskcNs);
  if (element) {
    const { cipher, octets } = readEncrypted(element, "MACKey");
    const opened = cipher.open(octets, key);
    // one that does not open goes on as one that is wrong: the MACs say so, and take the same time
    return { hash, key: keyObject(opened && opened.length > 0 ? opened : randomBytes(20)), isLegacy: false };
  }
  if (!allowLegacyMac || !("secret" in key))
    throw new PartError("MACMethod: has no MACKey, as older files have it; that has to be allowed for this import");
  return { hash, key: createSecretKey(key.secret), isLegacy: true };
}

function keyObject(octets: Buffer): KeyObject {
  const key = createSecretKey(octets);
  octets.fill(0);
  return key;
}

type Value = { cipher: Cipher; octets: Buffer; given: Buffer | undefined };
type With = { key: TransportKey; mac: Mac | undefined; legacy: boolean };

function openValue(value: Value, { key, mac, legacy }: With): Opened {
  const { cipher, octets, given } = value;
  if (!mac || !given) return openBare(value, { key, mac, legacy });
  const holds = matches(mac, octets, given);
  if (!holds && !legacy) throw unopened();
  const opened = cipher.open(octets, key);
  if (!opened) throw unopened();
  if (holds) return { octets: opened, warnings: mac.isLegacy ? ["its MAC uses the encryption key"] : [] };
  // drafts computed it over the plaintext
  if (matches(mac, opened, given))
    return { octets: opened, warnings: ["its MAC covers the secret and not what was sent"] };
  opened.fill(0);
  throw unopened();
}

/** A ciphertext that no MAC is over. */
function openBare({ cipher, octets }: Value, { key, mac, legacy }: With): Opened {
  if (!cipher.isAuthentic && !legacy)
    throw new PartError(
      `${mac ? "ValueMAC" : "MACMethod"}: is missing, so nothing shows whether the secret was changed`,
    );
  const opened = cipher.open(octets, key);
  if (!opened) throw unopened();
  return {
    octets: opened,
    warnings: cipher.isAuthentic ? [] : ["nothing shows whether its secret was changed on the way"],
  };
}

function matches({ hash, key }: Mac, octets: Buffer, given: Buffer): boolean {
  const computed = createHmac(hash, key).update(octets).digest();
  return computed.length === given.length && timingSafeEqual(computed, given);
}
