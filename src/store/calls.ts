/**
 * Legs of verification calls. Must stay true: a leg moves by one statement that names the version it was looked at, so
 * that what a carrier tells twice, late or in another order moves it once or not at all.
 */

import type { ResultCode } from "#core/results.ts";
import type { Db, Run } from "./open.ts";

export type Leg = "primary" | "backup";
export type CallRow = {
  id: string;
  messageId: string;
  challengeId: string | null;
  userId: string;
  leg: Leg;
  gatewayId: string;
  application: string;
  sealedCode: Uint8Array | null;
  state: string;
  version: number;
};

/** Who is called, and how they verify. Without a challenge the call reads a code. */
export type Callee = {
  userId: string;
  language: string | null;
  mode: string;
  /** the number of the method, and what it has beside that, as JSON */
  address: string | null;
  parameters: string;
  applicationId: string | null;
  /** the number is being set up */
  isNew: boolean;
};

export async function readCallee(
  db: Db,
  { challengeId, userId }: { challengeId: string | null; userId: string | null },
): Promise<Callee | undefined> {
  if (challengeId === null) {
    const person = await db.q.selectFrom("person").select("language").where("id", "=", userId).executeTakeFirst();
    const call = { mode: "code", address: null, parameters: "", applicationId: null, isNew: false };
    return { userId: userId ?? "", language: person?.language ?? null, ...call };
  }
  const row = await db.q
    .selectFrom("challenge as c")
    .innerJoin("person as p", "p.id", "c.user_id")
    .innerJoin("factor as f", "f.id", "c.factor_id")
    .select([
      "p.id as userId",
      "p.language",
      "c.mode",
      "f.address",
      "f.parameters",
      "f.state",
      "c.application_id as applicationId",
    ])
    .where("c.id", "=", challengeId)
    .executeTakeFirst();
  if (!row) return undefined;
  const { state, ...callee } = row;
  return { ...callee, isNew: state === "new" };
}

export type NewCall = Omit<CallRow, "version"> & { result: ResultCode | null; at: number };

export async function insertCall(db: Db, call: NewCall): Promise<void> {
  const { id, messageId, challengeId, userId, leg, gatewayId, application, sealedCode, state, result, at } = call;
  await db.transaction((run) =>
    run(
      `insert into call (id, message_id, challenge_id, user_id, leg, gateway_id, application, sealed_code, state, version, result, started_at)
       values (?, ?, ?, ?, ?, ?, ?, cast(? as blob), ?, 0, ?, cast(? as bigint))`,
      [id, messageId, challengeId, userId, leg, gatewayId, application, sealedCode, state, result, at],
    ),
  );
}

export async function readCall(db: Db, id: string): Promise<CallRow | undefined> {
  const row = await db.q
    .selectFrom("call")
    .select([
      "id",
      "message_id as messageId",
      "challenge_id as challengeId",
      "user_id as userId",
      "leg",
      "gateway_id as gatewayId",
      "application",
      "sealed_code as sealedCode",
      "state",
      "version",
    ])
    .where("id", "=", id)
    .executeTakeFirst();
  return row && { ...row, leg: row.leg as Leg };
}

export type Moved = Pick<CallRow, "id" | "version" | "state"> & {
  result?: ResultCode | undefined;
  answered: boolean;
  ended: boolean;
  at: number;
};

/** False when the leg has moved since it was looked at. */
export async function moveCall(run: Run, { id, version, state, result, answered, ended, at }: Moved): Promise<boolean> {
  const moved = await run(
    `update call set state = ?, version = version + 1, result = coalesce(cast(? as text), result),
       answered_at = coalesce(answered_at, cast(? as bigint)), ended_at = coalesce(ended_at, cast(? as bigint))
     where id = ? and version = cast(? as bigint) returning id`,
    [state, result ?? null, answered ? at : null, ended ? at : null, id, version],
  );
  return moved.length > 0;
}

/** How the legs of a challenge have ended, the latest attempt of each; one without a result is under way. */
export async function listLegs(db: Db, challengeId: string): Promise<{ leg: Leg; result: ResultCode | null }[]> {
  const rows = await db.q
    .selectFrom("call")
    .select(["leg", "result"])
    .where("challenge_id", "=", challengeId)
    .orderBy("started_at")
    .orderBy("id")
    .execute();
  const legs = new Map(rows.map(({ leg, result }) => [leg as Leg, result as ResultCode | null]));
  return [...legs].map(([leg, result]) => ({ leg, result }));
}

export type Stranded = { challengeId: string; method: string; result: ResultCode | null };

/** Challenges that wait for a phone which no gateway has reached: every attempt was refused, and none is left. */
export async function listStranded(db: Db, now: number): Promise<Stranded[]> {
  const rows = await db.transaction(
    (run) =>
      run(
        `select c.id, c.method, (select k.result from call k where k.message_id = o.id and k.result is not null limit 1) as result
         from outbox o join challenge c on c.id = o.challenge_id
         where o.state = 'failed' and o.channel in ('sms', 'voice') and c.method in ('voice', 'sms-reply')
           and c.state = 'pending' and c.expires_at > cast(? as bigint)
           and not exists (select 1 from delivery d where d.message_id = o.id and d.state <> 'refused')`,
        [now],
      ),
    { relaxed: true },
  );
  return rows.map((row) => ({
    challengeId: row["id"] as string,
    method: row["method"] as string,
    result: row["result"] as ResultCode | null,
  }));
}

/** Calls of which nothing was heard for longer than any lasts. */
export async function listSilent(db: Db, before: number): Promise<{ id: string; gatewayId: string }[]> {
  return await db.q
    .selectFrom("call")
    .select(["id", "gateway_id as gatewayId"])
    .where("ended_at", "is", null)
    .where("result", "is", null)
    .where("started_at", "<", before)
    .limit(100)
    .execute();
}
