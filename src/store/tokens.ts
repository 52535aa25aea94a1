/**
 * Hardware tokens. Must stay true: those of an import are there once the import is committed and not before; a serial number
 * of one maker exists once, and so does a seed; nothing here lowers a counter.
 */

import { sql, type SqlBool } from "kysely";
import type { TokenState, TokenType } from "#core/token.ts";
import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { inOrder, insert, marks, type Columns } from "./values.ts";

export type NewTokenRow = Omit<Tables["token"], "state" | "user_id" | "used">;

const columns = {
  id: "text",
  serial: "text",
  serial_key: "text",
  manufacturer: "text",
  maker_key: "text",
  model: "text",
  type: "text",
  parameters: "text",
  sealed_secret: "blob",
  seed_mac: "blob",
  counter: "bigint",
  drift: "bigint",
  state: "text",
  starts_at: "bigint",
  expires_at: "bigint",
  import_id: "text",
  created_at: "bigint",
} satisfies Columns;
const table = { name: "token", columns, tail: "on conflict do nothing returning id" };

/** Inserts those whose serial number and seed are new, and gives back their ids. */
export async function insertTokens(run: Run, tokens: NewTokenRow[]): Promise<Set<string>> {
  const inserted = await insert(
    run,
    table,
    inOrder(tokens, (token) => token.serial_key).map((token) => ({ ...token, state: "available" })),
  );
  return new Set(inserted.map((row) => row["id"] as string));
}

/** What stands in the way of a token that could not be inserted. */
export type Holder = {
  serial: string;
  serialKey: string;
  makerKey: string;
  seedMac: string;
  importId: string;
  isCommitted: boolean;
};

export async function readHolders(run: Run, tokens: NewTokenRow[]): Promise<Holder[]> {
  if (tokens.length === 0) return [];
  const rows = await run(
    `select t.serial, t.serial_key, t.maker_key, t.seed_mac, t.import_id, i.committed_at
     from token t left join import i on i.id = t.import_id
     where t.serial_key in (${marks(tokens.length)}) or t.seed_mac in (${marks(tokens.length)})`,
    [...tokens.map(({ serial_key }) => serial_key), ...tokens.map(({ seed_mac }) => seed_mac)],
  );
  return rows.map((row) => ({
    serial: row["serial"] as string,
    serialKey: row["serial_key"] as string,
    makerKey: row["maker_key"] as string,
    seedMac: Buffer.from(row["seed_mac"] as Uint8Array).toString("hex"),
    importId: row["import_id"] as string,
    isCommitted: row["committed_at"] !== null,
  }));
}

export type TokenDetails = {
  id: string;
  serial: string;
  manufacturer: string;
  model: string | null;
  type: TokenType;
  parameters: string;
  /** of the factor that it is now, where it is one */
  counter: number;
  drift: number;
  factorId: string | null;
  lastUsedAt: number | null;
  state: TokenState;
  userId: string | null;
  username: string | null;
  startsAt: number | null;
  expiresAt: number | null;
  importId: string;
  createdAt: number;
};

export type TokenQuery = {
  id?: string | undefined;
  serialKey?: string | undefined;
  /** any of these */
  named?: { ids: string[]; serialKeys: string[] } | undefined;
  /** that the serial number holds somewhere */
  part?: string | undefined;
  makerKey?: string | undefined;
  /** that have ended, or end, before this time */
  expiresBefore?: number | undefined;
  state?: TokenState | undefined;
  importId?: string | undefined;
  userId?: string | undefined;
  /** by serial number and id, after this one */
  after?: { serialKey: string; id: string } | undefined;
  limit: number;
};

/** Those that a committed import brought, by serial number. */
export async function listTokens(db: Db, query: TokenQuery): Promise<(TokenDetails & { serialKey: string })[]> {
  const { id, serialKey, named, part, makerKey, expiresBefore, state, importId, userId, after, limit } = query;
  let tokens = db.q
    .selectFrom("token")
    .innerJoin("import", "import.id", "token.import_id")
    .leftJoin("person", "person.id", "token.user_id")
    .leftJoin("factor", "factor.token_id", "token.id")
    .select(["token.id", "serial", "serial_key", "manufacturer", "model", "type", "token.parameters"])
    .select((eb) => [
      eb.fn.coalesce("factor.counter", "token.counter").as("counter"),
      eb.fn.coalesce("factor.drift", "token.drift").as("drift"),
    ])
    .select(["factor.id as factor_id", "last_used_at", "token.state", "token.user_id", "username"])
    .select(["starts_at", "token.expires_at", "token.import_id", "token.created_at"])
    .where("import.committed_at", "is not", null);
  if (id !== undefined) tokens = tokens.where("token.id", "=", id);
  if (serialKey !== undefined) tokens = tokens.where("serial_key", "=", serialKey);
  if (named)
    tokens = tokens.where((eb) => eb.or([eb("token.id", "in", named.ids), eb("serial_key", "in", named.serialKeys)]));
  if (part !== undefined) {
    const held = `%${part.replaceAll(/[!%_]/g, "!$&")}%`;
    tokens = tokens.where(sql<SqlBool>`token.serial_key like ${held} escape '!'`);
  }
  if (makerKey !== undefined) tokens = tokens.where("maker_key", "=", makerKey);
  if (expiresBefore !== undefined) tokens = tokens.where("token.expires_at", "<", expiresBefore);
  if (state !== undefined) tokens = tokens.where("token.state", "=", state);
  if (importId !== undefined) tokens = tokens.where("token.import_id", "=", importId);
  if (userId !== undefined) tokens = tokens.where("token.user_id", "=", userId);
  if (after)
    tokens = tokens.where((eb) =>
      eb.or([
        eb("serial_key", ">", after.serialKey),
        eb.and([eb("serial_key", "=", after.serialKey), eb("token.id", ">", after.id)]),
      ]),
    );
  const rows = await tokens.orderBy("serial_key").orderBy("token.id").limit(limit).execute();
  return rows.map((row) => ({
    id: row.id,
    serial: row.serial,
    serialKey: row.serial_key,
    manufacturer: row.manufacturer,
    model: row.model,
    type: row.type as TokenType,
    parameters: row.parameters,
    counter: row.counter,
    drift: row.drift,
    factorId: row.factor_id,
    lastUsedAt: row.last_used_at,
    state: row.state as TokenState,
    userId: row.user_id,
    username: row.username,
    startsAt: row.starts_at,
    expiresAt: row.expires_at,
    importId: row.import_id,
    createdAt: row.created_at,
  }));
}

export async function readSealed(db: Db, id: string): Promise<Uint8Array> {
  const row = await db.q.selectFrom("token").select("sealed_secret").where("id", "=", id).executeTakeFirstOrThrow();
  return row.sealed_secret;
}

/** Whoever changes what a token is to somebody holds its import first, so that it is not taken back at the same moment. */
async function holdImport(run: Run, tokenId: string): Promise<void> {
  await run(
    `update import set accepted = accepted where committed_at is not null and id = (select import_id from token where id = ?)`,
    [tokenId],
  );
}
const isThere = "exists (select 1 from import where import.id = token.import_id and committed_at is not null)";

/** The person's row is held, too, so that the count holds. */
export async function assignToken(
  run: Run,
  { id, userId, atMost }: { id: string; userId: string; atMost: number },
): Promise<boolean> {
  await holdImport(run, id);
  await run("update person set state = state where id = ?", [userId]);
  const assigned = await run(
    `update token set state = 'assigned', user_id = ? where id = ? and state = 'available' and ${isThere}
       and exists (select 1 from person where person.id = ?)
       and (select count(*) from token mine where mine.user_id = ? and mine.state in ('assigned', 'activated')) < cast(? as bigint)
     returning id`,
    [userId, id, userId, userId, atMost],
  );
  return assigned.length > 0;
}

type Claimant = { userId: string; now: number; atMost: number; anyones: boolean };

/** Whether a token waits for this person's codes, or, with `anyones`, one that nobody has can become theirs. */
export async function hasClaimable(db: Db, { userId, now, atMost, anyones }: Claimant): Promise<boolean> {
  const mine = await db.q
    .selectFrom("token")
    .select(["state", "starts_at", "expires_at"])
    .where("user_id", "=", userId)
    .where("state", "in", ["assigned", "activated"])
    .execute();
  const counts = ({ starts_at, expires_at }: (typeof mine)[number]) =>
    (starts_at === null || starts_at <= now) && (expires_at === null || expires_at > now);
  if (mine.some((token) => token.state === "assigned" && counts(token))) return true;
  if (!anyones || mine.length >= atMost) return false;
  const free = await db.q
    .selectFrom("token")
    .innerJoin("import", "import.id", "token.import_id")
    .select("token.id")
    .where("import.committed_at", "is not", null)
    .where("token.state", "=", "available")
    .where((eb) => eb.or([eb("starts_at", "is", null), eb("starts_at", "<=", now)]))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .limit(1)
    .executeTakeFirst();
  return free !== undefined;
}

/** The serial numbers of a person's tokens, by the factor that their codes count for. */
export async function listSerials(db: Db, userId: string): Promise<Map<string, { token: string; serial: string }>> {
  const rows = await db.q
    .selectFrom("factor")
    .innerJoin("token", "token.id", "factor.token_id")
    .select(["factor.id", "token.id as token", "serial"])
    .where("factor.user_id", "=", userId)
    .execute();
  return new Map(rows.map(({ id, token, serial }) => [id, { token, serial }]));
}

type Activated = { id: string; userId: string; factorId: string; counter: number; drift: number };

/** The codes that activated it are used up, for the token and for its factor. */
export async function activateToken(run: Run, { id, userId, factorId, counter, drift }: Activated): Promise<boolean> {
  const activated = await run(
    `update token set state = 'activated', used = 1, counter = cast(? as bigint), drift = cast(? as bigint)
     where id = ? and state = 'assigned' and user_id = ? and counter < cast(? as bigint) returning id`,
    [counter, drift, id, userId, counter],
  );
  await run("update factor set token_id = ?, counter = cast(? as bigint), drift = cast(? as bigint) where id = ?", [
    id,
    counter,
    drift,
    factorId,
  ]);
  return activated.length > 0;
}

/** How many tokens each of them has. */
export async function countTokens(db: Db, userIds: string[]): Promise<Map<string, number>> {
  const counts = new Map(userIds.map((id) => [id, 0]));
  if (userIds.length === 0) return counts;
  const rows = await db.q
    .selectFrom("token")
    .select("user_id")
    .where("user_id", "in", userIds)
    .where("state", "in", ["assigned", "activated"])
    .execute();
  for (const { user_id } of rows) counts.set(user_id!, counts.get(user_id!)! + 1);
  return counts;
}

/** `userId`: whose it has to be still; null: nobody's. */
type Move = { id: string; from: TokenState[]; to: TokenState; userId: string | null };

/** Ends what the token was to somebody; its factor is the caller's to take away. */
export async function moveToken(run: Run, { id, from, to, userId }: Move) {
  await holdImport(run, id);
  const whose = userId === null ? "user_id is null" : "user_id = ?";
  const moved = await run(
    `update token set state = ?, user_id = null where id = ? and state in (${marks(from.length)}) and ${whose} and ${isThere} returning id`,
    [to, id, ...from, ...(userId === null ? [] : [userId])],
  );
  return moved.length > 0;
}

export async function findFactorOf(run: Run, tokenId: string): Promise<{ id: string; method: string } | undefined> {
  const [row] = await run("select id, method from factor where token_id = ?", [tokenId]);
  return row && { id: row["id"] as string, method: row["method"] as string };
}

const deleteAtOnce = 500;

/** Some of the tokens of an import that is dead; false when none are left. */
export async function deleteTokens(run: Run, importId: string): Promise<boolean> {
  const deleted = await run(
    `delete from token where id in (select id from token where import_id = ? limit ${deleteAtOnce}) returning id`,
    [importId],
  );
  return deleted.length === deleteAtOnce;
}
