/**
 * Removing what is kept no longer. Must stay true: no statement removes more than a page, so that nobody waits for it; an
 * entry leaves the log only as part of a chain's beginning, in the transaction that writes why.
 */

import { pageSize } from "./log-read.ts";
import type { Db, Run } from "./open.ts";
import { listStraysOf } from "./stray-devices.ts";
import { marks } from "./values.ts";

/** What ends by itself, and by which time it is measured. */
const ending = {
  radiusRequests: { table: "radius_request", key: "peer", when: "expires_at < ?" },
  apiRequests: { table: "api_request", key: "id", when: "expires_at < ?" },
  throttles: { table: "throttle", key: "id", when: "expires_at < ?" },
  challenges: { table: "challenge", key: "id", when: "expires_at < ?" },
  phoneSends: { table: "phone_send", key: "id", when: "at < ?" },
  delivered: { table: "outbox", key: "id", when: "state in ('sent', 'failed') and next_at < ?" },
  undelivered: { table: "outbox", key: "id", when: "state in ('waiting', 'sending') and next_at < ?" },
  deliveries: { table: "delivery", key: "id", when: "started_at < ?" },
  calls: { table: "call", key: "id", when: "started_at < ?" },
  carrierEvents: { table: "carrier_event", key: "id", when: "at < ?" },
  tokenDrift: { table: "token_drift", key: "id", when: "day < ?" },
  newFactors: { table: "factor", key: "id", when: "state = 'new' and created_at < ?" },
  activations: { table: "activation", key: "id", when: "expires_at < ?" },
  strays: { table: "stray_device", key: "id", when: "coalesce(asked_at, gone_at) < ?" },
  unknownStrays: { table: "stray_device", key: "id", when: "why = 'unknown' and asked_at < ?" },
  provingDevices: { table: "device", key: "id", when: "state = 'proving' and created_at < ?" },
  ceremonies: { table: "ceremony", key: "id", when: "expires_at < ?" },
  signIns: { table: "sign_in", key: "id", when: "expires_at < ?" },
  siteTickets: { table: "site_ticket", key: "token_hash", when: "expires_at < ?" },
  siteSessions: { table: "site_session", key: "token_hash", when: "expires_at < ?" },
  sessions: { table: "session", key: "id", when: "expires_at < ?" },
  devices: { table: "remembered_device", key: "id", when: "expires_at < ?" },
  oidcSessions: { table: "oidc_session", key: "uid", when: "expires_at < ?" },
  oidcItems: { table: "oidc_item", key: "id", when: "expires_at < ?" },
  blocks: { table: "block", key: "id", when: "coalesce(ended_at, until) < ?" },
  phoneMessages: { table: "phone_message", key: "id", when: "at < ?" },
  mailMessages: { table: "mail_message", key: "id", when: "at < ?" },
} as const;
export type Ending = keyof typeof ending;

/** Removes a page of it; says how many rows that was. */
export async function sweep(db: Db, what: Ending, before: number): Promise<number> {
  const { table, key, when } = ending[what];
  // rows that another node works on are left for later, or the two could wait for each other
  const skip = db.kind === "postgres" ? "for update skip locked" : "";
  const page = `select ${key} from ${table} where ${when} limit ${pageSize} ${skip}`;
  const text = `delete from ${table} where ${key} in (${page}) returning ${key}`;
  return (await db.transaction((run) => run(text, [before]), { relaxed: true })).length;
}

type Aged = { node: string; after: number; before: number; now: number };

/**
 * Removes the personal parts of a page of authentications older than `before`; `next` is where to go on, if at all. Entries of
 * a clock that stood ahead are no sign that all the rest is young.
 */
export async function dropAgedPersonal(db: Db, { node, after, before, now }: Aged) {
  return await db.transaction(
    async (run) => {
      const rows = await run(
        `select p.seq, l.at, l.kind from personal p join log l on l.node_id = p.node_id and l.seq = p.seq
         where p.node_id = ? and p.seq > ? order by p.seq limit ${pageSize}`,
        [node, after],
      );
      const seqs = rows.flatMap((row) =>
        (row["at"] as number) < before && (row["kind"] === "authentication" || row["kind"] === "approval")
          ? [row["seq"] as number]
          : [],
      );
      await dropPersonal(run, node, seqs);
      const areYoung = rows.every(({ at }) => (at as number) >= before && (at as number) <= now);
      const next = rows.length === pageSize && !areYoung ? (rows.at(-1)!["seq"] as number) : undefined;
      return { removed: seqs.length, next };
    },
    { relaxed: true },
  );
}

async function dropPersonal(run: Run, node: string, seqs: number[]): Promise<void> {
  if (seqs.length === 0) return;
  await run(`delete from personal where node_id = ? and seq in (${marks(seqs.length)})`, [node, ...seqs]);
}

type Beginning = { node: string; upTo: number; unseenSince: number | undefined };

/**
 * Removes a chain's beginning; false when another node has done it, or the chain's own has been seen since. A chain of a node
 * that is gone leaves no head behind when it ends with this.
 */
export async function dropEntries(run: Run, { node, upTo, unseenSince }: Beginning): Promise<boolean> {
  if (unseenSince !== undefined) {
    // changes nothing, and keeps the node from coming back until this is done
    const still = "update node set seen_at = seen_at where id = ? and seen_at < ? returning id";
    if ((await run(still, [node, unseenSince])).length === 0) return false;
    await run("delete from node where id = ? and seq = ?", [node, upTo]);
  }
  await run("delete from personal where node_id = ? and seq <= ?", [node, upTo]);
  const removed = await run("delete from log where node_id = ? and seq <= ? returning seq", [node, upTo]);
  return removed.length > 0;
}

/** Removes what is kept beside these entries. */
export async function dropBeside(db: Db, entries: { node: string; seq: number }[]): Promise<void> {
  const byNode = Map.groupBy(entries, (entry) => entry.node);
  await db.transaction(async (run) => {
    for (const [node, own] of byNode)
      await dropPersonal(
        run,
        node,
        own.map((entry) => entry.seq),
      );
  });
}

/**
 * Removes a person, their methods, challenges and waiting messages, and what was logged beside entries since `since`.
 * False when there is nobody of this id.
 */
export async function dropPerson(run: Run, { userId, since }: { userId: string; since: number }): Promise<boolean> {
  await run("delete from outbox where user_id = ? or challenge_id in (select id from challenge where user_id = ?)", [
    userId,
    userId,
  ]);
  // how it went is counted on, whose it was is forgotten
  await run("update delivery set user_id = null, to_mac = cast(? as blob) where user_id = ?", [
    Buffer.alloc(0),
    userId,
  ]);
  await run(
    "delete from personal where (node_id, seq) in (select node_id, seq from log where user_id = ? and at >= ?)",
    [userId, since],
  );
  return (await run("delete from person where id = ? returning id", [userId])).length > 0;
}

/** Whose erasure is not older. */
export async function listErased(db: Db, since: number): Promise<string[]> {
  const rows = await db.q
    .selectFrom("log")
    .select("user_id")
    .distinct()
    .where("result", "=", "PERSON_ERASED")
    .where("at", ">=", since)
    .execute();
  return rows.flatMap((row) => row.user_id ?? []);
}

/** All that is stored about a person but the log, as it is told to them: of secrets only that they are there. */
export async function readPerson(db: Db, userId: string) {
  const person = await db.q
    .selectFrom("person")
    .select(["id", "username", "display_name", "first_name", "last_name", "email", "mobile_phone", "backup_phone"])
    .select(["directory_id", "registered_at", "must_register"])
    .select(["phone_extension", "language", "groups", "state", "default_method", "created_at", "webauthn_id"])
    .select((row) => row("password_hash", "is not", null).as("has_password"))
    .where("id", "=", userId)
    .executeTakeFirst();
  const factors = await db.q
    .selectFrom("factor")
    .select(["id", "method", "name", "state", "address", "fails", "attempted_at", "locked_until"])
    .select(["expires_at", "created_at", "last_used_at", "credential_id", "rp_id"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
  const authenticators = await db.q
    .selectFrom("device")
    .select(["id", "name", "kind", "platform", "app_version", "language", "state", "push"])
    .select(["created_at", "last_seen_at", "last_result"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
  const challenges = await db.q
    .selectFrom("challenge")
    .select(["id", "factor_id", "method", "application_id", "application_name", "client_ip", "station", "state"])
    .select(["tries", "created_at", "expires_at"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
  const blocks = await db.q
    .selectFrom("block")
    .select(["id", "number_shown", "extension", "cause", "blocks", "reason", "begun_by", "begun_at", "until"])
    .select(["ended_by", "ended_at", "ended_reason"])
    .where("user_id", "=", userId)
    .orderBy("begun_at")
    .execute();
  return {
    person: person && {
      ...person,
      groups: JSON.parse(person.groups) as string[],
      has_password: Boolean(person.has_password),
    },
    factors,
    ...(await readTokensAndBrowsers(db, userId)),
    authenticators,
    former_authenticators: await listStraysOf(db, userId),
    challenges,
    blocks,
  };
}

async function readTokensAndBrowsers(db: Db, userId: string) {
  const tokens = await db.q
    .selectFrom("token")
    .select(["id", "serial", "manufacturer", "model", "type", "state", "expires_at"])
    .where("user_id", "=", userId)
    .orderBy("serial_key")
    .execute();
  const sessions = await db.q
    .selectFrom("session")
    .select(["id", "client_ip", "user_agent", "created_at", "seen_at", "expires_at"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
  const remembered = await db.q
    .selectFrom("remembered_device")
    .select(["id", "user_agent", "created_at", "used_at", "expires_at"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
  return { tokens, sessions, remembered_browsers: remembered };
}
