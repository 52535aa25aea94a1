/**
 * Authenticator apps that are bound to people. Must stay true: an approval is checked against the key that stands here and no other;
 * a device's codes come and go with it, and the last device takes the push method along (triggers).
 */

import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { insert, type Columns } from "./values.ts";

export type NewDevice = Omit<Tables["device"], "last_seen_at" | "last_result" | "unlock_key">;
export type DeviceState = "proving" | "active" | "blocked";
export type Device = {
  id: string;
  userId: string;
  name: string;
  kind: string;
  platform: string;
  appVersion: string;
  language: string | null;
  publicKey: Uint8Array;
  state: DeviceState;
  /** whether notifications reach it, or only the live stream and looking */
  push: "web" | "none";
  /** the passkey of its local unlock, as JSON */
  unlockKey: string | null;
  createdAt: number;
  lastSeenAt: number | null;
  lastResult: string | null;
};

const table = {
  name: "device",
  columns: {
    id: "text",
    user_id: "text",
    name: "text",
    kind: "text",
    platform: "text",
    app_version: "text",
    language: "text",
    public_key: "blob",
    state: "text",
    push: "text",
    sealed_subscription: "blob",
    created_at: "bigint",
  } satisfies Record<keyof NewDevice, Columns[string]>,
};

export const insertDevice = async (run: Run, device: NewDevice): Promise<unknown> => await insert(run, table, [device]);

const columns = [
  "id",
  "user_id",
  "name",
  "kind",
  "platform",
  "app_version",
  "language",
  "public_key",
  "state",
  "push",
  "unlock_key",
  "created_at",
  "last_seen_at",
  "last_result",
] as const;

const deviceOf = (row: Pick<Tables["device"], (typeof columns)[number]>): Device => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  kind: row.kind,
  platform: row.platform,
  appVersion: row.app_version,
  language: row.language,
  publicKey: row.public_key,
  state: row.state as DeviceState,
  push: row.push as Device["push"],
  unlockKey: row.unlock_key,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  lastResult: row.last_result,
});

export async function findDevice(db: Db, id: string): Promise<Device | undefined> {
  const row = await db.q.selectFrom("device").select(columns).where("id", "=", id).executeTakeFirst();
  return row && deviceOf(row);
}

/** Oldest first. */
export async function listDevicesOf(db: Db, userId: string): Promise<Device[]> {
  const rows = await db.q
    .selectFrom("device")
    .select(columns)
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(deviceOf);
}

/** Whoever comes next waits for this commit, so that two of a person's changes never cross. */
export async function holdPerson(run: Run, userId: string): Promise<boolean> {
  return (await run("update person set state = state where id = ? returning id", [userId])).length > 0;
}

/** How many of the person's devices count against the limit. */
export async function countDevices(run: Run, userId: string): Promise<number> {
  const [row] = await run("select count(*) as n from device where user_id = ? and state <> 'proving'", [userId]);
  return Number(row!["n"]);
}

/** False: it was not what it had to be any more. */
export async function moveDevice(
  run: Run,
  { id, from, to }: { id: string; from: DeviceState; to: DeviceState },
): Promise<boolean> {
  const moved = await run("update device set state = ? where id = ? and state = ? returning id", [to, id, from]);
  return moved.length > 0;
}

/** The codes of a device that is blocked do not count. */
export async function moveCodes(
  run: Run,
  { deviceId, from, to }: { deviceId: string; from: string; to: string },
): Promise<void> {
  await run("update factor set state = ? where device_id = ? and state = ?", [to, deviceId, from]);
}

/** One a person: another device's is left as it is. */
export async function insertPush(run: Run, { id, userId, at }: { id: string; userId: string; at: number }) {
  await run(
    `insert into factor (id, user_id, method, state, created_at) values (?, ?, 'push', 'active', cast(? as bigint))
     on conflict (user_id) where method = 'push' do nothing`,
    [id, userId, at],
  );
}

type Subscribed = { id: string; push: Device["push"]; sealedSubscription: Uint8Array | null };

/** Where notifications go from now on; gives where they went. */
export async function saveSubscription(
  run: Run,
  { id, push, sealedSubscription }: Subscribed,
): Promise<Uint8Array | null> {
  const [before] = await run("select sealed_subscription from device where id = ?", [id]);
  await run("update device set push = ?, sealed_subscription = ? where id = ?", [push, sealedSubscription, id]);
  return (before?.["sealed_subscription"] ?? null) as Uint8Array | null;
}

export async function renameDevice(
  run: Run,
  { id, userId, name }: { id: string; userId: string; name: string },
): Promise<boolean> {
  const renamed = await run("update device set name = ? where id = ? and user_id = ? returning id", [name, id, userId]);
  return renamed.length > 0;
}

export async function deleteDevice(run: Run, id: string): Promise<boolean> {
  return (await run("delete from device where id = ? returning id", [id])).length > 0;
}

/** Only while it has not shown that its channel works. */
export async function deleteProving(run: Run, id: string): Promise<void> {
  await run("delete from device where id = ? and state = 'proving'", [id]);
}

const seenEveryMs = 60_000;
/** When it was last heard of; not more often than each minute, or looking would be writing. */
export async function saveSeen(db: Db, { id, at }: { id: string; at: number }): Promise<void> {
  await db.q
    .updateTable("device")
    .set({ last_seen_at: at })
    .where("id", "=", id)
    .where((row) => row.or([row("last_seen_at", "is", null), row("last_seen_at", "<", at - seenEveryMs)]))
    .execute();
}

/** False: there is one already. */
export async function saveUnlockKey(run: Run, { id, unlockKey }: { id: string; unlockKey: string }): Promise<boolean> {
  const text = "update device set unlock_key = ? where id = ? and unlock_key is null returning id";
  return (await run(text, [unlockKey, id])).length > 0;
}
