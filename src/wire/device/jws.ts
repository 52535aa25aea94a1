/**
 * Compact JWS (RFC 7515) as devices write and read it: ES256 with nothing optional. Must stay true: one text is one message, so
 * every part has the one Base64 spelling and the header no member that is not named here.
 */

import { createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { z } from "zod";

const types = {
  request: "countersign-request+jwt",
  activation: "countersign-activation+jwt",
  decision: "countersign-decision+jwt",
} as const;
export type JwsKind = keyof typeof types;

const longest = 16_384;
const headerShape = z.strictObject({
  alg: z.literal("ES256"),
  typ: z.string(),
  kid: z
    .string()
    .max(64)
    .regex(/^[\w-]+$/)
    .optional(),
});

export type Jws<T> = { kid: string | undefined; payload: T; isSignedBy: (spki: Uint8Array) => boolean };

export function writeJws(
  kind: JwsKind,
  { key, kid, payload }: { key: KeyObject; kid?: string; payload: object },
): string {
  const header = { alg: "ES256", typ: types[kind], ...(kid !== undefined && { kid }) };
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** Undefined: it is none of that kind, or its payload is not of that shape. */
export function readJws<T>(kind: JwsKind, text: string, shape: z.ZodType<T>): Jws<T> | undefined {
  if (text.length > longest) return undefined;
  const parts = text.split(".");
  const [head, body, signature] = parts.map((part) => Buffer.from(part, "base64url"));
  if (parts.length !== 3 || [head, body, signature].some((bytes, at) => bytes!.toString("base64url") !== parts[at]))
    return undefined;
  const header = headerShape.safeParse(json(head!));
  const payload = shape.safeParse(json(body!));
  if (!header.success || header.data.typ !== types[kind] || !payload.success || signature!.length !== 64)
    return undefined;
  const signed = Buffer.from(text.slice(0, text.lastIndexOf(".")));
  return {
    kid: header.data.kid,
    payload: payload.data,
    isSignedBy: (spki) => {
      const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
      return verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature!);
    },
  };
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
