/** People's factors as an administrator sees and changes them; verification reads and writes them in facts.ts and settle.ts. */

import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { insert, type Columns } from "./values.ts";

export type NewFactorRow = Pick<
  Tables["factor"],
  "id" | "user_id" | "method" | "name" | "sealed_secret" | "parameters" | "address" | "import_id" | "created_at"
> &
  Partial<Pick<Tables["factor"], "expires_at" | "device_id">>;
export type FactorDetails = {
  id: string;
  userId: string;
  method: string;
  name: string | null;
  /** active, or suspended by its owner who has lost it, or new while it is being set up */
  state: string;
  parameters: string;
  address: string | null;
  /** wrong answers in a row, and until when they lock it (epoch ms, 0: not at all) */
  fails: number;
  lockedUntil: number;
  counter: number;
  /** epoch ms; null: does not end by itself */
  expiresAt: number | null;
  createdAt: number;
  lastUsedAt: number | null;
  /** the authenticator app whose codes these are */
  deviceId: string | null;
};

const table = {
  name: "factor",
  columns: {
    id: "text",
    user_id: "text",
    method: "text",
    name: "text",
    state: "text",
    sealed_secret: "blob",
    parameters: "text",
    address: "text",
    import_id: "text",
    created_at: "bigint",
    expires_at: "bigint",
    device_id: "text",
  } satisfies Columns,
};

/** They count from now on; `new` ones only for what proves them. */
export async function insertFactors(
  run: Run,
  factors: NewFactorRow[],
  state: "active" | "new" = "active",
): Promise<void> {
  await insert(
    run,
    table,
    factors.map((factor) => ({ ...factor, state })),
  );
}

/** One that was being set up counts from now on; false: it is there no more. */
export async function activateFactor(run: Run, { id, userId }: { id: string; userId: string }): Promise<boolean> {
  const text = "update factor set state = 'active' where id = ? and user_id = ? and state = 'new' returning id";
  return (await run(text, [id, userId])).length > 0;
}

export async function listFactors(db: Db, userIds: string[], states = ["active"]): Promise<FactorDetails[]> {
  if (userIds.length === 0) return [];
  const rows = await db.q
    .selectFrom("factor")
    .select(["id", "user_id", "method", "name", "state", "parameters", "address", "fails"])
    .select("locked_until")
    .select(["created_at", "last_used_at", "counter", "expires_at", "device_id"])
    .where("user_id", "in", userIds)
    .where("state", "in", states)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    method: row.method,
    name: row.name,
    state: row.state,
    parameters: row.parameters,
    address: row.address,
    fails: row.fails,
    lockedUntil: row.locked_until,
    counter: row.counter,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    deviceId: row.device_id,
  }));
}

/** By number, the names of those who verify with it; of several, of whom had it last. */
export async function listNames(db: Db, numbers: string[]): Promise<Map<string, string>> {
  if (numbers.length === 0) return new Map();
  const rows = await db.q
    .selectFrom("factor")
    .innerJoin("person", "person.id", "factor.user_id")
    .select(["factor.address", "person.display_name", "person.username"])
    .where("factor.address", "in", numbers)
    .where("factor.state", "=", "active")
    .orderBy("factor.created_at")
    .execute();
  return new Map(rows.map((row) => [row.address!, row.display_name ?? row.username]));
}

/** The newest code that was accepted; it never falls. */
export async function raiseCounter(run: Run, { id, counter }: { id: string; counter: number }): Promise<void> {
  await run("update factor set counter = cast(? as bigint) where id = ? and counter < cast(? as bigint)", [
    counter,
    id,
    counter,
  ]);
}

type Found = { id: string; counter: number; drift: number; cost: number; at: number };

/**
 * Where codes in a row have shown a token to be: like a sign-in it forgets the failures, and gives back what its attempt
 * had cost. False: newer codes were used meanwhile, or it is there no more.
 */
export async function saveResynchronised(run: Run, { id, counter, drift, cost, at }: Found): Promise<boolean> {
  const saved = await run(
    `update factor set counter = cast(? as bigint), drift = cast(? as bigint), last_used_at = cast(? as bigint),
       fails = 0, attempted_at = 0, locked_until = 0,
       day_cost = case when day_cost > cast(? as bigint) then day_cost - cast(? as bigint) else 0 end
     where id = ? and state = 'active' and counter < cast(? as bigint) returning id`,
    [counter, drift, at, cost, cost, id, counter],
  );
  return saved.length > 0;
}

/** Makes room for the one that is to follow. */
export async function replaceFactors(run: Run, { userId, method }: { userId: string; method: string }): Promise<void> {
  await run("delete from factor where user_id = ? and method = ?", [userId, method]);
}

export async function deleteFactors(run: Run, userId: string): Promise<string[]> {
  return (await run("delete from factor where user_id = ? returning id", [userId])).map((row) => row["id"] as string);
}

/** The numbers that are texted or called, but those of one factor. */
export async function otherNumbers(run: Run, { userId, but }: { userId: string; but: string }): Promise<string[]> {
  const rows = await run(
    `select distinct address from factor where user_id = ? and state = 'active' and method in ('sms', 'voice', 'sms-reply')
       and address is not null and address not in (select f.address from factor f where f.id = ? and f.address is not null)`,
    [userId, but],
  );
  return rows.map((row) => row["address"] as string);
}

/** Kinds of the methods that a person has. */
export async function methodsOf(run: Run, userId: string): Promise<string[]> {
  const rows = await run("select method from factor where user_id = ? and state = 'active'", [userId]);
  return rows.map((row) => row["method"] as string);
}

/** False when they are not any more what was looked at. */
export async function saveParameters(
  run: Run,
  { id, before, after }: { id: string; before: string; after: string },
): Promise<boolean> {
  const text = "update factor set parameters = ? where id = ? and parameters = ? and state = 'active' returning id";
  return (await run(text, [after, id, before])).length > 0;
}

export async function deleteFactor(run: Run, id: string): Promise<boolean> {
  return (await run("delete from factor where id = ? returning id", [id])).length > 0;
}

/** No answer is taken and nothing is sent until then. */
export async function lockFactor(run: Run, { id, until }: { id: string; until: number }): Promise<void> {
  await run("update factor set locked_until = cast(? as bigint) where id = ? and locked_until < cast(? as bigint)", [
    until,
    id,
    until,
  ]);
}

/** Forgets failures, not what was accepted: the counter stays. */
export async function clearFailures(run: Run, id: string): Promise<boolean> {
  const cleared = await run(
    `update factor set fails = 0, attempted_at = 0, locked_until = 0, day_cost = 0, day_start = 0
     where id = ? and state = 'active' returning id`,
    [id],
  );
  return cleared.length > 0;
}
