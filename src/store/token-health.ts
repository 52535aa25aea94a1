/**
 * How the tokens that were given out do: where their clocks stand, and stood. Must stay true: what is looked at in one statement
 * is a page or a batch of them, since on SQLite everybody waits for it.
 */

import type { TokenState } from "#core/token.ts";
import type { Db, Row, Run } from "./open.ts";

const pageTokens = 500;

/** Notes where the clocks of the next tokens stand, of those that have moved; gives back where to go on. */
export async function noteDrift(run: Run, { after, day }: { after: string; day: number }): Promise<string | undefined> {
  const page = await run(`select id from token where id > ? order by id limit ${pageTokens}`, [after]);
  const last = page.at(-1)?.["id"] as string | undefined;
  if (last === undefined) return undefined;
  await run(
    `insert into token_drift (id, token_id, day, drift)
     select t.id || ' ' || cast(? as text), t.id, cast(? as bigint), f.drift from token t join factor f on f.token_id = t.id
     where t.id > ? and t.id <= ? and t.type = 'totp' and not exists (
       select 1 from token_drift d where d.token_id = t.id and d.drift = f.drift
         and d.day = (select max(e.day) from token_drift e where e.token_id = t.id))
     on conflict (id) do update set drift = excluded.drift`,
    [String(day), day, after, last],
  );
  return page.length < pageTokens ? undefined : last;
}

export type Batch = {
  importId: string;
  manufacturer: string;
  state: TokenState;
  tokens: number;
  expired: number;
  expiring: number;
  /** of those that go by time and have a person */
  clocks: { tokens: number; sum: number; least: number; most: number } | undefined;
};

/** Tokens by their ids: those after the one and up to the other. */
export type Span = { after: string; last: string };
const spanTokens = 5000;

/** The next few thousand; undefined when there are no more. */
export async function findSpan(run: Run, after: string): Promise<Span | undefined> {
  const text = `select max(id) as last from (select id from token where id > ? order by id limit ${spanTokens}) as next`;
  const [row] = await run(text, [after]);
  return row?.["last"] ? { after, last: row["last"] as string } : undefined;
}

/** By import, maker and state. */
export async function readBatches(
  run: Run,
  { after, last, now, soon }: Span & { now: number; soon: number },
): Promise<Batch[]> {
  const rows = await run(
    `select t.import_id, t.manufacturer, t.state, count(*) as tokens,
       cast(sum(case when t.expires_at <= cast(? as bigint) then 1 else 0 end) as bigint) as expired,
       cast(sum(case when t.expires_at > cast(? as bigint) and t.expires_at <= cast(? as bigint) then 1 else 0 end) as bigint) as expiring,
       count(f.id) as clocks, cast(sum(f.drift) as bigint) as sum, min(f.drift) as least, max(f.drift) as most
     from token t left join factor f on f.token_id = t.id and t.type = 'totp'
     where t.id > ? and t.id <= ? group by t.import_id, t.manufacturer, t.state`,
    [now, now, soon, after, last],
  );
  return rows.map((row) => ({
    importId: row["import_id"] as string,
    manufacturer: row["manufacturer"] as string,
    state: row["state"] as TokenState,
    tokens: row["tokens"] as number,
    expired: row["expired"] as number,
    expiring: row["expiring"] as number,
    clocks: clocksOf(row["clocks"] as number, row),
  }));
}

const clocksOf = (tokens: number, row: Row) =>
  tokens === 0
    ? undefined
    : { tokens, sum: row["sum"] as number, least: row["least"] as number, most: row["most"] as number };

/** The imports that brought tokens, newest first. */
export async function listBatches(db: Db): Promise<{ id: string; at: number }[]> {
  const rows = await db.q
    .selectFrom("import")
    .select(["id", "committed_at"])
    .where("kind", "=", "tokens")
    .where("committed_at", "is not", null)
    .orderBy("committed_at", "desc")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ id: row.id, at: row.committed_at! }));
}

export type Remarkable = {
  id: string;
  serial: string;
  manufacturer: string;
  username: string | null;
  drift: number;
  /** epoch ms; when it was activated, where it was not used since */
  seenAt: number;
};
const remarkable = (where: string, order: string) => `
  select t.id, t.serial, t.manufacturer, p.username, f.drift, coalesce(f.last_used_at, f.created_at) as seen_at
  from token t join factor f on f.token_id = t.id left join person p on p.id = t.user_id
  where t.id > ? and t.id <= ? and t.state = 'activated' and ${where} order by ${order}, t.serial_key, t.id limit cast(? as bigint)`;
const remarkableOf = (rows: Row[]): Remarkable[] =>
  rows.map((row) => ({
    id: row["id"] as string,
    serial: row["serial"] as string,
    manufacturer: row["manufacturer"] as string,
    username: row["username"] as string | null,
    drift: row["drift"] as number,
    seenAt: row["seen_at"] as number,
  }));

/** Those whose clocks are this far off or further, the furthest first. */
export async function listAstray(
  run: Run,
  { after, last, edge, limit }: Span & { edge: number; limit: number },
): Promise<Remarkable[]> {
  const text = remarkable("t.type = 'totp' and abs(f.drift) >= cast(? as bigint)", "abs(f.drift) desc");
  return remarkableOf(await run(text, [after, last, edge, limit]));
}

/** Those not used since then, the longest first. */
export async function listUnseen(
  run: Run,
  { after, last, since, limit }: Span & { since: number; limit: number },
): Promise<Remarkable[]> {
  const text = remarkable("coalesce(f.last_used_at, f.created_at) < cast(? as bigint)", "seen_at");
  return remarkableOf(await run(text, [after, last, since, limit]));
}

export type Noted = { day: number; drift: number };

export async function readDrift(db: Db, tokenId: string): Promise<Noted[]> {
  return await db.q
    .selectFrom("token_drift")
    .select(["day", "drift"])
    .where("token_id", "=", tokenId)
    .orderBy("day")
    .execute();
}

export type Stood = { tokens: number; sum: number; least: number; most: number };

/** Where the clocks of an import stood on that day, as it was noted last before. */
export async function readStood(
  run: Run,
  { importId, day }: { importId: string; day: number },
): Promise<Stood | undefined> {
  const [row] = await run(
    `select count(*) as tokens, cast(sum(d.drift) as bigint) as sum, min(d.drift) as least, max(d.drift) as most
     from token t join token_drift d on d.token_id = t.id
     where t.import_id = ? and d.day = (select max(e.day) from token_drift e where e.token_id = t.id and e.day <= cast(? as bigint))`,
    [importId, day],
  );
  return row && clocksOf(row["tokens"] as number, row);
}
