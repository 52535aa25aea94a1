/**
 * Reserve: reads what a decision needs and takes the attempt, in one commit for many requests. An attempt and a round
 * are taken by compare-and-set, so of any number of equal ones, on any node, one is taken.
 */

import type { Challenge, Factor, Facts, Person, Taken } from "#core/facts.ts";
import type { Db, Row, Run } from "./open.ts";
import { claim, type Claim, type Repeated } from "./requests.ts";
import { listed, marks, over, type Columns } from "./values.ts";

export type Reserve = {
  now: number;
  nameKey?: string | undefined;
  challengeId?: string | undefined;
  /** Whose pending challenge a first request may join. */
  joinKey?: string | undefined;
  /** A request that must be worked on by one node only, and by whom it was answered. */
  claim?: Claim | undefined;
  plan: (facts: Facts) => { answer: boolean; attempts: { factor: Factor; taken: Taken }[] };
};
export type Reserved = { facts: Facts } | Repeated;

const joinMs = 20_000;

export async function reserve(db: Db, items: Reserve[]): Promise<Reserved[]> {
  return await db.transaction(
    async (run) => {
      const earlier = await claim(run, items, { shared: db.kind === "postgres" });
      const challenges = await readChallenges(run, items);
      const people = await readPeople(run, items, challenges);
      const found = items.map((item, index): Facts => {
        const challenge = challenges[index];
        const person = people.get(challenge ? `id:${challenge.userId}` : `key:${item.nameKey}`);
        return {
          person: person?.person,
          factors: person?.factors ?? [],
          challenge,
          taken: new Map(),
          answered: false,
        };
      });
      const plans = items.map((item, index) =>
        earlier[index] ? { answer: false, attempts: [] } : item.plan(found[index]!),
      );
      const answered = await takeRounds(
        run,
        found.flatMap((facts, index) =>
          plans[index]!.answer
            ? [{ challenge: facts.challenge!, try: plans[index]!.attempts.length > 0 }]
            : [],
        ),
      );
      const wanted = plans.flatMap((plan, index) =>
        plan.answer && !answered.has(found[index]!.challenge!.id) ? [] : plan.attempts,
      );
      const taken = await takeAttempts(run, wanted);
      return found.map((facts, index): Reserved => {
        const mine = plans[index]!.attempts.filter(
          (attempt) => taken.get(attempt.factor.id) === attempt.taken,
        );
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
    },
    { relaxed: true },
  );
}

const challengeColumns =
  "id, user_id, factor_id, method, application_id, join_key, state, round, tries, expected, offered, correlation_id, expires_at";

async function readChallenges(run: Run, items: Reserve[]): Promise<(Challenge | undefined)[]> {
  const ids = listed(items.flatMap((item) => item.challengeId ?? []));
  const joins = listed(items.flatMap((item) => item.joinKey ?? []));
  const found = new Map<unknown, Challenge>();
  if (ids.length > 0)
    for (const row of await run(
      `select ${challengeColumns} from challenge where id in (${marks(ids.length)})`,
      ids,
    ))
      found.set(row["id"], challengeOf(row));
  if (joins.length > 0) {
    const since = Math.min(...items.map((item) => item.now)) - joinMs;
    const young = `state = 'pending' and tries = 0 and created_at > ? order by created_at`;
    const text = `select ${challengeColumns} from challenge where join_key in (${marks(joins.length)}) and ${young}`;
    for (const row of await run(text, [...joins, since])) found.set(row["join_key"], challengeOf(row));
  }
  return items.map((item) => found.get(item.challengeId ?? item.joinKey));
}

/** People and their active factors by name or id; what an unfinished import has written is not there yet. */
export async function readPeople(
  run: Run,
  items: Pick<Reserve, "nameKey">[],
  challenges: (Challenge | undefined)[],
) {
  const people = new Map<string, { person: Person; factors: Factor[] }>();
  const ids = challenges.flatMap((challenge) => challenge?.userId ?? []);
  const keys = items.flatMap((item, index) =>
    challenges[index] || item.nameKey === undefined ? [] : [item.nameKey],
  );
  for (const [column, wanted] of [
    ["id", ids],
    ["name_key", keys],
  ] as const) {
    const rows = wanted.map((value) => [value]);
    for (const row of await over(run, { columns: { k: "text" }, rows }, peopleBy(column))) {
      const key = `${column === "id" ? "id" : "key"}:${row[column] as string}`;
      const known = people.get(key) ?? { person: personOf(row), factors: [] };
      people.set(key, known);
      if (row["factor_id"] !== null && !known.factors.some((factor) => factor.id === row["factor_id"]))
        known.factors.push(factorOf(row));
    }
  }
  return people;
}

const peopleBy = (column: "id" | "name_key") => `
  select p.id, p.name_key, p.username, p.display_name, p.first_name, p.last_name, p.email, p.language, p.state, p.password_hash,
    p.default_method, f.id as factor_id, f.method, f.name, f.sealed_secret, f.parameters, f.address, f.counter, f.drift, f.fails,
    f.attempted_at, f.locked_until, f.day_cost, f.day_start
  from v join person p on p.${column} = v.k
  left join factor f on f.user_id = p.id and f.state = 'active' and (f.import_id is null or f.import_id = p.import_id
    or exists (select 1 from import j where j.id = f.import_id and j.committed_at is not null))
  where p.import_id is null or exists (select 1 from import i where i.id = p.import_id and i.committed_at is not null)
  order by f.created_at, f.id`;

async function takeRounds(
  run: Run,
  wanted: { challenge: Challenge; try: boolean }[],
): Promise<Map<string, Challenge>> {
  const first = new Map(wanted.map((one) => [one.challenge.id, one]));
  const won = await over(
    run,
    {
      columns: { id: "text", round: "bigint", tries: "bigint" },
      rows: [...first.values()].map((one) => [one.challenge.id, one.challenge.round, Number(one.try)]),
    },
    `update challenge set round = challenge.round + 1, tries = challenge.tries + v.tries from v
     where challenge.id = v.id and challenge.round = v.round and challenge.state = 'pending' returning challenge.id`,
  );
  return new Map(won.map((row) => [String(row["id"]), first.get(String(row["id"]))!.challenge]));
}

const attemptColumns: Columns = {
  id: "text",
  seen_fails: "bigint",
  seen_at: "bigint",
  fails: "bigint",
  attempted_at: "bigint",
  locked_until: "bigint",
  day_cost: "bigint",
  day_start: "bigint",
};

async function takeAttempts(
  run: Run,
  wanted: { factor: Factor; taken: Taken }[],
): Promise<Map<string, Taken>> {
  const first = new Map(wanted.map((one) => [one.factor.id, one]));
  const rows = [...first.values()].map(({ factor, taken }) => [
    factor.id,
    factor.fails,
    factor.attemptedAt,
    taken.fails,
    taken.attemptedAt,
    taken.lockedUntil,
    taken.dayCost,
    taken.dayStart,
  ]);
  const won = await over(
    run,
    { columns: attemptColumns, rows },
    `update factor set fails = v.fails, attempted_at = v.attempted_at, locked_until = v.locked_until, day_cost = v.day_cost, day_start = v.day_start
     from v where factor.id = v.id and factor.fails = v.seen_fails and factor.attempted_at = v.seen_at returning factor.id`,
  );
  return new Map(won.map((row) => [String(row["id"]), first.get(String(row["id"]))!.taken]));
}

const personOf = (row: Row): Person => ({
  id: row["id"] as string,
  nameKey: row["name_key"] as string,
  username: row["username"] as string,
  displayName: row["display_name"] as string | null,
  firstName: row["first_name"] as string | null,
  lastName: row["last_name"] as string | null,
  email: row["email"] as string | null,
  language: row["language"] as string | null,
  state: row["state"] as Person["state"],
  passwordHash: row["password_hash"] as string | null,
  defaultMethod: row["default_method"] as string | null,
});

const factorOf = (row: Row): Factor => ({
  id: row["factor_id"] as string,
  method: row["method"] as string,
  name: row["name"] as string | null,
  sealedSecret: row["sealed_secret"] as Uint8Array | null,
  parameters: row["parameters"] as string,
  address: row["address"] as string | null,
  counter: row["counter"] as number,
  drift: row["drift"] as number,
  fails: row["fails"] as number,
  attemptedAt: row["attempted_at"] as number,
  lockedUntil: row["locked_until"] as number,
  dayCost: row["day_cost"] as number,
  dayStart: row["day_start"] as number,
});

const challengeOf = (row: Row): Challenge => ({
  id: row["id"] as string,
  userId: row["user_id"] as string,
  factorId: row["factor_id"] as string,
  method: row["method"] as string,
  applicationId: row["application_id"] as string,
  state: row["state"] as Challenge["state"],
  round: row["round"] as number,
  tries: row["tries"] as number,
  expected: row["expected"] as Uint8Array | null,
  offered: JSON.parse(row["offered"] as string) as string[],
  correlationId: row["correlation_id"] as string,
  expiresAt: row["expires_at"] as number,
});
