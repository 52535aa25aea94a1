import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { hmacKey, type HmacKey } from "#core/crypto/hmac.ts";
import { AppError } from "#core/errors.ts";
import { seal, unseal, type Place } from "#core/crypto/seal.ts";
import type { Db } from "./open.ts";

/**
 * The data keys, one a purpose, unwrapped at start with the master key that is not in the database.
 * Must stay true: where ciphertexts exist no new key is ever made; a wrong master key stops the start.
 */

const purposes = [
  "factor",
  "seed",
  "client",
  "api",
  "outbox",
  "code",
  "pepper",
  "pin",
  "chain",
  "oidc",
  "site",
  "directory",
  "gateway",
  "number",
  "push",
  "device",
] as const;
export type Purpose = (typeof purposes)[number];

export type Keys = {
  seal(purpose: Purpose, plain: Uint8Array, place: Place): Buffer;
  unseal(purpose: Purpose, sealed: Uint8Array, place: Place): Buffer;
  /** HMAC-SHA256 under the purpose's key */
  mac(purpose: Purpose, ...parts: readonly (Uint8Array | string)[]): Buffer;
  /** the purposes whose keys have sealed nearly as much as they may, or all of it */
  worn(): string[];
};

const version = 1;
/** AES-GCM with random IVs is safe for 2^32 messages a key; use is counted in the database by the thousand. */
const sealLimit = 2 ** 32;
const sealWarning = (sealLimit / 8) * 7;
const sealBlock = 4096;

const isSpent = (seals: number) => seals > sealLimit;
const spent = (purpose: string) => `The key for "${purpose}" has sealed too many values; rotate it.`;

const placeOf = (purpose: string): Place => ({ table: "data_key", column: "wrapped", row: purpose });

export async function openKeys(db: Db, { master, now }: { master: Uint8Array; now: number }): Promise<Keys> {
  const wrapping = { version, key: master };
  await createMissing(db, { wrapping, now });
  const rows = await db.q.selectFrom("data_key").select(["purpose", "wrapped", "seals"]).execute();
  const keys = new Map<string, KeyObject>();
  const macs = new Map<string, HmacKey>();
  const left = new Map<string, number>();
  /** what all nodes have sealed, as far as this one has heard */
  const seals = new Map<string, number>();
  for (const row of rows) {
    const key = unwrapped(row, master);
    // a key object stays outside JavaScript's memory, and is cheaper to use
    keys.set(row.purpose, createSecretKey(key));
    macs.set(row.purpose, hmacKey("sha256", key));
    key.fill(0);
    left.set(row.purpose, 0);
    seals.set(row.purpose, row.seals);
  }
  const keyOf = (purpose: Purpose) => keys.get(purpose)!;
  const count = (purpose: Purpose) => {
    const rest = left.get(purpose)!;
    if (rest > 0) return left.set(purpose, rest - 1);
    if (isSpent(seals.get(purpose)!)) throw new AppError("unavailable", spent(purpose));
    seals.set(purpose, seals.get(purpose)! + sealBlock);
    void db.q
      .updateTable("data_key")
      .set((row) => ({ seals: row("seals", "+", sealBlock) }))
      .where("purpose", "=", purpose)
      .returning("seals")
      .executeTakeFirst()
      .then((row) => row && seals.set(purpose, row.seals))
      .catch(() => undefined);
    return left.set(purpose, sealBlock - 1);
  };
  for (const row of rows) if (isSpent(row.seals)) throw new AppError("start_refused", spent(row.purpose));
  return {
    seal: (purpose, plain, place) => {
      count(purpose);
      return seal(plain, place, { version, key: keyOf(purpose) });
    },
    unseal: (purpose, sealed, place) => unseal(sealed, place, () => keyOf(purpose)),
    mac: (purpose, ...parts) => macs.get(purpose)!.digest(...parts),
    worn: () => [...seals].flatMap(([purpose, count]) => (count > sealWarning ? purpose : [])),
  };
}

function unwrapped({ purpose, wrapped }: { purpose: string; wrapped: Uint8Array }, master: Uint8Array): Buffer {
  try {
    return unseal(wrapped, placeOf(purpose), () => master);
  } catch (error) {
    const sentence = "The master key does not open this database's keys: it is not the key the database was made with.";
    throw new AppError("start_refused", sentence, error);
  }
}

/** Whether the store holds anything that a key has sealed. */
export async function hasKeys(db: Db): Promise<boolean> {
  return (await db.q.selectFrom("data_key").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** A purpose that a newer version adds gets its key; racing nodes agree by the unique constraint. */
async function createMissing(
  db: Db,
  { wrapping, now }: { wrapping: { version: number; key: Uint8Array }; now: number },
): Promise<void> {
  const known = new Set((await db.q.selectFrom("data_key").select("purpose").execute()).map((row) => row.purpose));
  const missing = purposes.filter((purpose) => !known.has(purpose));
  if (missing.length === 0) return;
  const values = missing.map((purpose) => ({
    id: `key_${purpose}_${version}`,
    purpose,
    version,
    wrapped: seal(randomBytes(32), placeOf(purpose), wrapping),
    created_at: now,
  }));
  await db.q
    .insertInto("data_key")
    .values(values.map((value) => ({ ...value, seals: 0 })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
