import { createDecipheriv, createECDH, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { areKeys, encrypt } from "./encryption.ts";

const octets = (text: string) => Buffer.from(text, "base64url");

// RFC 8291, section 5 and appendix A
const theirs = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};

test("the example of RFC 8291 comes out octet for octet", () => {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
  const salt = octets("DGv6ra1nlYgDCS1FRnbzlw");
  const plain = Buffer.from("When I grow up, I want to be a watermelon");
  expect(encrypt(plain, theirs, { salt, pair, length: 0 }).toString("base64url")).toBe(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
  );
});

describe("a message", () => {
  const browser = createECDH("prime256v1");
  browser.generateKeys();
  const keys = {
    p256dh: browser.getPublicKey("base64url"),
    auth: octets("AAECAwQFBgcICQoLDA0ODw").toString("base64url"),
  };

  test("opens for whoever subscribed, and only as it was sent", () => {
    const message = encrypt(Buffer.from("hello"), keys);
    expect(open(message)).toBe("hello");
    message[message.length - 20]! ^= 1;
    expect(() => open(message)).toThrow("authenticate");
  });

  test("is never the same twice, and tells nothing by its length", () => {
    const [one, two] = [encrypt(Buffer.from("hello"), keys), encrypt(Buffer.from("hello"), keys)];
    expect(one.subarray(0, 16)).not.toEqual(two.subarray(0, 16));
    expect(one.subarray(21, 86)).not.toEqual(two.subarray(21, 86));
    expect(encrypt(Buffer.from("a longer one than that"), keys)).toHaveLength(one.length);
  });

  function open(message: Buffer): string {
    const [salt, ours] = [message.subarray(0, 16), message.subarray(21, 86)];
    const hkdf = (
      secret: Uint8Array,
      { by, info, length }: { by: Uint8Array; info: string | Buffer; length: number },
    ) => Buffer.from(hkdfSync("sha256", secret, by, info, length));
    const about = Buffer.concat([Buffer.from("WebPush: info\0"), browser.getPublicKey(), ours]);
    const secret = hkdf(browser.computeSecret(ours), { by: octets(keys.auth), info: about, length: 32 });
    const key = hkdf(secret, { by: salt, info: "Content-Encoding: aes128gcm\0", length: 16 });
    const nonce = hkdf(secret, { by: salt, info: "Content-Encoding: nonce\0", length: 12 });
    const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAuthTag(message.subarray(-16));
    const plain = Buffer.concat([decipher.update(message.subarray(86, -16)), decipher.final()]);
    return plain.toString("utf8", 0, plain.lastIndexOf(2));
  }
});

test("keys that nothing can be encrypted to are known", () => {
  expect(areKeys(theirs)).toBe(true);
  const off = octets(theirs.p256dh);
  off[64]! ^= 1;
  expect(areKeys({ ...theirs, p256dh: off.toString("base64url") })).toBe(false);
  expect(areKeys({ ...theirs, p256dh: "AAAA" })).toBe(false);
  expect(areKeys({ ...theirs, auth: "AAAA" })).toBe(false);
});
