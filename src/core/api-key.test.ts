import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { hmacKey } from "./crypto/hmac.ts";
import { addressRule, isSigned, isTimely, parseAuthorization, sha256Hex } from "./api-key.ts";

const secret = "a secret that nobody knows";
const time = 1_800_000_000;
const nonce = "0123456789abcdef";
const parts = {
  method: "POST",
  target: "/api/v1/verifications?x=1",
  bodySha256: sha256Hex(Buffer.from("{}")),
};
const text = [parts.method, parts.target, time, nonce, parts.bodySha256].join("\n");
const signature = createHmac("sha256", secret).update(text).digest("base64url");
const header = (changes: Record<string, string | number> = {}) => {
  const fields = { key: "key_abc", time, nonce, signature, ...changes };
  return `Countersign-HMAC-SHA256 ${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ")}`;
};

test("a request signed over all its parts is the key's", () => {
  const proof = parseAuthorization(header())!;
  expect(isSigned(parts, proof, hmacKey("sha256", Buffer.from(secret)))).toBe(true);
});

test.each([
  ["method", { method: "GET" }],
  ["path", { target: "/api/v1/verifications" }],
  ["body", { bodySha256: sha256Hex(Buffer.from("{ }")) }],
])("a changed %s breaks the signature", (_what, change) => {
  const proof = parseAuthorization(header())!;
  expect(isSigned({ ...parts, ...change }, proof, hmacKey("sha256", Buffer.from(secret)))).toBe(false);
});

test.each([
  ["time", { time: time + 1 }],
  ["nonce", { nonce: "0123456789abcdeg" }],
])("a changed %s breaks the signature", (_what, change) => {
  const proof = parseAuthorization(header(change))!;
  expect(isSigned(parts, proof, hmacKey("sha256", Buffer.from(secret)))).toBe(false);
});

test("another key's signature does not pass", () => {
  const proof = parseAuthorization(header())!;
  expect(isSigned(parts, proof, hmacKey("sha256", Buffer.from("another")))).toBe(false);
});

test.each([
  undefined,
  "",
  "Bearer abc",
  header({ nonce: "short" }),
  header({ time: "1e9" }),
  header({ time: "-1" }),
  header({ signature: signature.slice(1) }),
  header({ key: "../x" }),
  `${header()}, key=key_other`,
  ` ${header()}`,
])("%s is no authorization", (value) => {
  expect(parseAuthorization(value)).toBeUndefined();
});

test("a time within 300 seconds is believed, on either side", () => {
  const proof = parseAuthorization(header())!;
  for (const seconds of [-300, 0, 300]) expect(isTimely(proof, (time + seconds) * 1000)).toBe(true);
  for (const seconds of [-300.001, 300.001]) expect(isTimely(proof, (time + seconds) * 1000)).toBe(false);
});

test("without ranges every address may ask, with ranges those alone", () => {
  expect(addressRule([])("203.0.113.9")).toBe(true);
  const rule = addressRule(["192.0.2.7", "10.0.0.0/8", "2001:db8::/32"]);
  for (const address of ["192.0.2.7", "10.200.3.4", "2001:db8:1::1", "::ffff:10.1.1.1"])
    expect([address, rule(address)]).toEqual([address, true]);
  for (const address of ["192.0.2.8", "11.0.0.1", "2001:db9::1", "::1", "::ffff:192.0.2.8"])
    expect([address, rule(address)]).toEqual([address, false]);
});
