import type { Facts } from "#core/facts.ts";
import type { Outcome } from "#core/outcome.ts";
import { reserveIn, type Reserve, type Reserved } from "./facts.ts";
import type { Log } from "./log.ts";
import type { Around, Repeated } from "./requests.ts";
import { settleIn, type Settle } from "./settle.ts";

/**
 * Reserve and settle in one commit, for a decision that waits for nothing in between. The same statements in the same order:
 * the attempt is taken before it is looked at, and nobody hears anything before both are durable. Must stay true: an attempt
 * that was looked at is never forgotten because settling failed, so what fails at once is done again in two commits.
 * On SQLite alone: on PostgreSQL, which works on one transaction while this node makes the next, two are quicker.
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

type Commits = {
  reserve: (item: Reserve) => Promise<Reserved>;
  settle: (item: Settle) => Promise<Outcome | undefined>;
};

export async function inTwoCommits({ reserve, settle }: Commits, item: AtOnce): Promise<Settled> {
  const reserved = await reserve(item);
  if (!("facts" in reserved)) return reserved;
  const decided = item.decide(reserved.facts);
  return "settle" in decided ? { outcome: (await settle(decided.settle))! } : decided;
}
