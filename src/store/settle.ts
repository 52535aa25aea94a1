/**
 * Settle: the one place where a verification is decided for good. Replay state, challenge, record, message and the answer
 * to remember commit together, for many requests at once. Must stay true: an acceptance is one conditional statement;
 * of any number of equal answers, on any node, one changes the row.
 */

import type { Outcome } from "#core/outcome.ts";
import type { FatigueRule } from "#core/push-fatigue.ts";
import { giveBack, type Returned } from "./attempts.ts";
import type { PhoneSend } from "./destinations.ts";
import { remember, type Claim } from "./requests.ts";
import type { Entry, Log, Written } from "./log.ts";
import type { Run } from "./open.ts";
import { findUnsendable, spend, takeBack, tellEnded, writeRest, type Ending, type NewChallenge } from "./opened.ts";
import type { NewMessage } from "./outbox.ts";
import type { Budget } from "./throttle.ts";
import { changing } from "./values.ts";

export type Settle = {
  at: number;
  /** What the person proved: all of these must still be new, or nothing is accepted. */
  accept: { factorId: string; counter: number; drift: number; cost: number }[];
  /** The challenge that this ends, and what it was; with a holder, only while that is still who waits. */
  end?: Ending | undefined;
  open?: NewChallenge | undefined;
  /** Budgets that must have room, all of them. */
  spend: Budget[];
  /** What the message counts as where it goes. */
  sent?: PhoneSend | undefined;
  /** What was sent and this answers rightly, and the budgets that then get one back. */
  answered?: { id: string; refund: string[] } | undefined;
  message?: NewMessage | undefined;
  /** The keyed hash of the number that the message goes to, which must not be blocked. */
  number?: string | undefined;
  /** The factor that must have no challenge waiting yet. */
  exclusive?: string | undefined;
  /** Whose request, begun meanwhile, this is to join instead of sending anything. */
  joinKey?: string | undefined;
  /** When that factor's person is asked no more, after what they did not answer. */
  fatigue?: FatigueRule | undefined;
  claim?: Claim | undefined;
  /** Queues who is told of it, when every condition held. */
  tell?: ((run: Run) => Promise<void>) | undefined;
  /** What follows when every condition held, and when one did not, and which; `giveBack` names factors whose attempt was free. */
  finish: (lost: Lost | undefined) => { outcome: Outcome; entry: Entry; giveBack: Returned[] };
};
/** Which condition did not hold: its client asks for it already, somebody was first, a budget is spent, the number is blocked, its phone rings already, or has rest. */
export type Lost = "joins" | "raced" | "spent" | "blocked" | "busy" | "tired";

/** What `joins` another is left undecided, with nothing on record: it is to be judged once more. */
export async function settle(log: Log, items: Settle[]): Promise<(Outcome | undefined)[]> {
  return await log.write((run) => settleIn(run, items));
}

export async function settleIn(run: Run, items: Settle[]): Promise<Written<(Outcome | undefined)[]>> {
  const lost = new Map<Settle, Lost>(await findUnsendable(run, items));
  await spend(run, { items, lost });
  const ended = await endChallenges(run, { items, lost });
  await accept(run, { items, lost });
  await takeBack(
    run,
    ended.filter((item) => lost.has(item)),
  );
  tellEnded(run, ended);
  const ends = items.map((item) => (lost.get(item) === "joins" ? undefined : item.finish(lost.get(item))));
  const decided = ends.flatMap((end) => end ?? []);
  const free = decided.flatMap((end) => end.giveBack);
  await giveBack(run, free);
  const won = items.filter((item) => !lost.has(item));
  await writeRest(run, won);
  await remember(
    run,
    items.flatMap(({ claim, at }, index) =>
      claim && ends[index] ? [{ claim, at, outcome: ends[index].outcome }] : [],
    ),
  );
  return { value: ends.map((end) => end?.outcome), entries: decided.map((end) => end.entry) };
}

export type Round = { items: Settle[]; lost: Map<Settle, Lost> };

async function accept(run: Run, { items, lost }: Round): Promise<void> {
  const wanted = items.flatMap((item) => (lost.has(item) ? [] : item.accept.map((one) => ({ item, ...one }))));
  // One row a factor: two equal answers that met in this batch must not both find it raised.
  const first = new Map<string, Settle>();
  for (const { item, factorId } of wanted) if (!first.has(factorId)) first.set(factorId, item);
  const rows = wanted
    .filter(({ item, factorId }) => first.get(factorId) === item)
    .map(({ item, factorId, counter, drift, cost }) => [factorId, counter, drift, cost, item.at]);
  const raised = await raiseCounter(run, rows);
  for (const { item, factorId } of wanted)
    if (!raised.has(factorId) || first.get(factorId) !== item) lost.set(item, "raced");
}
const raiseCounter = changing("factor", "id text, counter bigint, drift bigint, cost bigint, at bigint", {
  set: `counter = v.counter, drift = v.drift, fails = 0, attempted_at = 0, locked_until = 0, last_used_at = v.at,
    day_cost = case when factor.day_cost > v.cost then factor.day_cost - v.cost else 0 end`,
  where: "factor.counter < v.counter and factor.state in ('active', 'new')",
});

/** Of several answers to one challenge the first to come here ends it, whichever round it took. */
async function endChallenges(run: Run, { items, lost }: Round): Promise<Settle[]> {
  const wanted = items.flatMap((item) => (item.end && !lost.has(item) ? [{ item, ...item.end }] : []));
  const first = new Map<string, Settle>();
  for (const { item, id } of wanted) if (!first.has(id)) first.set(id, item);
  const ended = await endChallenge(
    run,
    wanted
      .filter(({ item, id }) => first.get(id) === item)
      .map(({ id, state, was, result, holder }) => [id, state, was, result, holder ?? null]),
  );
  for (const { item, id } of wanted) if (!ended.has(id) || first.get(id) !== item) lost.set(item, "raced");
  return wanted.flatMap(({ item }) => (lost.has(item) ? [] : item));
}
const endChallenge = changing("challenge", "id text, state text, was text, result text, holder text", {
  set: "state = v.state, result = v.result",
  where: "challenge.state = v.was and (v.holder is null or challenge.holder = v.holder)",
});
