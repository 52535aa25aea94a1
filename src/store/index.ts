import type { Outcome } from "#core/outcome.ts";
import { atOnce, inTwoCommits, type AtOnce, type Settled } from "./at-once.ts";
import { batched } from "./batch.ts";
import { reserve, type Reserve, type Reserved } from "./facts.ts";
import { hasKeys, openKeys, type Keys } from "./keys.ts";
import { openLog, type Log } from "./log.ts";
import { migrate } from "./migrate.ts";
import { present, type Node } from "./nodes.ts";
import type { Db } from "./open.ts";
import { settle, type Settle } from "./settle.ts";

/** The store as actions use it: the database, its audit, and the batched commits of a verification. */
export type Store = Db & {
  node: Node;
  /** says to the others that this node lives */
  present: () => Promise<void>;
  audit: Log;
  reserve: (item: Reserve) => Promise<Reserved>;
  /** nothing where it is to join what its client asked for meanwhile */
  settle: (item: Settle) => Promise<Outcome | undefined>;
  /** both, for a decision that waits for nothing in between */
  atOnce: (item: AtOnce) => Promise<Settled>;
};

/** `master` gives the key that opens the data keys; only on a database without any may it make a new one. */
type Start = { node: Node; master: (mayCreate: boolean) => Uint8Array; now: number; salt: () => Uint8Array };

/** Brings the database to this version, opens its keys and takes this node's place in it. */
export async function startStore(db: Db, { node, master, now, salt }: Start): Promise<{ store: Store; keys: Keys }> {
  await migrate(db, now);
  const keys = await openKeys(db, { master: master(!(await hasKeys(db))), now });
  const here = async () => await present(db, node);
  await here();
  const audit = openLog(db, { keys, nodeId: node.id, present: here, salt });
  const around = { shared: db.kind === "postgres", startedAt: now };
  const keyOf = (item: Reserve) => item.challengeId ?? item.nameKey;
  const commits = {
    reserve: batched((items: Reserve[]) => reserve(db, items, around), keyOf),
    // one factor appears once a statement, so of equal answers in one batch the second is settled after the first
    settle: batched(
      (items: Settle[]) => settle(audit, items),
      (item) => item.accept[0]?.factorId ?? item.open?.factorId ?? item.end?.id,
    ),
  };
  const twice = async (item: AtOnce) => await inTwoCommits(commits, item);
  const once = batched((items: AtOnce[]) => atOnce(audit, items, around), keyOf, twice);
  const store: Store = { ...db, node, present: here, audit, ...commits, atOnce: db.kind === "sqlite" ? once : twice };
  return { store, keys };
}
