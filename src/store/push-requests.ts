/** Requests to approve on the devices of a person, and what became of them there (fact sheet 8.2). */

import { restsUntil, type FatigueRule } from "#core/push-fatigue.ts";
import type { Db, Run } from "./open.ts";
import { marks } from "./values.ts";

/** Every device that can answer is asked. */
export async function insertAsked(run: Run, { id, user_id }: { id: string; user_id: string }): Promise<void> {
  await run(
    `insert into request_device (challenge_id, device_id) select cast(? as text), d.id from device d
     where d.user_id = ? and d.state = 'active'`,
    [id, user_id],
  );
}

type Resting = { factorId: string; at: number; rule: FatigueRule };

/** Whether the person is left in peace now. */
export async function hasRest(run: Run, { factorId, at, rule }: Resting): Promise<boolean> {
  const rows = await run(
    `select state, created_at from challenge where factor_id = ? and created_at > cast(? as bigint)
       and (state <> 'pending' or expires_at <= cast(? as bigint)) order by created_at`,
    [factorId, at - rule.withinMs - rule.restMs, at],
  );
  const history = rows.map((row) => ({
    at: row["created_at"] as number,
    approved: row["state"] === "approved" || row["state"] === "consumed",
  }));
  return restsUntil(history, rule) > at;
}

export async function isPending(run: Run, { factorId, at }: { factorId: string; at: number }): Promise<boolean> {
  const text = "select 1 from challenge where factor_id = ? and state = 'pending' and expires_at > cast(? as bigint)";
  return (await run(text, [factorId, at])).length > 0;
}

export async function hasDevice(run: Run, userId: string): Promise<boolean> {
  return (await run("select 1 from device where user_id = ? and state = 'active' limit 1", [userId])).length > 0;
}

export type PushRequest = {
  id: string;
  userId: string;
  username: string;
  factorId: string;
  application: string;
  state: string;
  mode: string;
  clientIp: string | null;
  station: string | null;
  at: number;
  expiresAt: number;
  /** what this device has said */
  result: string | null;
};

const columns = `select c.id, c.user_id, p.username, c.factor_id, c.application_name, c.state, c.mode, c.client_ip, c.station,
  c.created_at, c.expires_at, r.result from request_device r join challenge c on c.id = r.challenge_id
  join person p on p.id = c.user_id`;
const requestOf = (row: Record<string, unknown>): PushRequest => ({
  id: row["id"] as string,
  userId: row["user_id"] as string,
  username: row["username"] as string,
  factorId: row["factor_id"] as string,
  application: (row["application_name"] ?? "") as string,
  state: row["state"] as string,
  mode: row["mode"] as string,
  clientIp: row["client_ip"] as string | null,
  station: row["station"] as string | null,
  at: row["created_at"] as number,
  expiresAt: row["expires_at"] as number,
  result: row["result"] as string | null,
});

/** What waits for this device's answer. */
export async function listWaiting(db: Db, { deviceId, at }: { deviceId: string; at: number }): Promise<PushRequest[]> {
  const text = `${columns} join device d on d.id = r.device_id
    where r.device_id = ? and d.state = 'active' and c.user_id = d.user_id and c.state = 'pending'
      and c.expires_at > cast(? as bigint) order by c.created_at`;
  return (await db.transaction((run) => run(text, [deviceId, at]))).map(requestOf);
}

/** One that this device was asked, whatever has become of it. */
export async function findAsked(
  db: Db,
  { deviceId, challengeId }: { deviceId: string; challengeId: string },
): Promise<PushRequest | undefined> {
  const text = `${columns} where r.device_id = ? and r.challenge_id = ?`;
  const [row] = await db.transaction((run) => run(text, [deviceId, challengeId]));
  return row && requestOf(row);
}

type Fetched = { deviceId: string; challengeIds: string[]; at: number; usedCheck: boolean };
/** `usedCheck`: it had looked by itself, and was not told by a notification. */
export async function saveFetched(db: Db, { deviceId, challengeIds, at, usedCheck }: Fetched): Promise<void> {
  if (challengeIds.length === 0) return;
  const text = `update request_device set fetched_at = cast(? as bigint),
      used_check = case when notified_at is null then cast(? as bigint) else 0 end
    where device_id = ? and fetched_at is null and challenge_id in (${marks(challengeIds.length)})`;
  await db.transaction((run) => run(text, [at, Number(usedCheck), deviceId, ...challengeIds]), { relaxed: true });
}

/** What this device has said, or what came of that. */
export async function saveDeviceResult(
  run: Run,
  { deviceId, challengeId, result }: { deviceId: string; challengeId: string; result: string },
): Promise<void> {
  await run("update request_device set result = ? where device_id = ? and challenge_id = ?", [
    result,
    deviceId,
    challengeId,
  ]);
  await run("update device set last_result = ? where id = ?", [result, deviceId]);
}

export type AskedDevice = {
  id: string;
  kind: string | null;
  platform: string | null;
  appVersion: string | null;
  notified: string | null;
  fetched: boolean;
  usedCheck: boolean;
  result: string | null;
};

/** Of one that was removed since, only what it has said. */
export async function listAskedDevices(db: Db, challengeId: string): Promise<AskedDevice[]> {
  const rows = await db.transaction((run) =>
    run(
      `select r.device_id, d.kind, d.platform, d.app_version, r.notify_result, r.fetched_at, r.used_check, r.result
       from request_device r left join device d on d.id = r.device_id where r.challenge_id = ? order by r.device_id`,
      [challengeId],
    ),
  );
  return rows.map((row) => ({
    id: row["device_id"] as string,
    kind: row["kind"] as string | null,
    platform: row["platform"] as string | null,
    appVersion: row["app_version"] as string | null,
    notified: row["notify_result"] as string | null,
    fetched: row["fetched_at"] !== null,
    usedCheck: row["used_check"] === 1,
    result: row["result"] as string | null,
  }));
}
