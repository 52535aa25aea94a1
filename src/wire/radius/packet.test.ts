import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRequest, hidePassword } from "./client.ts";
import { attributeType, code } from "./codes.ts";
import { all, checkMessageAuthenticator, decode, encodeReply, first } from "./packet.ts";
import { revealPassword } from "./password.ts";
import type { NewAttribute, Packet } from "./packet.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const secret = Buffer.from("xyzzy5461");
const authenticator = hex("0f403f94739780 57bd83d5cb98f4227a");

function packetOf(datagram: Buffer): Packet {
  const decoded = decode(datagram);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.packet;
}
/** A packet of these attribute octets, with a true Length unless another is given. */
function raw(body: Buffer, length = 20 + body.length): Buffer {
  const header = Buffer.from([1, 7, length >> 8, length & 0xff]);
  return Buffer.concat([header, authenticator, body]);
}
const request = (attributes: NewAttribute[]) =>
  encodeRequest({ code: code.accessRequest, identifier: 7, attributes, authenticator }, secret);
const withoutOffset = ({ type, value }: NewAttribute) => ({ type, value: Buffer.from(value) });

const nemo = hex(`01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f
  02 12 0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03`);
const flopsy = hex(`01 01 00 47 2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2 01 08 66 6c 6f 70 73 79
  03 13 16 e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75 04 06 c0 a8 01 10 05 06 00 00 00 14
  06 06 00 00 00 02 07 06 00 00 00 01`);

test("the request of RFC 2865 §7.1 reads as nemo with the password arctangent", () => {
  const packet = packetOf(nemo);
  expect(packet.code).toBe(code.accessRequest);
  expect(packet.identifier).toBe(0);
  expect(packet.attributes.map(({ type, offset }) => [type, offset])).toEqual([
    [1, 20],
    [2, 26],
    [4, 44],
    [5, 50],
  ]);
  expect(first(packet, attributeType.userName)?.toString()).toBe("nemo");
  const hidden = first(packet, attributeType.userPassword)!;
  expect(revealPassword(packet, hidden, secret)?.toString()).toBe("arctangent");
  expect(checkMessageAuthenticator(packet, secret)).toBe("missing");
});

test("the request of RFC 2865 §7.2 reads as flopsy with a CHAP response and no User-Password", () => {
  const packet = packetOf(flopsy);
  expect(first(packet, attributeType.userName)?.toString()).toBe("flopsy");
  const chap = first(packet, attributeType.chapPassword)!;
  const answer = Buffer.concat([chap.subarray(0, 1), Buffer.from("arctangent"), packet.authenticator]);
  expect(chap.subarray(1)).toEqual(createHash("md5").update(answer).digest());
  expect(first(packet, attributeType.userPassword)).toBeUndefined();
});

test("the Message-Authenticator of RFC 5997 §6 is valid, and wrong with another secret", () => {
  const status = hex(`0c da 00 26 8a 54 f4 68 6f b3 94 c5 28 66 e3 02 18 5d 06 23
    50 12 5a 66 5e 2e 1e 84 11 f3 e2 43 82 20 97 c8 4f a3`);
  expect(checkMessageAuthenticator(packetOf(status), secret)).toBe("valid");
  expect(checkMessageAuthenticator(packetOf(status), Buffer.from("xyzzy5462"))).toBe("wrong");
});

// radclient 3.2.1: two Proxy-States around a Message-Authenticator that is not the first attribute
const radclient = hex(`019e00a511ce84afc47d2b3a3360e33a50e53c970106616e6e61022266053a1aca02c31703ad0918e4ed4b398f
  6979d25358a15fa5bc0e1a3605bf680406c00002012104613150125c29da3a1a440e498fc5f6031566f1f9210461321a0b000030440105
  76706e1a190000000901137368656c6c3a707269762d6c766c3d313540060100000d51050134326114003020010db8000000000000000000
  000000060600000002`);
const radclientSecret = Buffer.from("s3cret-of-the-vpn");

test("what radclient sent is valid in the middle of the packet, and its password of two blocks is read", () => {
  const packet = packetOf(radclient);
  expect(checkMessageAuthenticator(packet, radclientSecret)).toBe("valid");
  const hidden = first(packet, attributeType.userPassword)!;
  expect(revealPassword(packet, hidden, radclientSecret)?.toString()).toBe("correct horse battery, 287082");
  expect(all(packet, attributeType.proxyState).map(String)).toEqual(["a1", "a2"]);
});

test("one flipped bit anywhere in a signed packet makes it malformed, unsigned or wrong", () => {
  const verdicts = Array.from({ length: radclient.length * 8 }, (_, bit) => {
    const flipped = Buffer.from(radclient);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const decoded = decode(flipped);
    return decoded.ok ? checkMessageAuthenticator(decoded.packet, radclientSecret) : decoded.reason;
  });
  expect(verdicts).not.toContain("valid");
  // most flips leave the form alone, so it is the signature that notices them
  expect(verdicts.filter((verdict) => verdict === "wrong").length).toBeGreaterThan(1000);
});

test.each([22, 40])("two Message-Authenticators are wrong, although the one at octet %i is right", (at) => {
  const twice = raw(Buffer.concat([hex("5012"), Buffer.alloc(16), hex("5012"), Buffer.alloc(16)]));
  twice.set(createHmac("md5", secret).update(twice).digest(), at);
  expect(checkMessageAuthenticator(packetOf(twice), secret)).toBe("wrong");
});

test.each([0, 15, 17])("a Message-Authenticator of %i octets is wrong", (octets) => {
  const packet = packetOf(raw(Buffer.concat([Buffer.from([80, octets + 2]), Buffer.alloc(octets)])));
  expect(checkMessageAuthenticator(packet, secret)).toBe("wrong");
});

// 1, 63…65 and 128 stand on both sides of HMAC's block, 5000 outgrows the scratch memory
test.each([1, 63, 64, 65, 128, 5000])("a secret of %i octets signs, hides and answers as any other", (octets) => {
  const long = Buffer.alloc(octets, "0123456789abcdef");
  const password = Buffer.from("correct horse");
  const packet = packetOf(encodeRequest({ code: code.accessRequest, identifier: 1, attributes: [], password }, long));
  expect(checkMessageAuthenticator(packet, long)).toBe("valid");
  const hidden = first(packet, attributeType.userPassword)!;
  expect(revealPassword(packet, hidden, long)).toEqual(password);
  const reply = encodeReply({ code: code.accessReject, attributes: [] }, packet, long);
  expect(proves(reply, packet, long)).toBe(true);
});

const filler = (octets: number) => Buffer.alloc(octets, hex("1a02"));
test.each([
  ["nothing", Buffer.alloc(0), "too_short"],
  ["19 octets", raw(Buffer.alloc(0)).subarray(0, 19), "too_short"],
  ["a Length of 19", raw(Buffer.alloc(0), 19), "bad_length"],
  ["a Length of 0", raw(filler(4), 0), "bad_length"],
  ["a Length one over the datagram", raw(filler(4), 25), "bad_length"],
  ["a Length of 4097", raw(Buffer.alloc(4077, hex("1aff")), 4097), "bad_length"],
  ["an attribute of length 0", raw(hex("0100")), "bad_attribute"],
  ["an attribute of length 1", raw(hex("0101 0102")), "bad_attribute"],
  ["an attribute over the end", raw(hex("0103")), "bad_attribute"],
  ["a single octet after the last attribute", raw(hex("0102 01")), "bad_attribute"],
  ["an attribute that needs octets after Length", raw(hex("0104 6161"), 23), "bad_attribute"],
  ["201 attributes", raw(filler(402)), "too_many_attributes"],
])("a datagram with %s is discarded", (_, datagram, reason) => {
  expect(decode(datagram)).toEqual({ ok: false, reason });
});

test("20 octets, 200 attributes and 4096 octets are just allowed", () => {
  expect(packetOf(raw(Buffer.alloc(0))).attributes).toEqual([]);
  expect(packetOf(raw(filler(400))).attributes).toHaveLength(200);
  const full = Buffer.concat([...Array.from({ length: 15 }, () => attribute(253)), attribute(249)]);
  expect(packetOf(raw(full)).bytes).toHaveLength(4096);
});
const attribute = (octets: number) => Buffer.concat([Buffer.from([33, octets + 2]), Buffer.alloc(octets)]);

test("octets after Length are ignored and not signed", () => {
  const signed = request([{ type: attributeType.userName, value: Buffer.from("nemo") }]);
  const packet = packetOf(Buffer.concat([signed, Buffer.from("\x02\x03padding")]));
  expect(packet.bytes).toEqual(signed);
  expect(packet.attributes).toHaveLength(2);
  expect(checkMessageAuthenticator(packet, secret)).toBe("valid");
});

test.each([0, 1, 15, 17, 31, 129, 144])("a hidden password of %i octets is impossible", (octets) => {
  expect(revealPassword(packetOf(nemo), Buffer.alloc(octets), secret)).toBeUndefined();
});

test.each(["", "a", "sixteen octets!!", "seventeen octets!", "åäö 🔑", " \0inside\0and  ", "x".repeat(128)])(
  "the password %j comes back as it was",
  (password) => {
    const hidden = hidePassword(Buffer.from(password), { authenticator, secret });
    const packet = packetOf(raw(Buffer.alloc(0)));
    expect(revealPassword(packet, hidden, secret)?.toString()).toBe(password);
  },
);

test("only trailing NULs are taken for padding", () => {
  const hidden = hidePassword(Buffer.from("\0a\0b\0\0"), { authenticator, secret });
  expect(revealPassword(packetOf(raw(Buffer.alloc(0))), hidden, secret)?.toString()).toBe("\0a\0b");
});

/** Checked with plain node:crypto on copies, so that it shares nothing with what it checks. */
function proves(reply: Buffer, asked: Packet, key: Buffer): boolean {
  const asSigned = Buffer.concat([reply.subarray(0, 4), asked.authenticator, reply.subarray(20)]);
  const responseAuthenticator = createHash("md5").update(asSigned).update(key).digest();
  const zeroed = Buffer.from(asSigned).fill(0, 22, 38);
  const mac = createHmac("md5", key).update(zeroed).digest();
  return reply.subarray(4, 20).equals(responseAuthenticator) && reply.subarray(22, 38).equals(mac);
}

test.each([code.accessAccept, code.accessReject, code.accessChallenge])(
  "a reply of code %i begins with Message-Authenticator and ends with the Proxy-States in their order",
  (replyCode) => {
    const packet = packetOf(radclient);
    const attributes = [
      { type: attributeType.replyMessage, value: Buffer.from("hello") },
      { type: attributeType.state, value: Buffer.alloc(16, 1) },
    ];
    const reply = encodeReply({ code: replyCode, attributes }, packet, radclientSecret);
    expect([...reply.subarray(0, 2), reply[20], reply[21]]).toEqual([replyCode, 0x9e, 80, 18]);
    expect(packetOf(reply).attributes.slice(1).map(withoutOffset)).toEqual([
      ...attributes,
      { type: attributeType.proxyState, value: Buffer.from("a1") },
      { type: attributeType.proxyState, value: Buffer.from("a2") },
    ]);
    expect(proves(reply, packet, radclientSecret)).toBe(true);
  },
);

test("the same reply to the same request is the same octets, and a kept one does not change later", () => {
  const packet = packetOf(nemo);
  const accept = { code: code.accessAccept, attributes: [] };
  const kept = encodeReply(accept, packet, secret);
  encodeReply({ code: code.accessReject, attributes: [] }, packetOf(flopsy), secret);
  expect(encodeReply(accept, packet, secret)).toEqual(kept);
});

test("what cannot be sent is an error: a value of 254 octets, 4097 octets in all, a second Message-Authenticator", () => {
  const packet = packetOf(nemo);
  const reply = (attributes: NewAttribute[]) => encodeReply({ code: code.accessAccept, attributes }, packet, secret);
  const value = (octets: number) => ({ type: attributeType.class, value: Buffer.alloc(octets) });
  expect(() => reply([value(254)])).toThrow("Attribute 25 has more than 253 octets.");
  const almost = Array.from({ length: 15 }, () => value(253)); // 38 octets and 15 × 255 leave 233
  expect(reply([...almost, value(231)])).toHaveLength(4096);
  expect(() => reply([...almost, value(232)])).toThrow("does not fit into 4096 octets");
  expect(() => reply([{ type: attributeType.messageAuthenticator, value: Buffer.alloc(16) }])).toThrow(
    "it is computed",
  );
});

const octets = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));

test("random octets never throw, and what they decode to gives the same octets again", () => {
  const random = fc.oneof(
    octets(300),
    fc.tuple(fc.nat(300), octets(280)).map(([length, body]) => raw(body, length)),
    octets(280).map((body) => raw(body)),
  );
  const property = fc.property(random, (datagram) => {
    const decoded = decode(datagram);
    if (!decoded.ok) return;
    checkMessageAuthenticator(decoded.packet, secret);
    revealPassword(decoded.packet, datagram, secret);
    const parts = decoded.packet.attributes.map(({ type, value }) =>
      Buffer.concat([Buffer.from([type, value.length + 2]), value]),
    );
    expect(Buffer.concat([decoded.packet.bytes.subarray(0, 20), ...parts])).toEqual(decoded.packet.bytes);
  });
  fc.assert(property, { numRuns: 20_000 });
});

test("a mutated valid packet never throws and is never valid, and can be answered if it decodes", () => {
  const mutation = fc.tuple(fc.nat(radclient.length - 1), fc.integer({ min: 1, max: 255 }));
  const property = fc.property(fc.uniqueArray(mutation, { minLength: 1, selector: ([at]) => at }), (mutations) => {
    const mutated = Buffer.from(radclient);
    for (const [at, change] of mutations) mutated[at]! ^= change;
    const decoded = decode(mutated);
    if (!decoded.ok) return;
    expect(checkMessageAuthenticator(decoded.packet, radclientSecret)).not.toBe("valid");
    const hidden = first(decoded.packet, attributeType.userPassword);
    if (hidden) revealPassword(decoded.packet, hidden, radclientSecret);
    const reply = encodeReply({ code: code.accessReject, attributes: [] }, decoded.packet, radclientSecret);
    expect(proves(reply, decoded.packet, radclientSecret)).toBe(true);
  });
  fc.assert(property, { numRuns: 5000 });
});

test("any attributes encoded into a request come back the same and in order", () => {
  // 81…255 keeps clear of Message-Authenticator and of User-Password
  const any = fc.record({ type: fc.integer({ min: 81, max: 255 }), value: octets(253) });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 15 }), octets(100), (attributes, anySecret) => {
      const packet = packetOf(encodeRequest({ code: 1, identifier: 255, attributes, authenticator }, anySecret));
      expect(packet.attributes.slice(1).map(withoutOffset)).toEqual(attributes);
      expect(checkMessageAuthenticator(packet, anySecret)).toBe("valid");
    }),
  );
});
