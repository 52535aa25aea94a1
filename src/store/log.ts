import { hash } from "node:crypto";
import { AppError } from "#core/errors.ts";
import type { Keys } from "./keys.ts";
import { ending, type Db, type Row, type Run } from "./open.ts";
import { insert, type Columns } from "./values.ts";

/**
 * The audit: one gapless chain a node, each row's MAC over the row before it. Rows hold ids, codes and times; what is
 * personal stands beside the chain, bound by a salted commitment, so that erasing it leaves the chain whole.
 * Must stay true: what a row tells of commits with the row, or not at all.
 */

export type Entry = {
  id: string;
  at: number;
  kind: "authentication" | "approval" | "change" | "checkpoint" | "system" | "page_error";
  result: string;
  authenticated: boolean;
  actor?: string | null | undefined;
  correlationId?: string | null | undefined;
  userId?: string | null | undefined;
  applicationId?: string | null | undefined;
  protocol?: string | null | undefined;
  method?: string | null | undefined;
  mode?: string | null | undefined;
  gate?: string | null | undefined;
  challengeId?: string | null | undefined;
  policyVersion?: number | null;
  detail?: string | null | undefined;
  personal?: Record<string, string>;
};

export type Written<T> = { value: T; entries: Entry[] };
export type Log = {
  /** One transaction: the work, then its entries at the end of this node's chain. */
  write<T>(work: (run: Run) => Promise<Written<T>>): Promise<T>;
  head(): Promise<Head>;
};
export type Head = { nodeId: string; seq: number; mac: Uint8Array };

/** The columns that a row's MAC covers, in this order; the verifier reads the same. */
export const chained: Columns = {
  node_id: "text",
  seq: "bigint",
  id: "text",
  at: "bigint",
  kind: "text",
  actor: "text",
  correlation_id: "text",
  user_id: "text",
  application_id: "text",
  protocol: "text",
  method: "text",
  mode: "text",
  result: "text",
  authenticated: "bigint",
  gate: "text",
  challenge_id: "text",
  policy_version: "bigint",
  detail: "text",
  commitment: "blob",
};
const chainedNames = Object.keys(chained);
const logTable = { name: "log", columns: { ...chained, mac: "blob" } satisfies Columns };
const personalTable = {
  name: "personal",
  columns: { node_id: "text", seq: "bigint", salt: "blob", fields: "text" } satisfies Columns,
};

/** What a row's MAC is: over the MAC before it and every column but itself. */
export function chainMac(keys: Keys, previous: Uint8Array, row: Row): Buffer {
  const values = chainedNames.map((name) => {
    const value = row[name];
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  });
  return keys.mac("chain", previous, JSON.stringify(values));
}
/** the salt is erased with the fields, so nobody can guess them back from the commitment. */
export function commitmentOf(salt: Uint8Array, fields: string): Buffer {
  // as text: OpenSSL's digest as a Buffer costs as much again
  return Buffer.from(hash("sha256", Buffer.concat([salt, Buffer.from(fields)]), "latin1"), "latin1");
}
export const genesis = (nodeId: string): Buffer => hash("sha256", `countersign chain ${nodeId}`, "buffer");

type Pen = { keys: Keys; nodeId: string; present: () => Promise<void>; salt: () => Uint8Array };

export function openLog(db: Db, pen: Pen): Log {
  let head: Head | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const find = async () =>
    await db.q.selectFrom("node").select(["seq", "mac"]).where("id", "=", pen.nodeId).executeTakeFirst();

  async function read(): Promise<Head> {
    // others took this node for gone while it slept
    const row = (await find()) ?? (await pen.present().then(find));
    if (!row) throw new AppError("internal", "this node is not registered");
    return { nodeId: pen.nodeId, seq: row.seq, mac: row.mac };
  }

  async function once<T>(work: (run: Run) => Promise<Written<T>>): Promise<T> {
    const from = head ?? (await read());
    // Until the commit is known to stand, the head must be read again.
    head = undefined;
    const done = await db.transaction(async (run) => {
      const { value, entries } = await work(run);
      return { value, to: await append(run, pen, { from, entries }) };
    });
    head = done.to;
    return done.value;
  }

  return {
    // one at a time: each batch ends where the next begins
    write: async (work) => {
      const mine = turn.then(() => once(work));
      turn = mine.catch(() => undefined);
      return await mine;
    },
    head: async () => head ?? (await read()),
  };
}

/**
 * Where the row is not as we left it, someone else writes under this node's name: two processes with one id, or a restored
 * database. Null is refused by the column, and the whole transaction with it.
 */
const move = "update node set seq = case when seq = ? then cast(? as bigint) end, mac = ? where id = ?";
/** The same where nothing is waited for: without a row it fails by itself. */
const moveOrFail = `with moved as (${move} returning 1)
  select cast(case count(*) when 1 then '1' else 'the row of this node is gone' end as integer) from moved`;

async function moveHead(run: Run, parameters: unknown[]): Promise<void> {
  if (!run.repeats) return void (await run(moveOrFail, parameters));
  const [done] = await run(move, parameters);
  if (done!["changes"] !== 1) throw new AppError("internal", "the row of this node is gone");
}

async function append(
  run: Run,
  { keys, salt }: Pen,
  { from, entries }: { from: Head; entries: Entry[] },
): Promise<Head> {
  if (entries.length === 0) return from;
  const { nodeId } = from;
  let { seq, mac } = from;
  const rows: Row[] = [];
  const personal: Row[] = [];
  for (const entry of entries) {
    seq += 1;
    const beside = entry.personal && {
      node_id: nodeId,
      seq,
      salt: salt(),
      fields: JSON.stringify(entry.personal),
    };
    if (beside) personal.push(beside);
    const row = rowOf(entry, {
      nodeId,
      seq,
      commitment: beside ? commitmentOf(beside.salt, beside.fields) : null,
    });
    mac = chainMac(keys, mac, row);
    rows.push({ ...row, mac });
  }
  const moving = moveHead(run, [from.seq, seq, mac, nodeId]);
  // SQLite is asked at the call; the commit that follows the last statement would be, too
  if (run.repeats) await moving;
  await Promise.all([moving, insert(run, personalTable, personal), insert(ending(run), logTable, rows)]);
  return { nodeId, seq, mac };
}

type Position = { nodeId: string; seq: number; commitment: Buffer | null };

const rowOf = (entry: Entry, { nodeId, seq, commitment }: Position): Row => ({
  node_id: nodeId,
  seq,
  id: entry.id,
  at: entry.at,
  kind: entry.kind,
  actor: entry.actor ?? null,
  correlation_id: entry.correlationId ?? null,
  user_id: entry.userId ?? null,
  application_id: entry.applicationId ?? null,
  protocol: entry.protocol ?? null,
  method: entry.method ?? null,
  mode: entry.mode ?? null,
  result: entry.result,
  authenticated: Number(entry.authenticated),
  gate: entry.gate ?? null,
  challenge_id: entry.challengeId ?? null,
  policy_version: entry.policyVersion ?? null,
  detail: entry.detail ?? null,
  commitment,
});
