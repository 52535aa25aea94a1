import type { Challenge } from "#core/facts.ts";
import type { Db, Run } from "./open.ts";
import { idsOf, listed, marks } from "./values.ts";

/** A challenge as its application may see it. */
export type ChallengeRead = {
  id: string;
  state: string;
  method: string;
  username: string;
  /** the person's, and the one it was asked for by */
  nameKeys: (string | null)[];
  correlationId: string;
  expiresAt: number;
};

export async function findChallenge(
  db: Db,
  { id, applicationId }: { id: string; applicationId: string },
): Promise<ChallengeRead | undefined> {
  const row = await db.q
    .selectFrom("challenge")
    .innerJoin("person", "person.id", "challenge.user_id")
    .select([
      "challenge.id",
      "challenge.state",
      "challenge.method",
      "person.username",
      "person.name_key",
      "challenge.name_key as asked_as",
      "challenge.correlation_id",
      "challenge.expires_at",
    ])
    .where("challenge.id", "=", id)
    .where("challenge.application_id", "=", applicationId)
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      state: row.state,
      method: row.method,
      username: row.username,
      nameKeys: [row.name_key, row.asked_as],
      correlationId: row.correlation_id,
      expiresAt: row.expires_at,
    }
  );
}

/** Of a challenge that is still open. */
export async function findAskedFactor(db: Db, id: string): Promise<string | undefined> {
  const challenge = db.q.selectFrom("challenge").select("factor_id").where("id", "=", id);
  return (await challenge.where("state", "=", "pending").executeTakeFirst())?.factor_id;
}

export type Standing = {
  applicationId: string;
  method: string;
  state: Challenge["state"];
  holder: string | null;
  expiresAt: number;
};

export async function readChallenge(db: Db, id: string): Promise<Standing | undefined> {
  const row = await db.q
    .selectFrom("challenge")
    .select(["application_id", "method", "state", "holder", "expires_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  return (
    row && {
      applicationId: row.application_id,
      method: row.method,
      state: row.state as Challenge["state"],
      holder: row.holder,
      expiresAt: row.expires_at,
    }
  );
}

/**
 * Those of them that still wait for an answer, who waits for it and until when: challenges, activations that wait for a device, and
 * people by what they are asked on their devices.
 */
export async function listLiving(
  db: Db,
  { ids, now }: { ids: string[]; now: number },
): Promise<{ id: string; holder: string | null; until: number }[]> {
  const some = listed(ids);
  const list = marks(some.length);
  const rows = await db.transaction(
    (run) =>
      run(
        `select id, holder, expires_at from challenge where state = 'pending' and expires_at > cast(? as bigint) and id in (${list})
         union all select id, state, expires_at from activation where state in ('open', 'claimed') and expires_at > cast(? as bigint)
           and id in (${list})
         union all select p.id, coalesce((select max(c.id) from challenge c where c.user_id = p.id and c.method = 'push'
           and c.state = 'pending' and c.expires_at > cast(? as bigint)), ''),
           (select min(c.expires_at) from challenge c where c.user_id = p.id and c.method = 'push'
           and c.state = 'pending' and c.expires_at > cast(? as bigint)) from person p where p.id in (${list})`,
        [now, ...some, now, ...some, now, now, ...some],
      ),
    { relaxed: true },
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    holder: row["holder"] as string | null,
    until: (row["expires_at"] as number | null) ?? Infinity,
  }));
}

/**
 * whoever asked last is who waits, also for what failed before anybody did; what another has collected stays the other's.
 * Where a power cut loses that, nobody waits any more.
 */
export async function holdChallenge(db: Db, { id, holder }: { id: string; holder: string }): Promise<void> {
  const text = `update challenge set holder = ? where id = ?
    and (holder is null or (holder <> ? and state in ('pending', 'approved', 'denied'))) returning id`;
  await db.transaction(
    async (run) => {
      const moved = await run(text, [holder, id, holder]);
      // whoever waited before does so no more
      if (moved.length > 0) run.tell([id]);
    },
    { relaxed: true },
  );
}

/** Nobody waits for its answer any more. */
export async function cancelChallenge(run: Run, id: string): Promise<void> {
  await run("update challenge set state = 'cancelled' where id = ? and state = 'pending'", [id]);
  run.tell([id]);
}

/** What waits for a person's answer does so no more. */
export async function cancelChallenges(run: Run, userId: string): Promise<void> {
  const text = "update challenge set state = 'cancelled' where user_id = ? and state = 'pending' returning id";
  run.tell([userId, ...idsOf(await run(text, [userId]))]);
}

/** Requests in the person's app, also those that were approved and let nobody in yet. */
export async function cancelRequests(run: Run, userId: string): Promise<void> {
  const text = `update challenge set state = 'cancelled'
    where user_id = ? and method = 'push' and state in ('pending', 'approved') returning id`;
  run.tell([userId, ...idsOf(await run(text, [userId]))]);
}
