import { genesis } from "./log.ts";
import type { Db } from "./open.ts";

/** A running server: its chain in the log bears its id; people reach it, or its group, at `publicUrl`. */
export type Node = { id: string; name: string; address: string; publicUrl: string };

/**
 * Says that this node lives, or the others take it for gone and end its chain; by the database's clock, since this node's may
 * be wrong. A node without a row begins its chain, or goes on where its entries end.
 */
export async function present(db: Db, { id, name, address }: Node): Promise<void> {
  const seen_at = await db.now();
  const last = await db.q
    .selectFrom("log")
    .select(["seq", "mac"])
    .where("node_id", "=", id)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  await db.q
    .insertInto("node")
    .values({ id, name, address, seq: last?.seq ?? 0, mac: last?.mac ?? genesis(id), seen_at })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ name, address, seen_at }))
    .execute();
}
