/**
 * Where texts and calls go and whether anybody answers, by country and by range of numbers. Must stay true: a send is
 * counted in the commit that writes its message and costs no look at the others; a destination is blocked by one of the nodes.
 */

import type { Db, Run } from "./open.ts";
import { insert, changing, type Columns } from "./values.ts";

export type PhoneSend = { id: string; country: string; number_range: string; at: number; answer_by: number };

const table = {
  name: "phone_send",
  columns: {
    id: "text",
    country: "text",
    number_range: "text",
    at: "bigint",
    answer_by: "bigint",
    answered: "bigint",
  } satisfies Columns,
};

export async function countSends(run: Run, sends: PhoneSend[]): Promise<void> {
  await insert(
    run,
    table,
    sends.map((send) => ({ ...send, answered: 0 })),
  );
}

export async function countAnswers(run: Run, ids: readonly string[]): Promise<void> {
  const rows = [...new Set(ids)].map((id) => [id]);
  await markAnswered(run, rows);
}
const markAnswered = changing("phone_send", "id text", { set: "answered = 1" });

export type Traffic = { id: string; sent: number; answered: number };
export type Breaker = { now: number; windowMs: number; sends: number; percent: number };

/**
 * Destinations with so many sends and so few answers; one that may still be answered counts neither way. What one person was
 * sent and did not answer counts up to a quarter of it, or whoever knows one password could close a country to everybody.
 */
export async function findUnanswered(db: Db, { now, windowMs, sends, percent }: Breaker): Promise<Traffic[]> {
  const each = Math.ceil(sends / 4);
  const rows = await db.transaction(
    (run) =>
      run(
        `select id, cast(sum(unanswered + answered) as bigint) as sent, cast(sum(answered) as bigint) as answered
         from (select t.id, sum(t.answered) as answered, case when count(*) - sum(t.answered) > cast(? as bigint)
             then cast(? as bigint) else count(*) - sum(t.answered) end as unanswered
           from (select country as id, id as send, at, answer_by, answered from phone_send where at > cast(? as bigint)
             union all select number_range, id, at, answer_by, answered from phone_send where at > cast(? as bigint)) t
           left join blocked_destination b on b.id = t.id
           left join challenge c on c.id = t.send
           left join outbox o on o.id = t.send
           where (t.answered = 1 or t.answer_by <= cast(? as bigint))
             and (b.id is null or (b.released_at is not null and t.at > b.released_at))
           group by t.id, coalesce(c.user_id, o.user_id, t.send)) p
         group by id having sum(unanswered + answered) >= cast(? as bigint)
           and sum(answered) * 100 < sum(unanswered + answered) * cast(? as bigint)
         order by id`,
        [each, each, now - windowMs, now - windowMs, now, sends, percent],
      ),
    { relaxed: true },
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    sent: row["sent"] as number,
    answered: row["answered"] as number,
  }));
}

/** False when another node has. */
export async function blockDestination(
  run: Run,
  { id, sent, answered, at }: Traffic & { at: number },
): Promise<boolean> {
  const blocked = await run(
    `insert into blocked_destination (id, sent, answered, blocked_at)
     values (?, cast(? as bigint), cast(? as bigint), cast(? as bigint))
     on conflict (id) do update set sent = excluded.sent, answered = excluded.answered, blocked_at = excluded.blocked_at,
       released_at = null where blocked_destination.released_at is not null returning id`,
    [id, sent, answered, at],
  );
  return blocked.length > 0;
}

/** False when it is not blocked. */
export async function releaseDestination(run: Run, { id, at }: { id: string; at: number }): Promise<boolean> {
  const released = await run(
    "update blocked_destination set released_at = cast(? as bigint) where id = ? and released_at is null returning id",
    [at, id],
  );
  return released.length > 0;
}

export async function findBlockedDestination(db: Db, ids: string[]): Promise<string | undefined> {
  const row = await db.q
    .selectFrom("blocked_destination")
    .select("id")
    .where("id", "in", ids)
    .where("released_at", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

export type BlockedDestination = Traffic & { blockedAt: number };

export async function listBlockedDestinations(db: Db): Promise<BlockedDestination[]> {
  const rows = await db.q
    .selectFrom("blocked_destination")
    .select(["id", "sent", "answered", "blocked_at"])
    .where("released_at", "is", null)
    .orderBy("blocked_at", "desc")
    .execute();
  return rows.map(({ blocked_at: blockedAt, ...row }) => ({ ...row, blockedAt }));
}
