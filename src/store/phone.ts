import type { Db } from "./open.ts";

/** The simulated carrier's inbox (evaluation). What is older than a day goes when something new arrives. */

export type PhoneMessageRow = { id: string; sealedPayload: Uint8Array; at: number };
const keepMs = 86_400_000;

/** A message that is handed over twice is one message. */
export async function saveMessage(db: Db, { id, sealedPayload, at }: PhoneMessageRow): Promise<void> {
  await db.transaction(async (run) => {
    await run("delete from phone_message where at < cast(? as bigint)", [at - keepMs]);
    await run(
      `insert into phone_message (id, sealed_payload, at) values (?, cast(? as blob), cast(? as bigint))
       on conflict (id) do nothing`,
      [id, sealedPayload, at],
    );
  });
}

export async function listMessages(db: Db, limit: number): Promise<PhoneMessageRow[]> {
  const rows = await db.q
    .selectFrom("phone_message")
    .select(["id", "sealed_payload", "at"])
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ id: row.id, sealedPayload: row.sealed_payload, at: row.at }));
}
