// The client half of RADIUS: builds requests and judges replies. Whoever asks a RADIUS server uses it: tests,
// benches, the proxy. What must stay true: a reply is trusted only after its Response Authenticator and its
// Message-Authenticator, if there is one, were checked against the very request it answers.
import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import { attributeType } from "./codes.ts";
import { checkMessageAuthenticator, decode } from "./packet.ts";
import type { Malformed, NewAttribute, Packet } from "./packet.ts";

export type NewRequest = {
  code: number;
  identifier: number;
  attributes: readonly NewAttribute[];
  /** In clear; goes out hidden, as the last attribute. */
  password?: Buffer;
  /** Unpredictable by default, which the hiding of the password rests on (RFC 2865 §3, R-113). */
  authenticator?: Buffer;
  /** Only to play an old client: without it anyone on the path can turn the Reject into an Accept. */
  messageAuthenticator?: "first" | "absent";
};

export function encodeRequest(request: NewRequest, secret: Buffer): Buffer {
  const authenticator = request.authenticator ?? randomBytes(16);
  const signed = request.messageAuthenticator !== "absent";
  const attributes: NewAttribute[] = [];
  if (signed) attributes.push({ type: attributeType.messageAuthenticator, value: Buffer.alloc(16) });
  attributes.push(...request.attributes);
  if (request.password)
    attributes.push({
      type: attributeType.userPassword,
      value: hidePassword(request.password, { authenticator, secret }),
    });
  const body = Buffer.concat(attributes.map(encodeAttribute));
  const header = Buffer.from([request.code, request.identifier, 0, 0]);
  header.writeUInt16BE(20 + body.length, 2);
  const packet = Buffer.concat([header, authenticator, body]);
  if (packet.length > 4096) throw new RangeError("The request does not fit into 4096 octets.");
  if (signed) createHmac("md5", secret).update(packet).digest().copy(packet, 22);
  return packet;
}

/** RFC 2865 §5.2: padded with NULs to whole blocks of 16, at least one, at most eight. */
export function hidePassword(password: Buffer, key: { authenticator: Buffer; secret: Buffer }): Buffer {
  if (password.length > 128) throw new RangeError("A User-Password has at most 128 octets.");
  const hidden = Buffer.alloc(Math.max(16, Math.ceil(password.length / 16) * 16));
  password.copy(hidden);
  let salt = key.authenticator;
  for (let at = 0; at < hidden.length; at += 16) {
    const mask = hash("md5", Buffer.concat([key.secret, salt]), "buffer");
    for (let i = 0; i < 16; i++) hidden[at + i]! ^= mask[i]!;
    salt = hidden.subarray(at, at + 16);
  }
  return hidden;
}

export type CheckedReply =
  | { ok: true; packet: Packet; messageAuthenticator: "first" | "later" | "absent" }
  | {
      ok: false;
      reason: Malformed | "other_identifier" | "wrong_authenticator" | "wrong_message_authenticator";
    };

/** An absent Message-Authenticator is told, not refused: whether it may be absent is the asker's setting. */
export function checkReply(reply: Buffer, request: Buffer, secret: Buffer): CheckedReply {
  const decoded = decode(reply);
  if (!decoded.ok) return decoded;
  const { packet } = decoded;
  if (packet.identifier !== request[1]) return { ok: false, reason: "other_identifier" };
  const asSigned = Buffer.from(packet.bytes);
  request.copy(asSigned, 4, 4, 20);
  const expected = hash("md5", Buffer.concat([asSigned, secret]), "buffer");
  if (!timingSafeEqual(expected, packet.authenticator)) return { ok: false, reason: "wrong_authenticator" };
  switch (checkMessageAuthenticator({ ...packet, bytes: asSigned }, secret)) {
    case "wrong":
      return { ok: false, reason: "wrong_message_authenticator" };
    case "missing":
      return { ok: true, packet, messageAuthenticator: "absent" };
    case "valid": {
      const isFirst = packet.attributes[0]?.type === attributeType.messageAuthenticator;
      return { ok: true, packet, messageAuthenticator: isFirst ? "first" : "later" };
    }
  }
}

function encodeAttribute({ type, value }: NewAttribute): Buffer {
  if (value.length > 253) throw new RangeError(`Attribute ${type} has more than 253 octets.`);
  return Buffer.concat([Buffer.from([type, value.length + 2]), value]);
}
