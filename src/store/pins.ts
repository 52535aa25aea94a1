/** People's PINs, as keyed hashes. Must stay true: the present one moves into the history in the statement that replaces it. */

import type { Db, Run } from "./open.ts";

export type PinState = {
  mac: Uint8Array | null;
  changedAt: number;
  mustChange: boolean;
  /** base64url, the newest first */
  history: string[];
  /** the person's numbers, their calls' too */
  phones: string[];
};

export async function readPin(db: Db, userId: string): Promise<PinState | undefined> {
  const person = await db.q
    .selectFrom("person")
    .select(["pin_mac", "pin_changed_at", "pin_must_change", "pin_history", "mobile_phone", "backup_phone"])
    .where("id", "=", userId)
    .executeTakeFirst();
  if (!person) return undefined;
  const factors = await db.q.selectFrom("factor").select("address").where("user_id", "=", userId).execute();
  const numbers = [person.mobile_phone, person.backup_phone, ...factors.map(({ address }) => address)];
  return {
    mac: person.pin_mac,
    changedAt: person.pin_changed_at ?? 0,
    mustChange: person.pin_must_change !== 0,
    history: JSON.parse(person.pin_history) as string[],
    phones: numbers.filter((number) => number !== null),
  };
}

type NewPin = {
  userId: string;
  before: Uint8Array | null;
  mac: Uint8Array;
  mustChange: boolean;
  history: string[];
  at: number;
};

/** False when the PIN is not the one any more that was looked at. */
export async function savePin(run: Run, { userId, before, mac, mustChange, history, at }: NewPin): Promise<boolean> {
  const saved = await run(
    `update person set pin_mac = cast(? as blob), pin_changed_at = cast(? as bigint), pin_must_change = cast(? as bigint), pin_history = ?
     where id = ? and ${before ? "pin_mac = cast(? as blob)" : "pin_mac is null"} returning id`,
    [mac, at, Number(mustChange), JSON.stringify(history), userId, ...(before ? [before] : [])],
  );
  return saved.length > 0;
}

/** False where there is none. */
export async function expirePin(run: Run, userId: string): Promise<boolean> {
  const saved = await run("update person set pin_must_change = 1 where id = ? and pin_mac is not null returning id", [
    userId,
  ]);
  return saved.length > 0;
}
