import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { authorization, vapidKey } from "./vapid.ts";

const now = Date.UTC(2027, 0, 15);

test("a push service can prove who sends, by the key that the browser was given", () => {
  const key = vapidKey(Buffer.alloc(32, 7));
  const header = authorization(key, {
    endpoint: "https://push.example:8443/x/y?z",
    subject: "mailto:it@example.org",
    now,
  });
  const [, token = "", k = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
  expect(k).toBe(key.publicKey);
  const point = Buffer.from(k, "base64url");
  expect([point.length, point[0]]).toEqual([65, 4]);
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString("base64url"));
  const publicKey = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y } as object, format: "jwk" });
  const [head = "", claims = "", signature = ""] = token.split(".");
  const by = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  expect(verify("sha256", Buffer.from(`${head}.${claims}`), by, Buffer.from(signature, "base64url"))).toBe(true);
  expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ typ: "JWT", alg: "ES256" });
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
    aud: "https://push.example:8443",
    exp: now / 1000 + 12 * 3600,
    sub: "mailto:it@example.org",
  });
});

test("the same secret gives the same key, and what is no key is refused", () => {
  expect(vapidKey(Buffer.alloc(32, 7)).publicKey).toBe(vapidKey(Buffer.alloc(32, 7)).publicKey);
  expect(() => vapidKey(Buffer.alloc(32, 255))).toThrow("not valid");
});
