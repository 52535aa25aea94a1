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

/** The gateways that were asked to carry a message so far, in order. */
export async function listAttempts(db: Db, messageId: string): Promise<string[]> {
  const rows = await db.q
    .selectFrom("delivery")
    .select("gateway_id")
    .where("message_id", "=", messageId)
    .orderBy("attempt")
    .execute();
  return rows.map((row) => row.gateway_id);
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

/** Whether the gateway's event is told for the first time. */
export async function noteEvent(run: Run, event: { gatewayId: string; id: string; at: number }): Promise<boolean> {
  const { gatewayId, id, at } = event;
  const noted = await run(
    `insert into carrier_event (gateway_id, id, at) values (?, ?, cast(? as bigint))
     on conflict (gateway_id, id) do nothing returning id`,
    [gatewayId, id, at],
  );
  return noted.length > 0;
}
