/** Blocks of persons and numbers, those that stand and those that have ended. A number is known here by its keyed hash alone. */

import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { insert, over, type Columns } from "./values.ts";

export type NewBlock = Omit<Tables["block"], "ended_by" | "ended_at" | "ended_reason">;

const table = {
  name: "block",
  columns: {
    id: "text",
    user_id: "text",
    number_hash: "text",
    number_shown: "text",
    extension: "text",
    cause: "text",
    blocks: "bigint",
    reason: "text",
    language: "text",
    application_id: "text",
    correlation_id: "text",
    begun_by: "text",
    begun_at: "bigint",
    until: "bigint",
  } satisfies Record<keyof NewBlock, Columns[string]>,
  tail: "on conflict (id) do nothing returning id",
};

/** The person's row follows in the same commit; a shorter block leaves a longer one as it is. False: this one is there already. */
export async function insertBlock(run: Run, block: NewBlock): Promise<boolean> {
  if ((await insert(run, table, [block])).length === 0) return false;
  if (block.user_id === null || block.blocks === 0) return true;
  await run(
    "update person set blocked_until = cast(? as bigint) where id = ? and blocked_until < cast(? as bigint) returning id",
    [block.until, block.user_id, block.until],
  );
  return true;
}

export type Blocked = { userId: string } | { numberHash: string };
type Ending = { by: string; at: number; reason: string };

/** Ends every block of the person or number that stands; says which those were. */
export async function endBlocks(run: Run, who: Blocked, { by, at, reason }: Ending): Promise<string[]> {
  const [column, id] = "userId" in who ? ["user_id", who.userId] : ["number_hash", who.numberHash];
  const ended = await run(
    `update block set ended_by = ?, ended_at = cast(? as bigint), ended_reason = ?
     where ${column} = ? and blocks = 1 and ended_at is null and until > cast(? as bigint) returning id`,
    [by, at, reason, id, at],
  );
  if ("userId" in who) await run("update person set blocked_until = 0 where id = ? and blocked_until > 0", [id]);
  return ended.map((row) => row["id"] as string);
}

/** Which of these numbers nothing may be sent to. */
export async function readBlockedNumbers(run: Run, asked: { hash: string; at: number }[]): Promise<Set<string>> {
  const found = await over(
    run,
    "hash text, at bigint",
    asked.map(({ hash, at }) => [hash, at]),
    `select b.number_hash from v join block b on b.number_hash = v.hash and b.blocks = 1 and b.ended_at is null and b.until > v.at`,
  );
  return new Set(found.map((row) => row["number_hash"] as string));
}

export type BlockQuery = {
  who?: Blocked | undefined;
  /** also those that have ended, and reports that blocked nobody */
  ended: boolean;
  now: number;
  before?: { at: number; id: string } | undefined;
  limit: number;
};

/** Newest first. */
export async function listBlockRows(db: Db, { who, ended, now, before, limit }: BlockQuery) {
  let rows = db.q
    .selectFrom("block")
    .leftJoin("person", "person.id", "block.user_id")
    .select(["block.id", "block.user_id", "person.username", "block.number_shown", "block.extension", "block.cause"])
    .select(["block.blocks", "block.reason", "block.language", "block.application_id", "block.correlation_id"])
    .select(["block.begun_by", "block.begun_at", "block.until", "ended_by", "ended_at", "ended_reason"]);
  if (who)
    rows =
      "userId" in who
        ? rows.where("block.user_id", "=", who.userId)
        : rows.where("block.number_hash", "=", who.numberHash);
  if (!ended) rows = rows.where("block.blocks", "=", 1).where("ended_at", "is", null).where("until", ">", now);
  if (before)
    rows = rows.where((eb) =>
      eb.or([
        eb("block.begun_at", "<", before.at),
        eb.and([eb("block.begun_at", "=", before.at), eb("block.id", "<", before.id)]),
      ]),
    );
  return await rows.orderBy("block.begun_at", "desc").orderBy("block.id", "desc").limit(limit).execute();
}
