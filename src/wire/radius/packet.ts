// RADIUS packets (RFC 2865, 3579): octets to messages, and replies back to octets. It runs for every
// Access-Request, so it copies once and asks OpenSSL only for digests. What must stay true: decoding never
// throws whatever the network sends, and every reply starts with one Message-Authenticator.
import { hash, timingSafeEqual } from "node:crypto";
import { attributeType } from "./codes.ts";
import { blockOctets, hmacOfScratch, makeRoom, maxOctets, put, scratch } from "./scratch.ts";

/** `offset` is where the attribute's type octet stands in the packet's `bytes`. */
export type Attribute = { type: number; value: Buffer; offset: number };
export type NewAttribute = { type: number; value: Buffer };
/** All buffers are views of the datagram; `bytes` is the datagram cut to the Length field. */
export type Packet = {
  code: number;
  identifier: number;
  authenticator: Buffer;
  attributes: Attribute[];
  bytes: Buffer;
};
export type Malformed = "too_short" | "bad_length" | "bad_attribute" | "too_many_attributes";
export type Decoded = { ok: true; packet: Packet } | { ok: false; reason: Malformed };

const headerOctets = 20;
const computed = Buffer.allocUnsafeSlow(16);
const maxAttributes = 200; // as FreeRADIUS: a packet of empty attributes costs more to read than to send

export function decode(datagram: Buffer): Decoded {
  if (datagram.length < headerOctets) return { ok: false, reason: "too_short" };
  const length = (datagram[2]! << 8) | datagram[3]!;
  if (length < headerOctets || length > maxOctets || length > datagram.length)
    return { ok: false, reason: "bad_length" };
  const attributes: Attribute[] = [];
  for (let offset = headerOctets; offset < length;) {
    if (attributes.length === maxAttributes) return { ok: false, reason: "too_many_attributes" };
    const end = offset + (offset + 1 < length ? datagram[offset + 1]! : 0);
    if (end < offset + 2 || end > length) return { ok: false, reason: "bad_attribute" };
    attributes.push({ type: datagram[offset]!, value: datagram.subarray(offset + 2, end), offset });
    offset = end;
  }
  const bytes = length === datagram.length ? datagram : datagram.subarray(0, length);
  const authenticator = datagram.subarray(4, headerOctets);
  const packet = { code: datagram[0]!, identifier: datagram[1]!, authenticator, attributes, bytes };
  return { ok: true, packet };
}

export function first(packet: Packet, type: number): Buffer | undefined {
  return packet.attributes.find((attribute) => attribute.type === type)?.value;
}

export function all(packet: Packet, type: number): Buffer[] {
  return packet.attributes.filter((attribute) => attribute.type === type).map(({ value }) => value);
}

/** For requests (Access-Request, Status-Server), whose own authenticator is part of what is signed. */
export function checkMessageAuthenticator(packet: Packet, secret: Buffer): "valid" | "missing" | "wrong" {
  let found: Attribute | undefined;
  for (const attribute of packet.attributes) {
    if (attribute.type !== attributeType.messageAuthenticator) continue;
    if (found || attribute.value.length !== 16) return "wrong";
    found = attribute;
  }
  if (!found) return "missing";
  packet.bytes.copy(scratch, blockOctets);
  const valueAt = blockOctets + found.offset + 2;
  scratch.fill(0, valueAt, valueAt + 16);
  put(hmacOfScratch(packet.bytes.length, secret), computed, 0);
  return timingSafeEqual(computed, found.value) ? "valid" : "wrong";
}

/**
 * Message-Authenticator first, then the attributes given, then the request's Proxy-State as it came.
 * Throws RangeError when an attribute or the whole cannot be sent; the Proxy-State of a request near 4096
 * octets can bring that about, so whoever answers must be ready for it.
 */
export function encodeReply(
  reply: { code: number; attributes: readonly NewAttribute[] },
  request: Pick<Packet, "identifier" | "authenticator" | "attributes">,
  secret: Buffer,
): Buffer {
  makeRoom(secret);
  const start = blockOctets;
  const valueAt = start + headerOctets + 2;
  let end = valueAt + 16;
  for (const attribute of reply.attributes) {
    if (attribute.type === attributeType.messageAuthenticator)
      throw new RangeError("Message-Authenticator is not given, it is computed.");
    end = append(attribute, end);
  }
  for (const attribute of request.attributes)
    if (attribute.type === attributeType.proxyState) end = append(attribute, end);
  const length = end - start;
  scratch[start] = reply.code;
  scratch[start + 1] = request.identifier;
  scratch[start + 2] = length >> 8;
  scratch[start + 3] = length & 0xff;
  // both digests are taken with the request's authenticator in this place (RFC 2865 §3, RFC 3579 §3.2)
  request.authenticator.copy(scratch, start + 4);
  scratch[valueAt - 2] = attributeType.messageAuthenticator;
  scratch[valueAt - 1] = 18;
  scratch.fill(0, valueAt, valueAt + 16);
  put(hmacOfScratch(length, secret), scratch, valueAt);
  secret.copy(scratch, end);
  put(hash("md5", scratch.subarray(start, end + secret.length), "latin1"), scratch, start + 4);
  return Buffer.from(scratch.subarray(start, end));
}

function append({ type, value }: NewAttribute, at: number): number {
  if (value.length > 253) throw new RangeError(`Attribute ${type} has more than 253 octets.`);
  const end = at + 2 + value.length;
  if (end > blockOctets + maxOctets) throw new RangeError("The reply does not fit into 4096 octets.");
  scratch[at] = type;
  scratch[at + 1] = end - at;
  value.copy(scratch, at + 2);
  return end;
}
