/**
 * The log as it lies in the database, read page by page to be checked, trimmed or told to its person. Must stay true: a
 * value that the log cannot have written is read as what it is and never stops the reading, or one altered row would
 * hide all others.
 */

import { sql } from "kysely";
import type { Keys } from "./keys.ts";
import { chained, chainMac } from "./log.ts";
import type { Db, Row } from "./open.ts";
import type { Columns } from "./values.ts";

/** Entries a page: bounded memory, and a few milliseconds of the event loop. */
export const pageSize = 500;

const columns: Columns = { ...chained, mac: "blob" };

/** A whole number as text, so that none is too large to read; what is no whole number (SQLite stores anything) is `?`. */
const whole = (name: string) =>
  `case when ${name} = cast(${name} as bigint) then cast(${name} as text) when ${name} is null then null else '?' end`;
const selected = sql.raw(
  Object.entries(columns)
    .map(([name, type]) => (type === "bigint" ? `${whole(`log.${name}`)} as ${name}` : `log.${name}`))
    .join(", "),
);
/** A number where it is one that we could have written, else the text itself: its MAC then differs. */
const numberOf = (text: unknown): unknown => {
  const number = typeof text === "string" && /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : text;
};
const plain = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(columns).map(([name, type]) => [name, type === "bigint" ? numberOf(row[name]) : row[name]]),
  );

/** Every chain there is: the nodes that are registered, and any other that has an entry or a personal part. */
export async function listChains(db: Db): Promise<{ node: string; name: string | undefined }[]> {
  const nodes = await db.q.selectFrom("node").select(["id", "name"]).execute();
  const chains = new Map<string, string | undefined>(nodes.map(({ id, name }) => [id, name]));
  for (const table of ["log", "personal"] as const) {
    const first = db.q.selectFrom(table).select("node_id").orderBy("node_id").limit(1);
    for (let row = await first.executeTakeFirst(); row;) {
      const { node_id: node } = row;
      chains.set(node, chains.get(node));
      row = await first.where("node_id", ">", node).executeTakeFirst();
    }
  }
  return [...chains].map(([node, name]) => ({ node, name })).toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

export type ChainHead = { node: string; seq: number; mac: Uint8Array; seenAt: number };

/** The heads of all chains that have begun. */
export async function listHeads(db: Db): Promise<ChainHead[]> {
  const rows = await db.q
    .selectFrom("node")
    .select(["id", "seq", "mac", "seen_at"])
    .where("seq", ">", 0)
    .orderBy("id")
    .execute();
  return rows.map(({ id, seq, mac, seen_at }) => ({ node: id, seq, mac, seenAt: seen_at }));
}

type After = { node: string; after: number | undefined };
const beyond = (after: number | undefined) => (after === undefined ? sql`` : sql`and seq > ${after}`);

/** The chain's last entry and where its node's row says that it ends, both of one moment. */
export async function readEnd(db: Db, node: string) {
  const query = sql<Record<"seq" | "mac" | "head_seq" | "head_mac", unknown>>`
    select ${sql.raw(whole("log.seq"))} as seq, log.mac, ${sql.raw(whole("node.seq"))} as head_seq, node.mac as head_mac
    from (select max(seq) as seq from log where node_id = ${node}) last
    left join log on log.node_id = ${node} and log.seq = last.seq left join node on node.id = ${node}`;
  const { seq, mac, head_seq, head_mac } = (await query.execute(db.q)).rows[0]!;
  return {
    last: seq === null ? undefined : { seq: numberOf(seq), mac },
    head: head_seq === null ? undefined : { seq: numberOf(head_seq), mac: head_mac },
  };
}

type Range = After & { to: number };

/** The first place after one and up to another that an entry takes. */
export async function nextPlace(db: Db, { node, after = -(2 ** 53), to }: Range): Promise<number | undefined> {
  const query = sql<{
    seq: unknown;
  }>`select ${sql.raw(whole("log.seq"))} as seq from log where node_id = ${node}
    and log.seq > ${after} and log.seq <= ${to} and log.seq = cast(log.seq as bigint) order by log.seq limit 1`;
  return numberOf((await query.execute(db.q)).rows[0]?.seq) as number | undefined;
}

export async function readEntries(db: Db, { node, after, to }: Range): Promise<Row[]> {
  const query = sql<Row>`select ${selected} from log where log.node_id = ${node} ${beyond(after)}
    and log.seq <= ${to} order by log.seq`;
  return (await query.execute(db.q)).rows.map(plain);
}

/** Personal parts of the entries after one and up to another. */
export async function readPersonal(db: Db, { node, after, to }: Range): Promise<Row[]> {
  const query = sql<Row>`select ${sql.raw(whole("personal.seq"))} as seq, salt, fields from personal
    where node_id = ${node} ${beyond(after)} and personal.seq <= ${to} order by personal.seq`;
  return (await query.execute(db.q)).rows.map((row) => ({ ...row, seq: numberOf(row["seq"]) }));
}

/** A personal part after this place that belongs to no entry. */
export async function strayPersonal(db: Db, { node, after }: After): Promise<boolean> {
  const query = sql`select 1 from personal where node_id = ${node} ${beyond(after)}
    and not exists (select 1 from log where log.node_id = personal.node_id and log.seq = personal.seq) limit 1`;
  return (await query.execute(db.q)).rows.length > 0;
}

/** Whether the row is one that the log wrote right after an entry with this MAC. */
export function follows(keys: Keys, before: Uint8Array, row: Row): boolean {
  return wellTyped(row) && chainMac(keys, before, row).equals(row["mac"] as Uint8Array);
}

/** The MAC is over JSON, in which octets are text: a text put in their place would read the same. */
function wellTyped(row: Row): boolean {
  return Object.entries(columns).every(([name, type]) => {
    const value = row[name];
    if (value === null) return name !== "mac";
    if (type === "blob") return value instanceof Uint8Array;
    return typeof value === (type === "text" ? "string" : "number");
  });
}

/** The details of entries that go together under one id. */
export async function readDetails(db: Db, correlationId: string): Promise<string[]> {
  const rows = await db.q
    .selectFrom("log")
    .select("detail")
    .where("correlation_id", "=", correlationId)
    .limit(pageSize)
    .execute();
  return rows.flatMap(({ detail }) => detail ?? []);
}

export type Held = { node: string; seq: number; at: number };

/** A page of one person's entries with what is kept beside them, oldest first. */
export async function entriesOf(db: Db, { userId, after }: { userId: string; after: Held | undefined }) {
  const later = after ? sql`and (log.at, log.node_id, log.seq) > (${after.at}, ${after.node}, ${after.seq})` : sql``;
  const query = sql<
    Held & { result: string; method: string | null; application: string | null; fields: string | null }
  >`
    select log.node_id as node, log.seq, log.at, log.kind, log.result, log.authenticated, log.actor, log.protocol,
      log.method, log.gate, log.application_id as application, log.correlation_id as correlation, personal.fields
    from log left join personal on personal.node_id = log.node_id and personal.seq = log.seq
    where log.user_id = ${userId} ${later} order by log.at, log.node_id, log.seq limit ${sql.raw(String(pageSize))}`;
  return (await query.execute(db.q)).rows;
}
