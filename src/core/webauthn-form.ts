/**
 * What a browser hands in for a passkey, as to its form alone: sizes, encodings, structure. Nothing here is
 * believed yet; webauthn.ts verifies it. Must stay true: what is not exactly well formed throws.
 */

import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { readCbor, readWholeCbor, type CborMap } from "./cbor.ts";

/** as text. An answer without attestation has less than two thousand characters. */
const longest = 64_000;
/** octets. */
const longestId = 1023;

const base64url = z.string().refine((text) => Buffer.from(text, "base64url").toString("base64url") === text);
const credentialId = base64url.min(1).refine((text) => Buffer.from(text, "base64url").length <= longestId);
const common = { id: credentialId, rawId: credentialId, type: z.literal("public-key") };
const registration = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string()).optional(),
  }),
});
const assertion = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
});
/** Where the page came from; the rest of it is the library's to look at. */
const clientData = z.object({
  challenge: base64url,
  // no page of somebody else's around ours
  crossOrigin: z.literal(false).optional(),
  topOrigin: z.undefined().optional(),
});

export type RegistrationForm = z.output<typeof registration> & { challenge: string; attested: Attested };
export type AssertionForm = z.output<typeof assertion> & { challenge: string; backupEligible: boolean };

/** The new credential as the authenticator describes it. */
export type Attested = { credentialId: string; aaguid: string; publicKey: Uint8Array; alg: number };

export function readRegistration(text: string): RegistrationForm {
  const form = registration.parse(readJson(text));
  const object = mapOf(readWholeCbor(Buffer.from(form.response.attestationObject, "base64url")));
  const statement = mapOf(object.get("attStmt"));
  // We ask for no attestation. A certificate that comes all the same would be checked against lists fetched from addresses
  // that it names itself, so whoever wrote it would choose what this server connects to.
  if (object.get("fmt") !== "none" && (object.get("fmt") !== "packed" || statement.has("x5c")))
    throw new Error("attestation");
  const { attested } = readAuthenticatorData(octets(object.get("authData")));
  if (!attested || attested.credentialId !== form.id) throw new Error("no credential, or another one");
  return { ...form, attested, challenge: challengeIn(form.response.clientDataJSON) };
}

export function readAssertion(text: string): AssertionForm {
  const form = assertion.parse(readJson(text));
  const data = readAuthenticatorData(Buffer.from(form.response.authenticatorData, "base64url"));
  // WebAuthn §6.1: an assertion describes no credential
  if (data.attested) throw new Error("a credential in an assertion");
  return { ...form, backupEligible: data.backupEligible, challenge: challengeIn(form.response.clientDataJSON) };
}

function readJson(text: string): unknown {
  if (text.length > longest) throw new Error("too long");
  return JSON.parse(text);
}

function challengeIn(clientDataJson: string): string {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(clientDataJson, "base64url"));
  return clientData.parse(JSON.parse(text)).challenge;
}

/** WebAuthn §6.1: hash of the RP ID, flags, counter; then the credential and extensions that the flags announce, and no more. */
function readAuthenticatorData(data: Uint8Array) {
  if (data.length < 37) throw new Error("authenticator data");
  const flags = data[32]!;
  const credential = (flags & 0x40) === 0 ? undefined : readAttested(data);
  let end = credential?.end ?? 37;
  if ((flags & 0x80) !== 0) {
    const extensions = readCbor(data, end);
    mapOf(extensions.value);
    end = extensions.end;
  }
  if (end !== data.length) throw new Error("authenticator data goes on");
  return { attested: credential?.attested, backupEligible: (flags & 0x08) !== 0 };
}

function readAttested(data: Uint8Array): { attested: Attested; end: number } {
  const length = Buffer.from(data.subarray(53, 55)).readUInt16BE();
  const keyAt = 55 + length;
  if (length === 0 || length > longestId || keyAt > data.length) throw new Error("credential id");
  const key = readCbor(data, keyAt);
  const hex = Buffer.from(data.subarray(37, 53)).toString("hex");
  const attested = {
    credentialId: encode(data.subarray(55, keyAt)),
    aaguid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    publicKey: data.subarray(keyAt, key.end),
    alg: checkKey(mapOf(key.value)),
  };
  return { attested, end: key.end };
}

/** COSE labels: 1 is the key's type, 3 its algorithm; what the negative ones mean depends on the type. */
type KeyForm = { fixed: [number, number][]; jwk: { kty: string; crv?: string }; parts: Record<string, number> };
const keyForms = new Map<unknown, KeyForm>([
  [
    -7,
    {
      fixed: [
        [1, 2],
        [-1, 1],
      ],
      jwk: { kty: "EC", crv: "P-256" },
      parts: { x: -2, y: -3 },
    },
  ],
  [
    -8,
    {
      fixed: [
        [1, 1],
        [-1, 6],
      ],
      jwk: { kty: "OKP", crv: "Ed25519" },
      parts: { x: -2 },
    },
  ],
  [-257, { fixed: [[1, 3]], jwk: { kty: "RSA" }, parts: { n: -1, e: -2 } }],
]);

/** COSE algorithms that we offer, best first: ES256, EdDSA, RS256. */
export const algorithms = [...keyForms.keys()] as number[];

/** an algorithm of ours, its own type of key and curve and nothing else, and a point that lies on it. */
function checkKey(key: CborMap): number {
  const alg = key.get(3);
  const form = keyForms.get(alg);
  if (form === undefined) throw new Error("algorithm");
  const { fixed, jwk, parts } = form;
  const values = Object.entries(parts).map(([name, label]) => [name, encode(octets(key.get(label)))] as const);
  if (key.size !== 1 + fixed.length + values.length || fixed.some(([label, value]) => key.get(label) !== value))
    throw new Error("key form");
  const made = createPublicKey({ key: { ...jwk, ...Object.fromEntries(values) }, format: "jwk" });
  const { modulusLength = 2048, publicExponent = 65_537n } = made.asymmetricKeyDetails ?? {};
  if (modulusLength < 2048 || modulusLength > 4096 || publicExponent !== 65_537n) throw new Error("RSA key");
  return alg as number;
}

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
function mapOf(value: unknown): CborMap {
  if (!(value instanceof Map)) throw new Error("no map");
  return value as CborMap;
}
function octets(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error("no octets");
  return value;
}
