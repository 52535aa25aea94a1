import { createHmac, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { verdictKey } from "#core/api-key.ts";
import { errorCodes } from "#core/errors.ts";
import { denyCodes } from "#core/outcome.ts";
import { invalid, statusOf } from "./problem.ts";
import { signVerdict } from "./verdict.ts";
import { refusals } from "./verifications.ts";

test("every refusal but an outage reads the same", () => {
  const statuses = new Map(denyCodes.map((code) => [code, refusals[code]]));
  expect(statuses.get("unavailable")).toBe(503);
  statuses.delete("unavailable");
  expect(new Set(statuses.values())).toEqual(new Set([403]));
});

test("every error has a status of refusal", () => {
  for (const code of errorCodes) expect(statusOf[code]).toBeGreaterThanOrEqual(400);
});

test("a problem names the field and repeats no value, long names cut", () => {
  const schema = z.strictObject({ username: z.string(), code: z.string().max(3) });
  const sent = { username: 77_777, code: "s3cret", "x-extra": "hush", [`${"y".repeat(500)}`]: 1 };
  const { error } = schema.safeParse(sent);
  const { detail } = invalid(error!);
  expect(detail).toContain("username: must be string; code: is not as described; x-extra: is not a field");
  for (const value of ["77777", "s3cret", "hush"]) expect(detail).not.toContain(value);
  expect(detail!.length).toBeLessThan(300);
});

test("a verdict is a JWS under a key of its own, derived from the secret", () => {
  const verdict = {
    iss: "https://mfa.example.org",
    aud: "key_a",
    iat: 1_800_000_000,
    nonce: "n",
    sub: "anna",
    app: "shop",
    result: "allowed",
    challenge: null,
    cid: "cor_x",
  };
  const [header, payload, signature] = signVerdict(verdict, verdictKey(Buffer.from("the secret"))).split(".");
  const key = Buffer.from(hkdfSync("sha256", "the secret", "", "countersign verdict", 32));
  expect(createHmac("sha256", key).update(`${header}.${payload}`).digest("base64url")).toBe(signature);
  expect(JSON.parse(Buffer.from(header!, "base64url").toString())).toEqual({
    alg: "HS256",
    typ: "countersign-verdict+jwt",
  });
  expect(JSON.parse(Buffer.from(payload!, "base64url").toString())).toEqual(verdict);
});
