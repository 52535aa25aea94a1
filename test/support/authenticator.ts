/** A software authenticator and the browser around it: makes and uses passkeys as the standards say, unless told otherwise. */

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

type Value = number | string | boolean | Uint8Array | Value[] | Map<number | string, Value>;

/** CBOR, canonical where a Map's own order is. */
export function cbor(value: Value): Buffer {
  if (typeof value === "boolean") return Buffer.from([value ? 0xf5 : 0xf4]);
  if (typeof value === "number") return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === "string") return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([cborHead(4, value.length), ...value.map(cbor)]);
  return Buffer.concat([cborHead(5, value.size), ...[...value].flat().map((one) => cbor(one as Value))]);
}
export function cborHead(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  if (argument < 65_536) return Buffer.from([(major << 5) | 25, argument >> 8, argument & 255]);
  const head = Buffer.from([(major << 5) | 26, 0, 0, 0, 0]);
  head.writeUInt32BE(argument, 1);
  return head;
}

export const flag = { present: 1, verified: 4, eligible: 8, backedUp: 16, attested: 64, extensions: 128 };

const makeKey = {
  [-7]: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  [-8]: () => generateKeyPairSync("ed25519"),
  [-257]: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
} as const;
type Alg = keyof typeof makeKey;

export function coseKey(key: KeyObject, alg: Alg): Map<number, Value> {
  const jwk = key.export({ format: "jwk" }) as Record<string, string>;
  const part = (name: string): Value => Buffer.from(jwk[name]!, "base64url");
  if (alg === -7)
    return new Map<number, Value>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, part("x")],
      [-3, part("y")],
    ]);
  if (alg === -8)
    return new Map<number, Value>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, part("x")],
    ]);
  return new Map<number, Value>([
    [1, 3],
    [3, -257],
    [-1, part("n")],
    [-2, part("e")],
  ]);
}

/** What a test may have otherwise; functions get what would be right. */
export type Twist = {
  challenge?: string;
  origin?: string;
  rpId?: string;
  /** besides the one that says that a credential is described */
  flags?: number;
  signCount?: number;
  clientData?: (right: Record<string, unknown>) => unknown;
  authData?: (right: Buffer) => Buffer;
  key?: (right: Map<number, Value>) => Value;
  attestation?: (right: Map<string, Value>) => Value;
  signature?: (right: Buffer) => Buffer;
  form?: (right: Form) => unknown;
};
export type Form = { id: string; rawId: string; type: string; response: Record<string, unknown> } & Record<
  string,
  unknown
>;
type Ceremony = { challenge: string; rpId: string; origin: string; userHandle?: string };

export type Authenticator = ReturnType<typeof makeAuthenticator>;

export function makeAuthenticator({
  alg = -7,
  flags = flag.present | flag.verified,
  aaguid = Buffer.alloc(16),
  id = randomBytes(16),
}: {
  alg?: Alg;
  flags?: number;
  aaguid?: Buffer;
  id?: Buffer;
} = {}) {
  const { publicKey, privateKey } = makeKey[alg]();
  const credentialId = id.toString("base64url");
  let signCount = 0;

  const clientDataOf = (type: string, ceremony: Ceremony, twist: Twist) => {
    const right = {
      type,
      challenge: twist.challenge ?? ceremony.challenge,
      origin: twist.origin ?? ceremony.origin,
      crossOrigin: false,
    };
    return Buffer.from(JSON.stringify(twist.clientData?.(right) ?? right));
  };
  const headOf = (ceremony: Ceremony, twist: Twist, more: number) => {
    const head = Buffer.alloc(37);
    createHash("sha256")
      .update(twist.rpId ?? ceremony.rpId)
      .digest()
      .copy(head);
    head[32] = (twist.flags ?? flags) | more;
    head.writeUInt32BE(twist.signCount ?? signCount, 33);
    return head;
  };
  const formOf = (response: Record<string, unknown>, twist: Twist) => {
    const right = { id: credentialId, rawId: credentialId, type: "public-key", response, clientExtensionResults: {} };
    return JSON.stringify(twist.form?.(right) ?? right);
  };
  const signed = (data: Buffer, clientData: Buffer) => {
    const base = Buffer.concat([data, createHash("sha256").update(clientData).digest()]);
    return sign(alg === -8 ? null : "sha256", base, privateKey);
  };

  return {
    credentialId,
    /** navigator.credentials.create, its answer as JSON */
    create(ceremony: Ceremony, twist: Twist = {}): string {
      const clientData = clientDataOf("webauthn.create", ceremony, twist);
      const length = Buffer.from([id.length >> 8, id.length & 255]);
      const right = coseKey(publicKey, alg);
      const credential = Buffer.concat([aaguid, length, id, cbor(twist.key?.(right) ?? right)]);
      const data = Buffer.concat([headOf(ceremony, twist, flag.attested), credential]);
      const authData = twist.authData?.(data) ?? data;
      const object = new Map<string, Value>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", authData],
      ]);
      const attestation = twist.attestation?.(object) ?? object;
      return formOf(
        {
          clientDataJSON: clientData.toString("base64url"),
          attestationObject: (Buffer.isBuffer(attestation) ? attestation : cbor(attestation)).toString("base64url"),
          transports: ["internal", "hybrid"],
        },
        twist,
      );
    },
    /** navigator.credentials.get, its answer as JSON */
    get(ceremony: Ceremony, twist: Twist = {}): string {
      signCount += flags & flag.eligible ? 0 : 1;
      const clientData = clientDataOf("webauthn.get", ceremony, twist);
      const data = headOf(ceremony, twist, 0);
      const authData = twist.authData?.(data) ?? data;
      const signature = signed(authData, clientData);
      return formOf(
        {
          clientDataJSON: clientData.toString("base64url"),
          authenticatorData: authData.toString("base64url"),
          signature: (twist.signature?.(signature) ?? signature).toString("base64url"),
          ...(ceremony.userHandle !== undefined && { userHandle: ceremony.userHandle }),
        },
        twist,
      );
    },
    /** a self attestation's signature over what is attested */
    attest: signed,
  };
}
