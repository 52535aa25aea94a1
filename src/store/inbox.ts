import type { Db } from "./open.ts";

/** The simulated carriers' inboxes (evaluation). What is older than a day goes when something new arrives. */

export type Inbox = "phone_message" | "mail_message";
export type InboxRow = { id: string; sealedPayload: Uint8Array; at: number };
const keepMs = 86_400_000;

/** A message that is handed over twice is one message. */
export async function saveMessage(db: Db, inbox: Inbox, { id, sealedPayload, at }: InboxRow): Promise<void> {
  await db.transaction(async (run) => {
    await run(`delete from ${inbox} where at < cast(? as bigint)`, [at - keepMs]);
    await run(
      `insert into ${inbox} (id, sealed_payload, at) values (?, cast(? as blob), cast(? as bigint))
       on conflict (id) do nothing`,
      [id, sealedPayload, at],
    );
  });
}

export async function listMessages(db: Db, inbox: Inbox, limit: number): Promise<InboxRow[]> {
  const rows = await db.q
    .selectFrom(inbox)
    .select(["id", "sealed_payload", "at"])
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ id: row.id, sealedPayload: row.sealed_payload, at: row.at }));
}
