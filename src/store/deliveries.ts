/**
 * Attempts to have messages carried. Must stay true: a row is there before the vendor is asked, at most two a message, and
 * none once its challenge has ended; what a carrier tells moves a row forward only, in whatever order it comes.
 */

import type { Db, Run } from "./open.ts";

export const attemptLimit = 2;

export type NewDelivery = {
  id: string;
  messageId: string;
  attempt: number;
  challengeId: string | null;
  userId: string | null;
  gateway: { id: string; name: string; channel: string };
  country: string;
  toMac: Uint8Array;
  sender: string;
  at: number;
};

/** The gateways that were asked to carry a message so far, in order, and whether the message is on its way by them. */
export async function listAttempts(db: Db, messageId: string): Promise<{ gatewayId: string; sent: boolean }[]> {
  const rows = await db.q
    .selectFrom("delivery")
    .select(["gateway_id", "state"])
    .where("message_id", "=", messageId)
    .orderBy("attempt")
    .execute();
  return rows.map((row) => ({ gatewayId: row.gateway_id, sent: row.state === "sent" || row.state === "delivered" }));
}

/** False when somebody else has made this attempt, or the message is of no use to anybody any more. */
export async function openDelivery(db: Db, delivery: NewDelivery): Promise<boolean> {
  const { id, messageId, attempt, challengeId, userId, gateway, country, toMac, sender, at } = delivery;
  const of = [gateway.id, gateway.name, gateway.channel];
  const values = [id, messageId, attempt, challengeId, userId, ...of, country, toMac, sender, at];
  values.push(challengeId, challengeId, at);
  const opened = await db.transaction((run) =>
    run(
      `insert into delivery (id, message_id, attempt, challenge_id, user_id, gateway_id, gateway, channel, country, to_mac,
         sender, state, started_at)
       select cast(? as text), cast(? as text), cast(? as bigint), cast(? as text), cast(? as text), cast(? as text),
         cast(? as text), cast(? as text), cast(? as text), cast(? as blob), cast(? as text), 'trying', cast(? as bigint)
       where cast(? as text) is null or exists (select 1 from challenge c
         where c.id = cast(? as text) and c.state = 'pending' and c.expires_at > cast(? as bigint))
       on conflict (message_id, attempt) do nothing returning id`,
      values,
    ),
  );
  return opened.length > 0;
}

export type Result =
  | { state: "sent"; ref: string; costMicros?: number | undefined; currency?: string | undefined }
  | { state: "refused" | "unsure"; reason: string };

/** What the vendor answered; what its callbacks have told meanwhile stays. */
export async function saveResult(db: Db, id: string, { at, ...result }: Result & { at: number }): Promise<void> {
  const sent = result.state === "sent";
  await db.transaction((run) =>
    run(
      `update delivery set state = case when state = 'trying' then cast(? as text) else state end,
         ref = coalesce(cast(? as text), ref), reason = coalesce(cast(? as text), reason), sent_at = cast(? as bigint),
         cost_micros = coalesce(cost_micros, cast(? as bigint)), currency = coalesce(currency, cast(? as text))
       where id = ?`,
      [
        result.state,
        sent ? result.ref : null,
        sent ? null : result.reason,
        sent ? at : null,
        (sent ? result.costMicros : null) ?? null,
        (sent ? result.currency : null) ?? null,
        id,
      ],
    ),
  );
}

export async function findDelivery(db: Db, id: string): Promise<{ state: string; reason: string | null } | undefined> {
  return await db.q.selectFrom("delivery").select(["state", "reason"]).where("id", "=", id).executeTakeFirst();
}

type Report = {
  gatewayId: string;
  /** ours, where the address it was told at named it */
  deliveryId: string | null;
  ref: string;
  state: "delivered" | "failed";
  reason?: string | undefined;
  costMicros?: number | undefined;
  at: number;
};

/** Says whether there is such an attempt. Delivered is the last word: a failure that is told after it, or before, is none. */
export async function saveReport(run: Run, report: Report): Promise<boolean> {
  const { gatewayId, deliveryId, ref, state, reason, costMicros, at } = report;
  const saved = await run(
    `update delivery set state = case when state = 'delivered' then state else cast(? as text) end,
       delivered_at = case when cast(? as text) = 'delivered' then coalesce(delivered_at, cast(? as bigint)) else delivered_at end,
       reason = coalesce(reason, cast(? as text)), ref = coalesce(ref, cast(? as text)),
       cost_micros = coalesce(cast(? as bigint), cost_micros)
     where gateway_id = ? and ${deliveryId === null ? "ref" : "id"} = ? returning id`,
    [state, state, at, reason ?? null, ref, costMicros ?? null, gatewayId, deliveryId ?? ref],
  );
  return saved.length > 0;
}

type Thread = { challengeId: string; gatewayId: string; sender: string; ref: string | null };

/** The texts to a number that wait for a reply, those of the newest challenge first. */
export async function findThreads(db: Db, { toMac, now }: { toMac: Uint8Array; now: number }): Promise<Thread[]> {
  const rows = await db.q
    .selectFrom("delivery")
    .innerJoin("challenge", "challenge.id", "delivery.challenge_id")
    .select(["challenge.id", "delivery.gateway_id", "delivery.sender", "delivery.ref"])
    .where("delivery.to_mac", "=", toMac)
    .where("challenge.method", "=", "sms-reply")
    .where("challenge.state", "=", "pending")
    .where("challenge.expires_at", ">", now)
    .orderBy("challenge.created_at", "desc")
    .orderBy("challenge.id", "desc")
    .orderBy("delivery.attempt")
    .execute();
  return rows.map((row) => ({ challengeId: row.id, gatewayId: row.gateway_id, sender: row.sender, ref: row.ref }));
}

/** Whether a gateway's event is told for the first time. */
export async function noteEvent(run: Run, event: { gatewayId: string; id: string; at: number }): Promise<boolean> {
  const noted = await run(
    "insert into carrier_event (id, at) values (?, cast(? as bigint)) on conflict (id) do nothing returning id",
    [`${event.gatewayId} ${event.id}`, event.at],
  );
  return noted.length > 0;
}

/** It was not taken after all, and counts when it is told again. */
export async function forgetEvent(run: Run, event: { gatewayId: string; id: string }): Promise<void> {
  await run("delete from carrier_event where id = ?", [`${event.gatewayId} ${event.id}`]);
}

export type Figure = {
  gateway: string;
  channel: string;
  country: string;
  attempts: number;
  sent: number;
  delivered: number;
  used: number;
  /** time from the attempt to the receipt, in ms */
  p50: number | null;
  p95: number | null;
  costMicros: number | null;
  currency: string | null;
};

/** What became of the attempts since a time, by gateway and country. */
export async function readFigures(db: Db, since: number): Promise<Figure[]> {
  const by = "gateway, channel, country";
  const rows = await db.transaction(
    (run) =>
      run(
        `with d as (select ${by}, state, used_at, cost_micros, currency,
           delivered_at - started_at as took,
           row_number() over (partition by ${by}, delivered_at is null order by delivered_at - started_at) as n,
           count(delivered_at) over (partition by ${by}) as known
           from delivery where started_at >= cast(? as bigint))
         select ${by}, count(*) as attempts,
           count(case when state in ('sent', 'delivered', 'failed') then 1 end) as sent,
           count(took) as delivered, count(used_at) as used,
           min(case when n * 100 >= known * 50 then took end) as p50,
           min(case when n * 100 >= known * 95 then took end) as p95,
           cast(sum(cost_micros) as bigint) as cost, max(currency) as currency
         from d group by ${by} order by ${by}`,
        [since],
      ),
    { relaxed: true },
  );
  return rows.map((row) => ({
    gateway: row["gateway"] as string,
    channel: row["channel"] as string,
    country: row["country"] as string,
    attempts: row["attempts"] as number,
    sent: row["sent"] as number,
    delivered: row["delivered"] as number,
    used: row["used"] as number,
    p50: row["p50"] as number | null,
    p95: row["p95"] as number | null,
    costMicros: row["cost"] as number | null,
    currency: row["currency"] as string | null,
  }));
}

/** The messages whose challenge has come to its good end since it was last asked. */
export async function markUsed(db: Db, { now, since }: { now: number; since: number }): Promise<void> {
  await db.transaction(
    (run) =>
      run(
        `update delivery set used_at = cast(? as bigint) where used_at is null and state <> 'refused'
           and started_at >= cast(? as bigint)
           and challenge_id in (select id from challenge where state in ('approved', 'consumed') and expires_at >= cast(? as bigint))`,
        [now, since, since],
      ),
    { relaxed: true },
  );
}
