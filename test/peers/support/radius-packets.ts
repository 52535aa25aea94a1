// The few RADIUS packets that peers, probes and the load generator need (RFC 2865, RFC 3579). Shares nothing with
// src/wire, on purpose: a mistake made on both sides of a test would hide itself.
import { createHash, createHmac, randomBytes } from "node:crypto";

export const attributeTypes = {
  userName: 1,
  userPassword: 2,
  replyMessage: 18,
  state: 24,
  proxyState: 33,
  messageAuthenticator: 80,
};
export const accessRequest = 1;
export const accessAccept = 2;
export const accessReject = 3;
export const accessChallenge = 11;

export type Attribute = {
  type: number;
  value: Buffer;
  /** Where the attribute begins in the packet. */ at: number;
};
export type NewAttribute = { type: number; value: Buffer };
export type Packet = {
  code: number;
  identifier: number;
  authenticator: Buffer;
  attributes: Attribute[];
  bytes: Buffer;
};

export function readPacket(bytes: Buffer): Packet {
  const attributes: Attribute[] = [];
  for (let at = 20; at < bytes.length; at += bytes.readUInt8(at + 1)) {
    attributes.push({
      type: bytes.readUInt8(at),
      value: bytes.subarray(at + 2, at + bytes.readUInt8(at + 1)),
      at,
    });
  }
  return {
    code: bytes.readUInt8(0),
    identifier: bytes.readUInt8(1),
    authenticator: bytes.subarray(4, 20),
    attributes,
    bytes,
  };
}

const attribute = (type: number, value: Buffer) => Buffer.concat([Buffer.of(type, value.length + 2), value]);
const withMessageAuthenticatorFirst = (rest: Buffer[]) =>
  Buffer.concat([attribute(attributeTypes.messageAuthenticator, Buffer.alloc(16)), ...rest]);

function packet(
  code: number,
  identifier: number,
  { authenticator, body }: { authenticator: Buffer; body: Buffer },
): Buffer {
  const header = Buffer.of(code, identifier, 0, 0);
  header.writeUInt16BE(20 + body.length, 2);
  return Buffer.concat([header, authenticator, body]);
}

const md5 = (...parts: Buffer[]) => createHash("md5").update(Buffer.concat(parts)).digest();
const hmac = (secret: Buffer, bytes: Buffer) => createHmac("md5", secret).update(bytes).digest();

/** RFC 2865 section 5.2; hiding and revealing differ in which side of the exclusive or is chained. */
function crypt(password: Buffer, secret: Buffer, how: { authenticator: Buffer; reveal: boolean }): Buffer {
  const out = Buffer.alloc(Math.max(16, Math.ceil(password.length / 16) * 16));
  password.copy(out);
  let chain = how.authenticator;
  for (let at = 0; at < out.length; at += 16) {
    const block = out.subarray(at, at + 16);
    const hidden = how.reveal ? Buffer.from(block) : block;
    md5(secret, chain).forEach((byte, index) => (block[index] = block.readUInt8(index) ^ byte));
    chain = hidden;
  }
  return out;
}

export function revealPassword(request: Packet, secret: Buffer): string {
  const hidden = request.attributes.find(({ type }) => type === attributeTypes.userPassword);
  if (hidden === undefined) throw new Error("no User-Password");
  const clear = crypt(hidden.value, secret, { authenticator: request.authenticator, reveal: true });
  return clear.toString("utf8").replace(/\0+$/, "");
}

/** An Access-Request (PAP) whose first attribute is a Message-Authenticator. */
export function encodeAccessRequest(
  secret: Buffer,
  ask: { identifier: number; userName: string; password: string; more?: NewAttribute[] },
): Buffer {
  const authenticator = randomBytes(16);
  const body = withMessageAuthenticatorFirst([
    attribute(attributeTypes.userName, Buffer.from(ask.userName)),
    attribute(attributeTypes.userPassword, crypt(Buffer.from(ask.password), secret, { authenticator, reveal: false })),
    attribute(4, Buffer.of(127, 0, 0, 1)), // NAS-IP-Address
    ...(ask.more ?? []).map(({ type, value }) => attribute(type, value)),
  ]);
  const bytes = packet(accessRequest, ask.identifier, { authenticator, body });
  hmac(secret, bytes).copy(bytes, 22);
  return bytes;
}

/** A reply with Message-Authenticator first and the request's Proxy-State copied (RFC 2865 section 5.33). */
export function encodeReply(
  reply: { code: number; attributes?: NewAttribute[] },
  request: Packet,
  secret: Buffer,
): Buffer {
  const proxyStates = request.attributes.filter(({ type }) => type === attributeTypes.proxyState);
  const body = withMessageAuthenticatorFirst(
    [...(reply.attributes ?? []), ...proxyStates].map(({ type, value }) => attribute(type, value)),
  );
  const bytes = packet(reply.code, request.identifier, { authenticator: request.authenticator, body });
  hmac(secret, bytes).copy(bytes, 22);
  md5(bytes, secret).copy(bytes, 4);
  return bytes;
}

/** What the Message-Authenticator of a request, or of a reply to `request`, says about it. */
export function checkMessageAuthenticator(
  { bytes, attributes }: Packet,
  secret: Buffer,
  request?: Packet,
): "absent" | "right" | "wrong" {
  const found = attributes.find(({ type }) => type === attributeTypes.messageAuthenticator);
  if (found === undefined) return "absent";
  const zeroed = Buffer.from(bytes);
  zeroed.fill(0, found.at + 2, found.at + 18);
  request?.authenticator.copy(zeroed, 4);
  return hmac(secret, zeroed).equals(found.value) ? "right" : "wrong";
}

/** Whether a reply was made by someone who has the secret, for this request (RFC 2865 section 3). */
export function isGenuineReply(reply: Packet, request: Packet, secret: Buffer): boolean {
  const signed = Buffer.from(reply.bytes);
  request.authenticator.copy(signed, 4);
  return (
    reply.identifier === request.identifier &&
    md5(signed, secret).equals(reply.authenticator) &&
    checkMessageAuthenticator(reply, secret, request) !== "wrong"
  );
}
