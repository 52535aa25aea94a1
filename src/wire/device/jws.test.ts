import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { readJws, writeJws } from "./jws.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const shape = z.strictObject({ code: z.string() });
const good = writeJws("activation", { key: privateKey, kid: "dev_1", payload: { code: "A" } });

test("what was written reads, and is signed by its key and no other", () => {
  const read = readJws("activation", good, shape)!;
  expect(read).toMatchObject({ kid: "dev_1", payload: { code: "A" } });
  expect(read.isSignedBy(spki)).toBe(true);
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" });
  expect(read.isSignedBy(other)).toBe(false);
});

test("a changed octet anywhere is another message, or none", () => {
  for (let at = 0; at < good.length; at++) {
    if (good[at] === ".") continue;
    const changed = good.slice(0, at) + (good[at] === "A" ? "B" : "A") + good.slice(at + 1);
    expect(readJws("activation", changed, shape)?.isSignedBy(spki) ?? false).toBe(false);
  }
});

test("another kind, another algorithm, another shape or spelling is none", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [head, body, signature] = good.split(".") as [string, string, string];
  expect(readJws("decision", good, shape)).toBeUndefined();
  expect(readJws("activation", good, z.strictObject({ other: z.string() }))).toBeUndefined();
  const typ = "countersign-activation+jwt";
  for (const header of [{ alg: "none", typ }, { alg: "HS256", typ }, { alg: "ES256", typ, jwk: {} }, { typ }])
    expect(readJws("activation", [part(header), body, signature].join("."), shape)).toBeUndefined();
  for (const text of [`${good}=`, `${good}.`, [head, body].join("."), `${head}.${body}.`, "", good.repeat(100)])
    expect(readJws("activation", text, shape)).toBeUndefined();
});
