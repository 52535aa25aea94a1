import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { base64url, bodyHash, fromBase64url, makeDeviceKey, signJws } from "./jws.ts";

test("what is signed verifies with the public half alone, which is all that leaves", async () => {
  const { privateKey, publicKey } = await makeDeviceKey();
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  const jws = await signJws(privateKey, { typ: "countersign-request+jwt", kid: "dev_1" }, { htm: "GET", name: "Åsa" });
  const [header, payload, signature] = jws.split(".") as [string, string, string];
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({
    alg: "ES256",
    typ: "countersign-request+jwt",
    kid: "dev_1",
  });
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({ htm: "GET", name: "Åsa" });
  const key = { key: createPublicKey({ key: jwk as never, format: "jwk" }), dsaEncoding: "ieee-p1363" as const };
  const holds = (signed: string) => verify("sha256", Buffer.from(signed), key, Buffer.from(signature, "base64url"));
  expect([holds(`${header}.${payload}`), holds(`${header}.${payload}x`)]).toEqual([true, false]);
  await expect(crypto.subtle.exportKey("jwk", privateKey)).rejects.toThrow("not extractable");
});

test("a body is told by its hash, and none by nothing", async () => {
  expect(await bodyHash("")).toBe("");
  expect(await bodyHash('{"å":1}')).toBe(createHash("sha256").update('{"å":1}').digest("base64url"));
});

test("octets come back from base64url", () => {
  const octets = Uint8Array.from({ length: 256 }, (_, value) => value);
  expect(fromBase64url(base64url(octets))).toEqual(octets);
  expect(base64url(octets)).toBe(Buffer.from(octets).toString("base64url"));
});
