/**
 * The keys that sign ID tokens and logout tokens. Must stay true: a key is published a day before it signs, so that
 * every application and every node has read it by then, and stays published as long as anything it signed is shown.
 */

import { generateKeyPair, type webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { AppError } from "#core/errors.ts";
import { idTokenAlgs } from "#core/relying-party.ts";
import { dropOidcKey, insertOidcKey, listOidcKeys, type OidcKeyRow } from "#store/oidc-keys.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type Alg = (typeof idTokenAlgs)[number];
type JsonWebKey = webcrypto.JsonWebKey;
export type SigningKey = { jwk: JsonWebKey & { kid: string; alg: Alg; use: "sig" }; signsFrom: number };

const day = 86_400_000;
const publishedBeforeMs = day;
/** An old ID token names its session when someone signs out, so keys outlive the longest session of the protocol. */
const keptAfterMs = 40 * day;
const rotatedEveryMs = 90 * day;

const placeOf = (id: string) => ({ table: "oidc_key", column: "sealed_jwk", row: id });

const makePair = promisify(generateKeyPair) as unknown as (
  type: string,
  options: object,
) => Promise<{ privateKey: { export: (options: { format: "jwk" }) => JsonWebKey } }>;
const making: Record<Alg, [type: string, options: object]> = {
  ES256: ["ec", { namedCurve: "P-256" }],
  RS256: ["rsa", { modulusLength: 3072 }],
};

async function newKey(deps: Deps, alg: Alg, { version, signsFrom }: { version: number; signsFrom: number }) {
  const { privateKey } = await makePair(...making[alg]);
  const id = deps.random.id("kid_");
  const jwk = { ...privateKey.export({ format: "jwk" }), kid: id, alg, use: "sig" };
  const sealedJwk = deps.keys.seal("oidc", Buffer.from(JSON.stringify(jwk)), placeOf(id));
  return { id, alg, version, sealedJwk, signsFrom } satisfies OidcKeyRow;
}

/** Every published key, those that sign now first; made on the first use of an empty table. */
export async function loadSigningKeys(deps: Deps): Promise<SigningKey[]> {
  const now = deps.clock.now();
  let rows = await listOidcKeys(deps.db);
  const missing = idTokenAlgs.filter((alg) => !rows.some((row) => row.alg === alg));
  // back in time, for a node whose clock is behind this one's
  const first = { version: 1, signsFrom: now - 5 * 60_000 };
  for (const alg of missing) await insertOidcKey(deps.db, await newKey(deps, alg, first), now);
  if (missing.length > 0) rows = await listOidcKeys(deps.db);
  // newest first, so the first of an algorithm whose time has come is the one that signs
  const signing = new Set(idTokenAlgs.map((alg) => rows.find((row) => row.alg === alg && row.signsFrom <= now)));
  return rows
    .toSorted((a, b) => Number(signing.has(b)) - Number(signing.has(a)))
    .map((row) => ({
      jwk: JSON.parse(deps.keys.unseal("oidc", row.sealedJwk, placeOf(row.id)).toString()) as SigningKey["jwk"],
      signsFrom: row.signsFrom,
    }));
}

/** Publishes the next keys; they sign after a day. */
export async function rotateSigningKeys(deps: Deps, actor: Actor): Promise<{ signsFrom: number }> {
  const now = deps.clock.now();
  await loadSigningKeys(deps);
  const rows = await listOidcKeys(deps.db);
  const waiting = rows.find((row) => row.signsFrom > now);
  if (waiting)
    throw new AppError(
      "conflict",
      `the next key is published already; it signs from ${new Date(waiting.signsFrom).toISOString()}`,
    );
  const signsFrom = now + publishedBeforeMs;
  const made: string[] = [];
  for (const alg of idTokenAlgs) {
    const version = 1 + rows.find((row) => row.alg === alg)!.version;
    const row = await newKey(deps, alg, { version, signsFrom });
    if (await insertOidcKey(deps.db, row, now)) made.push(row.id);
  }
  await changed(deps, actor, async () => ({
    value: undefined,
    result: "OIDC_KEYS_ROTATED",
    detail: { keys: made, signsFrom },
  }));
  return { signsFrom };
}

/** The job: a new key each quarter, and none kept that nothing needs. */
export async function keepSigningKeys(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const rows = await listOidcKeys(deps.db);
  for (const alg of idTokenAlgs) {
    const own = rows.filter((row) => row.alg === alg);
    const over = own.findIndex((row) => row.signsFrom + keptAfterMs <= now);
    for (const row of over === -1 ? [] : own.slice(over + 1)) await dropOidcKey(deps.db, row.id);
  }
  const newest = Math.max(...rows.map((row) => row.signsFrom));
  if (rows.length > 0 && newest + rotatedEveryMs <= now) await rotateSigningKeys(deps, "system");
}
