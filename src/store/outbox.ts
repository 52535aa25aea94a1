import type { Db } from "./open.ts";

/** Messages to send, written with the decision that needs them and claimed by one node at a time. */

/** at most two attempts a message, the second after this long. */
const attemptLimit = 2;
const retryMs = 10_000;

export type Waiting = { id: string; channel: string; sealedPayload: Uint8Array; attempts: number };

/** Takes what is due; a message whose challenge has ended is due no more. */
export async function takeDue(db: Db, now: number): Promise<Waiting[]> {
  const rows = await db.transaction((run) =>
    run(
      `update outbox set state = 'sending', attempts = outbox.attempts + 1, next_at = cast(? as bigint)
       where next_at <= cast(? as bigint) and state in ('waiting', 'sending') and attempts < ${attemptLimit}
         and id in (select o.id from outbox o left join challenge c on c.id = o.challenge_id
           where o.state in ('waiting', 'sending') and o.next_at <= cast(? as bigint)
             and (o.challenge_id is null or (c.state = 'pending' and c.expires_at > cast(? as bigint)))
           order by o.next_at limit 50)
       returning id, channel, sealed_payload, attempts`,
      [now + retryMs, now, now, now],
    ),
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    channel: row["channel"] as string,
    sealedPayload: row["sealed_payload"] as Uint8Array,
    attempts: row["attempts"] as number,
  }));
}

/** What was sent is not kept: only that it was. */
export async function markSent(db: Db, id: string): Promise<void> {
  await db.q
    .updateTable("outbox")
    .set({ state: "sent", sealed_payload: Buffer.alloc(0) })
    .where("id", "=", id)
    .execute();
}

export async function markFailed(db: Db, { id, attempts }: Waiting): Promise<void> {
  if (attempts < attemptLimit) return;
  await db.q
    .updateTable("outbox")
    .set({ state: "failed", sealed_payload: Buffer.alloc(0) })
    .where("id", "=", id)
    .execute();
}
