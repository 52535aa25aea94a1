/**
 * Which of a person's devices notifications go to, and what became of them: beside the request, and for the figures. Must stay
 * true: nobody is told but the devices that were there when the request was opened, since who is told may answer, and none of them
 * twice; a subscription that is gone is dropped only while it is still the device's.
 */

import type { Db, Run } from "./open.ts";
import { insert, over, type Columns } from "./values.ts";

export type Subscribed = { deviceId: string; sealedSubscription: Uint8Array };

/** The devices that were asked and can be told, and were not yet, or not with success. */
export async function listUntold(
  db: Db,
  { userId, challengeId }: { userId: string; challengeId: string },
): Promise<Subscribed[]> {
  const rows = await db.q
    .selectFrom("request_device")
    .innerJoin("device", "device.id", "request_device.device_id")
    .select(["device.id", "device.sealed_subscription"])
    .where("request_device.challenge_id", "=", challengeId)
    .where("device.user_id", "=", userId)
    .where("device.state", "=", "active")
    .where("device.sealed_subscription", "is not", null)
    .where((row) =>
      row.or([
        row("request_device.notify_result", "is", null),
        row("request_device.notify_result", "in", ["busy", "down"]),
      ]),
    )
    .execute();
  return rows.map((row) => ({ deviceId: row.id, sealedSubscription: row.sealed_subscription! }));
}

/** The devices that were told of a request. */
export async function listTold(db: Db, challengeId: string): Promise<Subscribed[]> {
  const rows = await db.q
    .selectFrom("request_device")
    .innerJoin("device", "device.id", "request_device.device_id")
    .select(["device.id", "device.sealed_subscription"])
    .where("request_device.challenge_id", "=", challengeId)
    .where("request_device.notify_result", "=", "sent")
    .where("device.state", "=", "active")
    .where("device.sealed_subscription", "is not", null)
    .execute();
  return rows.map((row) => ({ deviceId: row.id, sealedSubscription: row.sealed_subscription! }));
}

/** One that still has to show that notifications reach it. */
export async function findProving(db: Db, deviceId: string): Promise<Subscribed | undefined> {
  const row = await db.q
    .selectFrom("device")
    .select(["id", "sealed_subscription"])
    .where("id", "=", deviceId)
    .where("state", "=", "proving")
    .executeTakeFirst();
  if (!row?.sealed_subscription) return undefined;
  return { deviceId: row.id, sealedSubscription: row.sealed_subscription };
}

export type Notified = { id: string; deviceId: string; service: string; result: string; reason: string | null };
type Notifying = { message: { id: string; userId: string | null; challengeId: string }; attempt: number; at: number };

const traces = {
  name: "delivery",
  columns: {
    id: "text",
    message_id: "text",
    attempt: "bigint",
    challenge_id: "text",
    user_id: "text",
    gateway_id: "text",
    gateway: "text",
    channel: "text",
    country: "text",
    to_mac: "blob",
    sender: "text",
    ref: "text",
    state: "text",
    reason: "text",
    started_at: "bigint",
    sent_at: "bigint",
  } satisfies Columns,
};

/** How it stands with each device. A request that is over meanwhile has nothing beside it. */
export async function saveNotified(
  run: Run,
  { message, attempt, at, notified }: Notifying & { notified: readonly Notified[] },
): Promise<void> {
  const { userId: user_id, challengeId: challenge_id } = message;
  await over(
    run,
    "challenge_id text, device_id text, at bigint, result text",
    notified.map(({ deviceId, result }) => [challenge_id, deviceId, at, result]),
    `update request_device set notified_at = v.at, notify_result = v.result from v
     where request_device.challenge_id = v.challenge_id and request_device.device_id = v.device_id`,
  );
  const rows = notified.map(({ id, deviceId: ref, service: gateway, result, reason }) => {
    const state = result === "sent" ? { state: "sent", sent_at: at } : { state: "refused", sent_at: null };
    const whose = { message_id: `${message.id} ${ref}`, challenge_id, user_id, ref, to_mac: Buffer.alloc(0) };
    const by = { gateway_id: "push", gateway, channel: "push", country: "", sender: "" };
    return { id, attempt, ...whose, ...by, ...state, reason, started_at: at };
  });
  await insert(run, traces, rows);
}

/** Gives whose device it is; nothing where the device has another one by now. */
export async function dropSubscription(
  run: Run,
  { deviceId, sealedSubscription }: Subscribed,
): Promise<string | undefined> {
  const [dropped] = await run(
    `update device set push = 'none', sealed_subscription = null
     where id = ? and sealed_subscription = ? returning user_id`,
    [deviceId, sealedSubscription],
  );
  return dropped?.["user_id"] as string | undefined;
}

/** Which notifications have made a device fetch what they were about, since a time. */
export async function markFetched(run: Run, since: number): Promise<void> {
  await run(
    `update delivery set delivered_at = r.fetched_at from request_device r
     where delivery.channel = 'push' and delivery.state = 'sent' and delivery.delivered_at is null
       and delivery.started_at >= cast(? as bigint) and r.challenge_id = delivery.challenge_id
       and r.device_id = delivery.ref and r.fetched_at is not null`,
    [since],
  );
}
