/** The facts of a decision as they stand in the database: people with their active factors, and challenges. */

import { noFacts, type Challenge, type Factor, type Facts, type Person } from "#core/facts.ts";
import { methods } from "#core/methods/index.ts";
import type { Row, Run } from "./open.ts";
import { takeEach, type Taking } from "./throttle.ts";
import { listed, marks, textFor } from "./values.ts";

type Wanted = {
  now: number;
  nameKey?: string | undefined;
  challengeId?: string | undefined;
  joinKey?: string | undefined;
};
type Asked = Wanted & { newFactor?: string | undefined; guesses: Taking };

/** What is known of each, with nothing taken yet. */
export async function readEach(run: Run, items: Asked[]): Promise<Facts[]> {
  const names = items.flatMap((item) => (item.challengeId === undefined ? (item.nameKey ?? []) : []));
  const [challenges, named, spent] = await Promise.all([
    readChallenges(run, items),
    readPeople(run, "name_key", names),
    takeEach(
      run,
      items.map(({ guesses }) => guesses),
    ),
  ]);
  const answers = challenges.flatMap((challenge, index) =>
    challenge && items[index]!.challengeId !== undefined ? challenge.userId : [],
  );
  const owners = await readPeople(run, "id", answers);
  return items.map((item, index) => {
    const { challengeId, nameKey } = item;
    const challenge = challenges[index];
    const known = challengeId === undefined ? named.get(nameKey ?? "") : owners.get(challenge?.userId ?? "");
    const { person, factors: all } = known ?? { person: undefined, factors: [] };
    const factors = counting(item, all, challenge);
    return { ...noFacts, person, factors, challenge, isSpent: spent[index] !== undefined };
  });
}

/** One that is being set up counts for the challenge that proves it, and then alone. */
function counting({ newFactor }: Asked, factors: Factor[], challenge: Challenge | undefined): Factor[] {
  const asked = newFactor ?? challenge?.factorId;
  const proving = factors.filter(({ id, isNew }) => isNew && id === asked);
  return newFactor !== undefined || proving.length > 0 ? proving : factors.filter(({ isNew }) => !isNew);
}

/** A first request joins what its client asked for this short a while ago (R-123, docs/decisions/0008). */
const joinMs = 20_000;
/** These it joins for as long as they wait: their phone must not ring twice. */
const byPhone = [...methods.values()].flatMap(({ id, outOfBand }) => (outOfBand ? `'${id}'` : [])).join(", ");

const challengeColumns =
  "id, user_id, factor_id, method, application_id, join_key, state, round, tries, expected, offered, correlation_id, expires_at, name_key, mode, result, holder, is_fallback";

export async function readChallenges(run: Run, items: Wanted[]): Promise<(Challenge | undefined)[]> {
  const ids = listed(items.flatMap((item) => item.challengeId ?? []));
  const joins = listed(items.flatMap((item) => item.joinKey ?? []));
  const found = new Map<unknown, Challenge>();
  if (ids.length > 0)
    for (const row of await run(`select ${challengeColumns} from challenge where id in (${marks(ids.length)})`, ids))
      found.set(row["id"], challengeOf(row));
  if (joins.length > 0) {
    const since = Math.min(...items.map((item) => item.now)) - joinMs;
    const young = `state = 'pending' and (method in (${byPhone}) or (tries = 0 and created_at > ?)) order by created_at`;
    const text = `select ${challengeColumns} from challenge where join_key in (${marks(joins.length)}) and ${young}`;
    for (const row of await run(text, [...joins, since])) found.set(row["join_key"], challengeOf(row));
  }
  return items.map((item) => found.get(item.challengeId ?? item.joinKey));
}

export type Known = { person: Person; factors: Factor[] };

/** People and their active factors, and those that are being set up, by name or id; what an unfinished import has written is not there yet. */
export async function readPeople(run: Run, by: By, wanted: string[]): Promise<Map<string, Known>> {
  const people = new Map<string, Known>();
  const values = listed([...new Set(wanted)]);
  for (const row of values.length > 0 ? await run(peopleText(by, values.length), values) : []) {
    const key = row[by] as string;
    const known = people.get(key) ?? { person: personOf(row), factors: [] };
    people.set(key, known);
    // a method of a newer version is no method here
    if (methods.has(row["method"] as string)) known.factors.push(factorOf(row));
  }
  for (const { factors } of people.values()) if (factors.length > 1) factors.sort(byAge);
  return people;
}
const byAge = (a: Factor, b: Factor) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

type By = "id" | "name_key";
const peopleText = (by: By, count: number) => textFor(`people by ${by}`, count, () => peopleQuery(by, count));
const peopleQuery = (by: By, count: number) => `
  select p.id, p.name_key, p.username, p.display_name, p.first_name, p.last_name, p.email, p.language, p.state, p.blocked_until, p.password_hash,
    p.password_expired, p.must_register, p.registered_at, p.directory_id, p.default_method, p.pin_mac, p.pin_changed_at, p.pin_must_change, p.created_at as person_created_at, f.id as factor_id, f.method, f.name, f.sealed_secret, f.parameters, f.address, f.counter, f.drift,
    f.fails, f.attempted_at, f.locked_until, f.day_cost, f.day_start, f.expires_at, f.created_at, f.state as factor_state, f.token_id
  from person p
  left join factor f on f.user_id = p.id and f.state in ('active', 'new') and (f.import_id is null or f.import_id = p.import_id
    or exists (select 1 from import j where j.id = f.import_id and j.committed_at is not null))
  where p.${by} in (${marks(count)})
    and (p.import_id is null or exists (select 1 from import i where i.id = p.import_id and i.committed_at is not null))`;

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
  blockedUntil: row["blocked_until"] as number,
  passwordHash: row["password_hash"] as string | null,
  directoryId: row["directory_id"] as string | null,
  passwordExpired: row["password_expired"] !== 0,
  mustRegister: row["must_register"] !== null || row["registered_at"] !== null,
  defaultMethod: row["default_method"] as string | null,
  pinMac: row["pin_mac"] as Uint8Array | null,
  pinChangedAt: (row["pin_changed_at"] as number | null) ?? 0,
  pinMustChange: row["pin_must_change"] !== 0,
  createdAt: row["person_created_at"] as number,
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
  expiresAt: row["expires_at"] as number | null,
  createdAt: row["created_at"] as number,
  isNew: row["factor_state"] === "new",
  ...(row["token_id"] !== null && { token: row["name"] as string }),
});

const challengeOf = (row: Row): Challenge => ({
  id: row["id"] as string,
  userId: row["user_id"] as string,
  factorId: row["factor_id"] as string,
  method: row["method"] as string,
  applicationId: row["application_id"] as string,
  nameKey: row["name_key"] as string | null,
  state: row["state"] as Challenge["state"],
  mode: row["mode"] as string,
  result: row["result"] as Challenge["result"],
  holder: row["holder"] as string | null,
  isFallback: row["is_fallback"] !== 0,
  round: row["round"] as number,
  tries: row["tries"] as number,
  expected: row["expected"] as Uint8Array | null,
  offered: JSON.parse(row["offered"] as string) as string[],
  correlationId: row["correlation_id"] as string,
  expiresAt: row["expires_at"] as number,
});
