import type { Outcome } from "#core/outcome.ts";
import { batched } from "./batch.ts";
import { reserve, type Reserve, type Reserved } from "./facts.ts";
import type { Log } from "./log.ts";
import type { Db } from "./open.ts";
import { settle, type Settle } from "./settle.ts";

/** The store as actions use it: the database, its audit, and the two batched commits of a verification. */
export type Store = Db & {
  audit: Log;
  reserve: (item: Reserve) => Promise<Reserved>;
  settle: (item: Settle) => Promise<Outcome>;
};

export function openStore(db: Db, audit: Log): Store {
  return {
    ...db,
    audit,
    reserve: batched(
      (items: Reserve[]) => reserve(db, items),
      (item) => item.challengeId ?? item.nameKey,
    ),
    // accepting is keyed by factor, so that one factor appears once a statement
    settle: batched(
      (items: Settle[]) => settle(audit, items),
      (item) => item.accept[0]?.factorId ?? item.open?.factorId ?? item.end?.id,
    ),
  };
}
