/** The log as it is read: newest first, each row with its personal part where that is still there. */

import { sql } from "kysely";
import type { Db } from "./open.ts";

export type Position = { at: number; nodeId: string; seq: number };
export type RecordRow = Position & {
  id: string;
  kind: string;
  actor: string | null;
  correlationId: string | null;
  userId: string | null;
  /** as it was then, else as it is now */
  username: string | null;
  applicationId: string | null;
  protocol: string | null;
  method: string | null;
  mode: string | null;
  result: string;
  authenticated: boolean;
  gate: string | null;
  policyVersion: number | null;
  detail: string | null;
  node: string | null;
  nodeAddress: string | null;
  personal: Record<string, string> | null;
};
export type RecordQuery = {
  userId?: string | undefined;
  correlationId?: string | undefined;
  since?: number | undefined;
  kind?: string | undefined;
  /** results that are of no interest */
  except?: readonly string[] | undefined;
  /** the last of the page before */
  before?: Position | undefined;
  limit: number;
};

const selection = (db: Db) =>
  db.q
    .selectFrom("log")
    .leftJoin("personal", (join) =>
      join.onRef("personal.node_id", "=", "log.node_id").onRef("personal.seq", "=", "log.seq"),
    )
    .leftJoin("node", "node.id", "log.node_id")
    .leftJoin("person", "person.id", "log.user_id")
    .select(["log.id", "log.at", "log.node_id", "log.seq", "kind", "actor", "correlation_id", "user_id"])
    .select(["application_id", "protocol", "method", "mode", "result", "authenticated", "gate"])
    .select(["policy_version", "detail", "personal.fields", "node.name", "node.address", "person.username"]);
type Found = Awaited<ReturnType<ReturnType<typeof selection>["executeTakeFirstOrThrow"]>>;

export async function listRecords(db: Db, query: RecordQuery): Promise<RecordRow[]> {
  const { userId, correlationId, since, kind, except = [], before, limit } = query;
  let select = selection(db)
    .orderBy("log.at", "desc")
    .orderBy("log.node_id", "desc")
    .orderBy("log.seq", "desc")
    .limit(limit);
  if (userId !== undefined) select = select.where("user_id", "=", userId);
  if (correlationId !== undefined) select = select.where("correlation_id", "=", correlationId);
  if (since !== undefined) select = select.where("log.at", ">=", since);
  if (kind !== undefined) select = select.where("kind", "=", kind);
  if (except.length > 0) select = select.where("result", "not in", except);
  if (before)
    select = select.where((eb) =>
      eb(eb.refTuple("log.at", "log.node_id", "log.seq"), "<", eb.tuple(before.at, before.nodeId, before.seq)),
    );
  return (await select.execute()).map(recordOf);
}

/** Rows that are looked through at once: a few milliseconds of the event loop. */
const stretch = 2000;

/** The newest record with this id, of this challenge, or whose details name it. Nothing is indexed by these, so it takes its time. */
export async function findMention(db: Db, id: string): Promise<RecordRow | undefined> {
  const found: RecordRow[] = [];
  const pattern = `%"${id.replaceAll(/[!%_]/g, "!$&")}"%`;
  const named = sql<boolean>`(log.id = ${id} or log.challenge_id = ${id} or log.detail like ${pattern} escape '!')`;
  for (const { node, first, last } of await listReaches(db))
    for (let to = last; to >= first; to -= stretch) {
      const row = await selection(db)
        .where("log.node_id", "=", node)
        .where("log.seq", ">", to - stretch)
        .where("log.seq", "<=", to)
        .where(named)
        .orderBy("log.seq", "desc")
        .limit(1)
        .executeTakeFirst();
      if (row) {
        found.push(recordOf(row));
        break;
      }
    }
  return found.toSorted((a, b) => b.at - a.at)[0];
}

/** From where to where each chain goes. */
async function listReaches(db: Db): Promise<{ node: string; first: number; last: number }[]> {
  const rows = await db.q
    .selectFrom("node")
    .innerJoin("log", "log.node_id", "node.id")
    .select((eb) => ["node.id", "node.seq", eb.fn.min("log.seq").as("first")])
    .groupBy(["node.id", "node.seq"])
    .execute();
  return rows.map(({ id, seq, first }) => ({ node: id, first: Number(first), last: seq }));
}

function recordOf(row: Found): RecordRow {
  const personal = row.fields === null ? null : (JSON.parse(row.fields) as Record<string, string>);
  return {
    id: row.id,
    at: row.at,
    nodeId: row.node_id,
    seq: row.seq,
    kind: row.kind,
    actor: row.actor,
    correlationId: row.correlation_id,
    userId: row.user_id,
    username: personal?.["username"] ?? row.username,
    applicationId: row.application_id,
    protocol: row.protocol,
    method: row.method,
    mode: row.mode,
    result: row.result,
    authenticated: row.authenticated > 0,
    gate: row.gate,
    policyVersion: row.policy_version,
    detail: row.detail,
    node: row.name,
    nodeAddress: row.address,
    personal,
  };
}
