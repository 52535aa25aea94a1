import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkReply, encodeRequest, hidePassword } from "./client.ts";
import { attributeType, code } from "./codes.ts";
import { decode, encodeReply } from "./packet.ts";
import type { Packet } from "./packet.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const secret = Buffer.from("xyzzy5461");
const authenticator = hex("0f403f94739780 57bd83d5cb98f4227a");
const nemo = hex(`01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f
  02 12 0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03`);
const acceptNemo = hex(`02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2
  06 06 00 00 00 01 0f 06 00 00 00 00 0e 06 c0 a8 01 03`);
const flopsy = hex(`01 01 00 47 2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2 01 08 66 6c 6f 70 73 79
  03 13 16 e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75 04 06 c0 a8 01 10 05 06 00 00 00 14
  06 06 00 00 00 02 07 06 00 00 00 01`);
const acceptFlopsy = hex(`02 01 00 38 15 ef bc 7d ab 26 cf a3 dc 34 d9 c0 3c 86 01 a4
  06 06 00 00 00 02 07 06 00 00 00 01 08 06 ff ff ff fe 0a 06 00 00 00 02 0d 06 00 00 00 01 0c 06 00 00 05 dc`);

function packetOf(datagram: Buffer): Packet {
  const decoded = decode(datagram);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.packet;
}

test("the request of RFC 2865 §7.1 is made byte for byte", () => {
  const attributes = [
    { type: attributeType.userName, value: Buffer.from("nemo") },
    {
      type: attributeType.userPassword,
      value: hidePassword(Buffer.from("arctangent"), { authenticator, secret }),
    },
    { type: attributeType.nasIpAddress, value: Buffer.from([192, 168, 1, 16]) },
    { type: attributeType.nasPort, value: Buffer.from([0, 0, 0, 3]) },
  ];
  const made = encodeRequest(
    { code: code.accessRequest, identifier: 0, attributes, authenticator, messageAuthenticator: "absent" },
    secret,
  );
  expect(made.toString("hex")).toBe(nemo.toString("hex"));
});

test("the Status-Server of RFC 5997 §6 is made byte for byte", () => {
  const made = encodeRequest(
    {
      code: code.statusServer,
      identifier: 218,
      attributes: [],
      authenticator: hex("8a54f4686fb394c52866e302185d0623"),
    },
    secret,
  );
  expect(made.toString("hex")).toBe("0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3");
});

test.each([
  ["RFC 2865 §7.1", acceptNemo, nemo],
  ["RFC 2865 §7.2", acceptFlopsy, flopsy],
  [
    "RFC 5997 §6",
    hex("02da0014ef0d552a4bf2d693ec2b6fe8b5411d66"),
    hex("0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3"),
  ],
])("the Response Authenticator of %s is right, and no Message-Authenticator is told", (_, reply, request) => {
  expect(checkReply(reply, request, secret)).toMatchObject({ ok: true, messageAuthenticator: "absent" });
  expect(checkReply(reply, request, Buffer.from("another"))).toEqual({
    ok: false,
    reason: "wrong_authenticator",
  });
});

test("a request has an unpredictable authenticator, its Message-Authenticator first and its password hidden", () => {
  const make = () =>
    encodeRequest(
      {
        code: code.accessRequest,
        identifier: 3,
        attributes: [{ type: attributeType.userName, value: Buffer.from("nemo") }],
        password: Buffer.from("arctangent"),
      },
      secret,
    );
  const packet = packetOf(make());
  expect(packet.attributes.map(({ type }) => type)).toEqual([80, 1, 2]);
  expect(packet.bytes.includes("arctangent")).toBe(false);
  expect(packetOf(make()).authenticator.equals(packet.authenticator)).toBe(false);
});

const request = encodeRequest({ code: code.accessRequest, identifier: 9, attributes: [] }, secret);
const reply = encodeReply(
  {
    code: code.accessAccept,
    attributes: [{ type: attributeType.replyMessage, value: Buffer.from("welcome") }],
  },
  packetOf(request),
  secret,
);

test("our own reply is good for the request it answers and for no other", () => {
  expect(checkReply(reply, request, secret)).toMatchObject({ ok: true, messageAuthenticator: "first" });
  const again = encodeRequest({ code: code.accessRequest, identifier: 9, attributes: [] }, secret);
  expect(checkReply(reply, again, secret)).toEqual({ ok: false, reason: "wrong_authenticator" });
  const other = encodeRequest({ code: code.accessRequest, identifier: 10, attributes: [] }, secret);
  expect(checkReply(reply, other, secret)).toEqual({ ok: false, reason: "other_identifier" });
});

test("a Message-Authenticator behind another attribute is told as later", () => {
  const body = Buffer.concat([hex("0b04 6161"), hex("5012"), Buffer.alloc(16)]);
  const draft = Buffer.concat([Buffer.from([2, 9, 0, 42]), request.subarray(4, 20), body]);
  createHmac("md5", secret).update(draft).digest().copy(draft, 26);
  createHash("md5").update(draft).update(secret).digest().copy(draft, 4);
  expect(checkReply(draft, request, secret)).toMatchObject({ ok: true, messageAuthenticator: "later" });
});

test("a Message-Authenticator that is wrong is refused even under a right Response Authenticator", () => {
  const forged = Buffer.from(reply).fill(7, 22, 38);
  request.copy(forged, 4, 4, 20);
  createHash("md5").update(forged).update(secret).digest().copy(forged, 4);
  expect(checkReply(forged, request, secret)).toEqual({ ok: false, reason: "wrong_message_authenticator" });
});

test("no change to a reply goes unnoticed, and none throws", () => {
  const change = fc.tuple(fc.nat(reply.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(change, ([at, by]) => {
      const changed = Buffer.from(reply);
      changed[at]! ^= by;
      expect(checkReply(changed, request, secret).ok).toBe(false);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (junk) => !checkReply(Buffer.from(junk), request, secret).ok),
  );
});

test("what cannot be sent is an error", () => {
  const make = (octets: number, count: number) => () =>
    encodeRequest(
      {
        code: 1,
        identifier: 0,
        attributes: Array.from({ length: count }, () => ({ type: 25, value: Buffer.alloc(octets) })),
      },
      secret,
    );
  expect(make(254, 1)).toThrow("Attribute 25 has more than 253 octets.");
  expect(make(253, 16)).toThrow("4096 octets");
  expect(() => hidePassword(Buffer.alloc(129), { authenticator, secret })).toThrow("at most 128 octets");
});
