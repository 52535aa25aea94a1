import type { Facts } from "#core/facts.ts";
import type { Outcome } from "#core/outcome.ts";
import { reserve, reserveIn, type Reserve } from "./facts.ts";
import type { Log } from "./log.ts";
import type { Db } from "./open.ts";
import type { Around, Repeated } from "./requests.ts";
import { settle, settleIn, type Settle } from "./settle.ts";

/**
 * Reserve and settle in one commit, for a decision that waits for nothing in between. The same statements in the same order:
 * the attempt is taken before it is looked at, and nobody hears anything before both are durable. Must stay true: an attempt
 * that was looked at is never forgotten because settling failed, so what fails at once is done again in two commits.
 */

/**
 * `decide` is called with the transaction open, so it must not wait; an `outcome` is told and nothing more is written, and what
 * is to be settled `later`, after a wait, leaves no more than the attempt.
 */
export type AtOnce = Reserve & { decide: (facts: Facts) => { settle: Settle } | { outcome: Outcome } | Later };
type Later = { later: object };
export type Settled = { outcome: Outcome } | Later | Repeated;

export async function atOnce(log: Log, items: AtOnce[], around: Around): Promise<Settled[]> {
  return await log.write(async (run) => {
    const reserved = await reserveIn(run, items, around);
    const decided = reserved.map((one, index) => ("facts" in one ? items[index]!.decide(one.facts) : one));
    const { value, entries } = await settleIn(
      run,
      decided.flatMap((one) => ("settle" in one ? one.settle : [])),
    );
    const outcomes = value.values();
    const told = decided.map((one) => ("settle" in one ? { outcome: outcomes.next().value! } : one));
    return { value: told, entries };
  });
}

export async function inTwoCommits({ db, log }: { db: Db; log: Log }, item: AtOnce, around: Around): Promise<Settled> {
  const [reserved] = await reserve(db, [item], around);
  if (!("facts" in reserved!)) return reserved!;
  const decided = item.decide(reserved.facts);
  if (!("settle" in decided)) return decided;
  const [outcome] = await settle(log, [decided.settle]);
  return { outcome: outcome! };
}
