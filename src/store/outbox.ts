import type { Db, Run } from "./open.ts";
import { insert, type Columns } from "./values.ts";

/** Messages to send, written with the decision or change that needs them and claimed by one node at a time. */

/**
 * R-053: a text or call is taken twice, and attempted twice at most; a notification within two minutes, while somebody waits. A mail server may ask to come again later, so mail is tried twelve times in eleven
 * hours. The wait grows with the square of the attempts; it is also how long one has before another node tries.
 */
const tries = {
  sms: { limit: 2, waitMs: 10_000 },
  voice: { limit: 2, waitMs: 10_000 },
  push: { limit: 4, waitMs: 6000 },
  email: { limit: 12, waitMs: 60_000 },
};
export type Channel = keyof typeof tries;
const perChannel = (rule: "limit" | "waitMs", row = "outbox") =>
  `case ${row}.channel ${Object.entries(tries)
    .map(([channel, rules]) => `when '${channel}' then ${rules[rule]}`)
    .join(" ")} end`;

export type NewMessage = {
  id: string;
  channel: Channel;
  challenge_id: string | null;
  user_id: string | null;
  sealed_payload: Uint8Array;
};
export type Waiting = {
  id: string;
  channel: Channel;
  challengeId: string | null;
  userId: string | null;
  sealedPayload: Uint8Array;
  /** how often it was taken, this time included */
  attempts: number;
  /** whether nobody will take it after this */
  last: boolean;
};

const table = {
  name: "outbox",
  columns: {
    id: "text",
    channel: "text",
    challenge_id: "text",
    user_id: "text",
    sealed_payload: "blob",
    state: "text",
    attempts: "bigint",
    next_at: "bigint",
    created_at: "bigint",
  } satisfies Columns,
};

/** They are due at once. */
export async function post(run: Run, messages: (NewMessage & { at: number })[]): Promise<void> {
  const rows = messages.map(({ at, ...message }) => ({
    ...message,
    state: "waiting",
    attempts: 0,
    next_at: at,
    created_at: at,
  }));
  await insert(run, table, rows);
}

/** Takes what is due; a message whose challenge has ended is due no more, nor is one whose last attempt nobody has ended. */
export async function takeDue(db: Db, now: number): Promise<Waiting[]> {
  const rows = await db.transaction((run) =>
    run(
      `update outbox set state = 'sending', attempts = outbox.attempts + 1,
         next_at = cast(? as bigint) + ${perChannel("waitMs")} * (outbox.attempts + 1) * (outbox.attempts + 1)
       where next_at <= cast(? as bigint) and state in ('waiting', 'sending') and attempts < ${perChannel("limit")}
         and id in (select o.id from outbox o left join challenge c on c.id = o.challenge_id
           where o.state in ('waiting', 'sending') and o.next_at <= cast(? as bigint) and o.attempts < ${perChannel("limit", "o")}
             and (o.challenge_id is null or (c.state = 'pending' and c.expires_at > cast(? as bigint)))
           order by o.next_at limit 50)
       returning id, channel, challenge_id, user_id, sealed_payload, attempts`,
      [now, now, now, now],
    ),
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    channel: row["channel"] as Channel,
    challengeId: row["challenge_id"] as string | null,
    userId: row["user_id"] as string | null,
    sealedPayload: row["sealed_payload"] as Uint8Array,
    attempts: row["attempts"] as number,
    last: (row["attempts"] as number) >= tries[row["channel"] as Channel].limit,
  }));
}

/** Nobody takes it before. */
export async function postpone(db: Db, { id, until }: { id: string; until: number }): Promise<void> {
  await db.q.updateTable("outbox").set({ next_at: until }).where("id", "=", id).where("next_at", "<", until).execute();
}

/** What was sent is not kept: only that it was. Where a power cut loses that, the attempts on record say it. */
export const markSent = async (db: Db, id: string): Promise<void> => await end(db, id, "sent");
export const markFailed = async (db: Db, id: string): Promise<void> => await end(db, id, "failed");

async function end(db: Db, id: string, state: "sent" | "failed"): Promise<void> {
  const text = "update outbox set state = ?, sealed_payload = cast(? as blob) where id = ?";
  await db.transaction((run) => run(text, [state, Buffer.alloc(0), id]), { relaxed: true });
}
