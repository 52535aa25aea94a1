// Every step of WebAuthn §7.1 and §7.2, each by an answer that is right but for that step.
import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  cbor,
  cborHead,
  coseKey,
  flag,
  makeAuthenticator,
  type Authenticator,
  type Twist,
} from "../../test/support/authenticator.ts";
import { readAssertion, readRegistration } from "./webauthn-form.ts";
import {
  checkAssertion,
  checkRegistration,
  registrationOptions,
  relyingParty,
  requestOptions,
  type Asserted,
  type Passkey,
} from "./webauthn.ts";

const site = { id: "login.example.org", origin: "https://login.example.org" };
const challenge = Buffer.alloc(32, 7).toString("base64url");
const ceremony = { challenge, rpId: site.id, origin: site.origin };
const { present, verified, eligible, backedUp, attested, extensions } = flag;
const person = present | verified;

async function registered(text: string): Promise<Passkey | undefined> {
  try {
    return await checkRegistration(readRegistration(text), { site, challenge });
  } catch {
    return undefined;
  }
}
const refused = { ok: false, userVerified: false, signCount: 0 };
async function asserted(text: string, passkey: Passkey): Promise<Asserted> {
  try {
    return await checkAssertion(readAssertion(text), { site, challenge, passkey });
  } catch {
    return refused;
  }
}

/** A page's answer in the client data, another than ours. */
const client = (change: Record<string, unknown>): Twist => ({ clientData: (right) => ({ ...right, ...change }) });
const rsa = (modulusLength: number, publicExponent = 65_537) =>
  coseKey(generateKeyPairSync("rsa", { modulusLength, publicExponent }).publicKey, -257);
const noForm = (change: Record<string, unknown>): Twist => ({ form: (right) => ({ ...right, ...change }) });
const inResponse = (change: Record<string, unknown>): Twist => ({
  form: (right) => ({ ...right, response: { ...right.response, ...change } }),
});
/** Right client data of a registration, as one octet a character. */
const ours = (more = "") =>
  Buffer.from(
    JSON.stringify({ type: "webauthn.create", challenge, origin: site.origin, more: more.padEnd(2) }),
    "latin1",
  ).toString("base64url");
const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What both ceremonies refuse. */
const wrongs: [string, Twist][] = [
  ["no object", { form: () => [] }],
  ["no id", noForm({ id: undefined })],
  ["an empty id", noForm({ id: "", rawId: "" })],
  ["two different ids", noForm({ rawId: "AAAA" })],
  ["another type", noForm({ type: "password" })],
  ["no response", noForm({ response: undefined })],
  ["client data that is no base64url", inResponse({ clientDataJSON: "{}" })],
  ["client data with padding", inResponse({ clientDataJSON: `${ours()}=` })],
  ["client data that is no JSON", inResponse({ clientDataJSON: Buffer.from("{").toString("base64url") })],
  ["client data that is nothing", inResponse({ clientDataJSON: text(null) })],
  ["client data in no UTF-8", inResponse({ clientDataJSON: ours("\u00ff") })],
  ["a ceremony of neither kind", client({ type: "payment.get" })],
  ["no kind of ceremony", client({ type: undefined })],
  ["another challenge", { challenge: Buffer.alloc(32, 8).toString("base64url") }],
  ["no challenge", client({ challenge: undefined })],
  ["an empty challenge", { challenge: "" }],
  ["the challenge's beginning", { challenge: challenge.slice(0, 40) }],
  ["a longer name's origin", { origin: "https://login.example.org.evil.example" }],
  ["another name's origin", { origin: "https://evil-login.example.org" }],
  ["a part's origin", { origin: "https://a.login.example.org" }],
  ["the origin above", { origin: "https://example.org" }],
  ["the origin without TLS", { origin: "http://login.example.org" }],
  ["the origin at another port", { origin: "https://login.example.org:8443" }],
  ["the origin in capitals", { origin: "https://LOGIN.example.org" }],
  ["the origin with a slash", { origin: "https://login.example.org/" }],
  ["no origin", client({ origin: undefined })],
  ["a list that holds the origin", client({ origin: [site.origin] })],
  ["a frame in another's page", client({ crossOrigin: true })],
  ["a frame whose page is named", client({ crossOrigin: true, topOrigin: site.origin })],
  ["a top page without a frame", client({ topOrigin: site.origin })],
  ["a crossing that is no truth value", client({ crossOrigin: "false" })],
  ["a token binding that is none", client({ tokenBinding: "here" })],
  ["another RP ID", { rpId: "example.org" }],
  ["the origin in place of the RP ID", { rpId: site.origin }],
  ["nobody present", { flags: verified }],
  ["a backup of what cannot be backed up", { flags: person | backedUp }],
  ["authenticator data that ends early", { authData: (right) => right.subarray(0, 36) }],
  ["extensions announced and absent", { flags: person | extensions }],
  [
    "extensions that are no map",
    { flags: person | extensions, authData: (right) => Buffer.concat([right, Buffer.from([1])]) },
  ],
  ["more than 64 kB", noForm({ extra: "x".repeat(64_000) })],
];

describe("registering", () => {
  test.each([-7, -8, -257] as const)("is verified for algorithm %i, whose uses are too", async (alg) => {
    const device = makeAuthenticator({ alg, aaguid: Buffer.from("fbfc3007154e4ecc8c0b6e020557d7bd", "hex") });
    const passkey = await registered(device.create(ceremony));
    expect(passkey).toMatchObject({
      credentialId: device.credentialId,
      alg,
      aaguid: "fbfc3007-154e-4ecc-8c0b-6e020557d7bd",
      transports: ["hybrid", "internal"],
      backupEligible: false,
      userVerified: true,
      signCount: 0,
    });
    expect(await asserted(device.get(ceremony), passkey!)).toEqual({ ok: true, userVerified: true, signCount: 1 });
  });

  const key = (label: number, value: unknown): Twist => ({
    key: (right) => new Map([...right, [label, value]]) as never,
  });
  const without = (label: number): Twist => ({ key: (right) => new Map([...right].filter(([one]) => one !== label)) });
  const object = (name: string, value: unknown): Twist => ({
    attestation: (right) => new Map([...right, [name, value]]) as never,
  });
  const at = (offset: number, octets: number[]): Twist => ({
    authData: (right) => {
      const data = Buffer.from(right);
      data.set(octets, offset);
      return data;
    },
  });
  const own: [string, Twist][] = [
    ["the kind of a use", client({ type: "webauthn.get" })],
    ["no attestation object", inResponse({ attestationObject: undefined })],
    ["an attestation object that is no CBOR", { attestation: () => Buffer.from([0xff]) }],
    ["an attestation object that is no map", { attestation: () => [] }],
    ["an attestation object that goes on", { attestation: (right) => Buffer.concat([cbor(right), Buffer.from([0])]) }],
    [
      "an attestation object with a key twice",
      {
        attestation: (right) => Buffer.concat([cborHead(5, 4), cbor(right).subarray(1), cbor("fmt"), cbor("none")]),
      },
    ],
    ["no format", object("fmt", 1)],
    ["a format that is none", object("fmt", "magic")],
    [
      "an attestation with a certificate",
      {
        attestation: (right) =>
          new Map([
            ...right,
            ["fmt", "packed"],
            [
              "attStmt",
              new Map<string, never>([
                ["alg", -7],
                ["sig", Buffer.alloc(70)],
                ["x5c", [Buffer.alloc(9)]],
              ] as never),
            ],
          ]) as never,
      },
    ],
    ["an older key's attestation", object("fmt", "fido-u2f")],
    ["no attestation that states something", object("attStmt", new Map([["alg", -7]]))],
    ["a statement that is no map", object("attStmt", [])],
    ["a self attestation without a signature", object("fmt", "packed")],
    ["authenticator data that goes on", { authData: (right) => Buffer.concat([right, Buffer.from([0])]) }],
    ["authenticator data that is text", object("authData", "x")],
    [
      "no credential",
      {
        authData: (right) => {
          const data = Buffer.from(right.subarray(0, 37));
          data[32] = person;
          return data;
        },
      },
    ],
    ["a credential announced and absent", { authData: (right) => right.subarray(0, 37) }],
    ["a credential's id of no length", at(53, [0, 0])],
    ["a credential's id of 1024 octets", at(53, [4, 0])],
    ["a credential's id beyond the end", at(53, [3, 255])],
    ["another credential than it says", noForm({ id: "AAAA", rawId: "AAAA" })],
    ["a key of no algorithm", without(3)],
    ["an algorithm not offered", key(3, -35)],
    ["another's algorithm", key(3, -257)],
    ["a key of another type", key(1, 1)],
    ["another curve", key(-1, 2)],
    ["half a point", without(-3)],
    ["a point on no curve", key(-3, Buffer.alloc(32, 1))],
    ["a point that is too short", key(-2, Buffer.alloc(16, 1))],
    ["a point in text", key(-2, "x")],
    ["a key with more to it", key(2, Buffer.from("kid"))],
    ["a key that is no map", { key: () => 1 }],
    ["an RSA key of 1024 bits", { key: () => rsa(1024) }],
    ["an RSA key with exponent 3", { key: () => rsa(2048, 3) }],
  ];
  test.each([...wrongs, ...own])("is refused for %s", async (_, twist) => {
    expect(await registered(makeAuthenticator().create(ceremony, twist))).toBeUndefined();
  });

  // what it says would have the library decode it, or fetch lists that it names
  test.each(own.filter(([name]) => /attestation (object that|with a )|older|format|goes on/.test(name)))(
    "is not even looked into for %s",
    (_, twist) => {
      const form = makeAuthenticator().create(ceremony, twist);
      expect(() => readRegistration(form)).toThrow(/./);
    },
  );

  test("takes a self attestation, and none that another key has made", async () => {
    const device = makeAuthenticator();
    const stranger = makeAuthenticator();
    const by = (signer: Authenticator): Twist => {
      let clientData = Buffer.alloc(0);
      return {
        clientData: (right) => {
          clientData = Buffer.from(JSON.stringify(right));
          return right;
        },
        attestation: (right) => {
          const sig = signer.attest(right.get("authData") as Buffer, clientData);
          const statement = new Map<string, number | Buffer>([
            ["alg", -7],
            ["sig", sig],
          ]);
          return new Map<string, never>([...right, ["fmt", "packed"], ["attStmt", statement]] as never);
        },
      };
    };
    expect(await registered(device.create(ceremony, by(device)))).toBeDefined();
    expect(await registered(device.create(ceremony, by(stranger)))).toBeUndefined();
  });

  test("takes extensions nobody asked for, and keeps only transports that exist", async () => {
    const device = makeAuthenticator({ flags: present });
    const more: Twist = {
      flags: present | extensions,
      authData: (right) => Buffer.concat([right, cbor(new Map([["credProtect", 2]]))]),
      form: (right) => ({ ...right, response: { ...right.response, transports: ["usb", "carrier-pigeon"] } }),
    };
    expect(await registered(device.create(ceremony, more))).toMatchObject({ transports: ["usb"], userVerified: false });
  });
});

describe("using", () => {
  let device: Authenticator;
  let passkey: Passkey;
  beforeAll(async () => {
    device = makeAuthenticator();
    passkey = (await registered(device.create(ceremony)))!;
  });

  const own: [string, Twist][] = [
    ["the kind of a registration", client({ type: "webauthn.create" })],
    ["authenticator data that goes on", { authData: (right) => Buffer.concat([right, Buffer.from([0])]) }],
    ["no authenticator data", inResponse({ authenticatorData: undefined })],
    ["authenticator data with padding", inResponse({ authenticatorData: "AAA=" })],
    ["no signature", inResponse({ signature: undefined })],
    ["an empty signature", { signature: () => Buffer.alloc(0) }],
    ["a signature that is not DER", { signature: () => Buffer.alloc(64, 1) }],
    [
      "a signature of something else",
      { signature: (right) => Buffer.concat([right.subarray(0, -1), Buffer.from([right.at(-1)! ^ 1])]) },
    ],
    ["a user handle that is a number", inResponse({ userHandle: 7 })],
    [
      "a credential in it",
      {
        flags: person | attested,
        authData: (right) =>
          Buffer.concat([
            right,
            Buffer.alloc(16),
            Buffer.from([0, 1, 9]),
            cbor(coseKey(generateKeyPairSync("ed25519").publicKey, -8)),
          ]),
      },
    ],
    ["another credential's id", noForm({ id: "AAAA", rawId: "AAAA" })],
    ["a backup state that it was not born with", { flags: person | eligible }],
  ];
  test.each([...wrongs, ...own])("is refused for %s", async (_, twist) => {
    expect(await asserted(device.get(ceremony, twist), passkey)).toEqual(refused);
  });

  test("is refused when signed by another key, for another key, or changed after it was signed", async () => {
    const other = makeAuthenticator({ id: Buffer.from(device.credentialId, "base64url") });
    expect(await asserted(other.get(ceremony), passkey)).toEqual(refused);
    const raised: Twist = {
      form: (right) => {
        const data = Buffer.from(right.response["authenticatorData"] as string, "base64url");
        data.writeUInt32BE(4711, 33);
        return { ...right, response: { ...right.response, authenticatorData: data.toString("base64url") } };
      },
    };
    expect(await asserted(device.get(ceremony, raised), passkey)).toEqual(refused);
  });

  test("says whether the person was verified, which the page cannot add (R-096)", async () => {
    expect(await asserted(device.get(ceremony, { flags: present }), passkey)).toMatchObject({
      ok: true,
      userVerified: false,
    });
    const added: Twist = {
      flags: present,
      form: (right) => {
        const data = Buffer.from(right.response["authenticatorData"] as string, "base64url");
        data[32]! |= verified;
        return { ...right, response: { ...right.response, authenticatorData: data.toString("base64url") } };
      },
    };
    expect(await asserted(device.get(ceremony, added), passkey)).toEqual(refused);
  });

  // born able to be backed up or not; says of a use that it is able, and backed up
  test.each([
    [false, false, false, true],
    [false, false, true, false],
    [false, true, false, false],
    [false, true, true, false],
    [true, false, false, false],
    [true, false, true, false],
    [true, true, false, true],
    [true, true, true, true],
  ])("born %s, then %s and backed up %s: %s", async (born, able, backup, ok) => {
    const one = makeAuthenticator({ flags: person | (born ? eligible : 0) });
    const kept = (await registered(one.create(ceremony)))!;
    expect(kept.backupEligible).toBe(born);
    const flags = person | (able ? eligible : 0) | (backup ? backedUp : 0);
    expect((await asserted(one.get(ceremony, { flags }), kept)).ok).toBe(ok);
  });
});

describe("the page", () => {
  test.each([
    ["https://login.example.org", { id: "login.example.org", origin: "https://login.example.org" }],
    ["https://login.example.org:8443/", { id: "login.example.org", origin: "https://login.example.org:8443" }],
    ["http://localhost:8080", { id: "localhost", origin: "http://localhost:8080" }],
    ["http://login.example.org", undefined],
    ["https://10.0.0.5", undefined],
    ["https://[::1]:8443", undefined],
  ])("at %s is asked for %j", (url, expected) => {
    expect(relyingParty(url)).toEqual(expected);
  });

  test("is given what a passkey needs, and nothing that a person could be known by but their name", () => {
    const known = [{ credentialId: "AAAA", transports: ["usb" as const] }];
    const described = [{ id: "AAAA", type: "public-key", transports: ["usb"] }];
    const ada = { id: "cmFuZG9t", username: "ada", displayName: "Ada" };
    expect(registrationOptions({ site, challenge, person: ada, known })).toMatchObject({
      rp: { id: site.id },
      user: { id: "cmFuZG9t", name: "ada", displayName: "Ada" },
      challenge,
      attestation: "none",
      excludeCredentials: described,
      pubKeyCredParams: [{ alg: -7 }, { alg: -8 }, { alg: -257 }],
      authenticatorSelection: { residentKey: "required", userVerification: "preferred" },
    });
    expect(requestOptions({ site, challenge, known, userVerification: "discouraged" })).toEqual({
      rpId: site.id,
      challenge,
      timeout: 300_000,
      userVerification: "discouraged",
      allowCredentials: described,
    });
  });
});
