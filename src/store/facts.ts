/**
 * Reserve: reads what a decision needs and takes the attempt, in one commit for many requests. An attempt and a round
 * are taken by compare-and-set, so of any number of equal ones, on any node, one is taken.
 */

import type { Reservation } from "#core/decide.ts";
import type { Challenge, Facts, Taken } from "#core/facts.ts";
import { readEach } from "./facts-read.ts";
import { ending, type Db, type Run } from "./open.ts";
import { claim, type Around, type Claim, type Repeated } from "./requests.ts";
import type { Taking } from "./throttle.ts";
import { changing } from "./values.ts";

export type Reserve = {
  now: number;
  nameKey?: string | undefined;
  challengeId?: string | undefined;
  /** A factor that is being set up, and that alone is asked for. */
  newFactor?: string | undefined;
  /** Whose pending challenge a first request may join. */
  joinKey?: string | undefined;
  /** A request that must be worked on by one node only, and by whom it was answered. */
  claim?: Claim | undefined;
  /** What must have room for its answer to be looked at; nothing is taken here. */
  guesses: Taking;
  plan: (facts: Facts) => Reservation;
};
export type Reserved = { facts: Facts } | Repeated;

export async function reserve(db: Db, items: Reserve[], around: Around): Promise<Reserved[]> {
  return await db.transaction((run) => reserveIn(run, items, { ...around, last: ending(run) }), { relaxed: true });
}

/** In a transaction that goes on, or whose `last` statement is the last of these. */
export async function reserveIn(
  run: Run,
  items: Reserve[],
  { last = run, ...around }: Around & { last?: Run },
): Promise<Reserved[]> {
  const [earlier, found] = await Promise.all([claim(run, items, around), readEach(run, items)]);
  const plans = items.map((item, index) =>
    earlier[index] ? { answer: false, attempts: [] } : item.plan(found[index]!),
  );
  const answered = await takeRounds(
    run,
    found.flatMap((facts, index) =>
      plans[index]!.answer ? [{ challenge: facts.challenge!, try: plans[index]!.attempts.length > 0 }] : [],
    ),
  );
  const wanted = plans.flatMap((plan, index) =>
    plan.answer && !answered.has(found[index]!.challenge!.id) ? [] : plan.attempts,
  );
  const taken = await takeAttempts(last, wanted);
  return found.map((facts, index): Reserved => {
    const mine = plans[index]!.attempts.filter((attempt) => taken.get(attempt.factor.id) === attempt.taken);
    const won = facts.challenge !== undefined && answered.get(facts.challenge.id) === facts.challenge;
    return (
      earlier[index] ?? {
        facts: {
          ...facts,
          answered: won,
          taken: new Map(mine.map((attempt) => [attempt.factor.id, attempt.taken])),
        },
      }
    );
  });
}

async function takeRounds(run: Run, wanted: { challenge: Challenge; try: boolean }[]): Promise<Map<string, Challenge>> {
  const first = new Map(wanted.map((one) => [one.challenge.id, one]));
  const rows = [...first.values()].map((one) => [one.challenge.id, one.challenge.round, Number(one.try)]);
  const won = await takeRound(run, rows);
  return new Map([...first].flatMap(([id, { challenge }]) => (won.has(id) ? [[id, challenge] as const] : [])));
}
const takeRound = changing("challenge", "id text, round bigint, tries bigint", {
  set: "round = challenge.round + 1, tries = challenge.tries + v.tries",
  where: "challenge.round = v.round and challenge.state = 'pending'",
});

async function takeAttempts(run: Run, wanted: Reservation["attempts"]): Promise<Map<string, Taken>> {
  const first = new Map(wanted.map((one) => [one.factor.id, one]));
  const rows = [...first.values()].map(({ factor: { id, fails, attemptedAt, dayCost }, taken }) => {
    const after = [taken.fails, taken.attemptedAt, taken.lockedUntil, taken.dayCost, taken.dayStart];
    return [id, fails, attemptedAt, dayCost, ...after];
  });
  const won = await takeAttempt(run, rows);
  return new Map([...first].flatMap(([id, { taken }]) => (won.has(id) ? [[id, taken] as const] : [])));
}
const attempt = `id text, seen_fails bigint, seen_at bigint, seen_cost bigint, fails bigint, attempted_at bigint, locked_until bigint, day_cost bigint, day_start bigint`;
const takeAttempt = changing("factor", attempt, {
  set: "fails = v.fails, attempted_at = v.attempted_at, locked_until = v.locked_until, day_cost = v.day_cost, day_start = v.day_start",
  where: "factor.fails = v.seen_fails and factor.attempted_at = v.seen_at and factor.day_cost = v.seen_cost",
});
