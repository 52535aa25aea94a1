import type { Primary } from "#core/case.ts";
import { decoyHash, hashPassword, isCurrent, matchesPassword } from "#core/crypto/passwords.ts";
import { AppError } from "#core/errors.ts";
import type { Person } from "#core/facts.ts";
import { nameKey } from "#core/names.ts";
import { renewPasswordHash } from "#store/people.ts";
import { clearBudget, takeFrom, type Budget } from "#store/throttle.ts";
import type { Deps } from "./deps.ts";
import { namesOf } from "./rules.ts";

/**
 * Local passwords: at most two hashes at once, a bounded queue, fair by source. Two cores hash about 45 passwords a second,
 * whatever we do; so one source that floods waits behind itself, not before everyone else.
 */

const atOnce = 2;
const queueLimit = 200;

type Job = { run: () => Promise<void>; refuse: (error: AppError) => void };
const queues = new Map<string, Job[]>();
let queued = 0;
let running = 0;

/** Runs the work when its source's turn comes; refuses when too much waits. */
async function inTurn<T>(source: string, work: () => Promise<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const job: Job = { run: async () => await work().then(resolve, reject), refuse: reject };
    queues.set(source, [...(queues.get(source) ?? []), job]);
    queued += 1;
    if (queued > queueLimit) refuseOne();
    pump();
  });
}

/** The newest of whoever waits for the most, so that nobody's flood is at the cost of others. */
function refuseOne(): void {
  const [source, jobs] = [...queues].toSorted(([, a], [, b]) => a.length - b.length).at(-1)!;
  jobs.pop()!.refuse(new AppError("busy", "Too many passwords wait to be checked."));
  if (jobs.length === 0) queues.delete(source);
  queued -= 1;
}

function pump(): void {
  while (running < atOnce && queued > 0) {
    const [source, jobs] = queues.entries().next().value!;
    const [job, ...rest] = jobs;
    // to the end of the round, so that every source gets one in turn
    queues.delete(source);
    if (rest.length > 0) queues.set(source, rest);
    queued -= 1;
    running += 1;
    void job!.run().finally(() => {
      running -= 1;
      pump();
    });
  }
}

const pepper = (deps: Deps, password: string) => deps.keys.mac("pepper", password.normalize("NFC"));

export async function newPasswordHash(deps: Deps, password: string): Promise<string> {
  return await inTurn("administration", async () => await hashPassword(pepper(deps, password), deps.random.bytes(16)));
}

/** For whoever has proven who they are: nothing is counted. */
export const isPassword = async (
  deps: Deps,
  { hash, password, source }: { hash: string; password: string; source: string },
): Promise<boolean> => await inTurn(source, async () => await matchesPassword(pepper(deps, password), hash));

/** Wrong ones count against account and source together, so nobody can lock another out. */
export const passwordBudget = (deps: Deps, { of, source }: { of: string; source: string }): Budget => ({
  id: `password ${of} ${source}`,
  limit: deps.settings.values()["password.per-ten-minutes"],
  windowMs: 600_000,
});

/** and against a source alone, where it is one customer's, or it could try one password at everybody. */
export const siteBudget = (deps: Deps, site: string): Budget => ({
  id: `password from ${site}`,
  limit: deps.settings.values()["password.source-per-ten-minutes"],
  windowMs: 600_000,
});

/** a name that nobody has is counted too, among few enough that guesses fill no table. */
export function decoyBudget(deps: Deps, { username, source }: { username: string; source: string }): Budget {
  const key = nameKey(username, namesOf(deps)) ?? username;
  return passwordBudget(deps, { of: `nobody ${deps.keys.mac("pepper", key).readUInt16BE()}`, source });
}

type Check = { person: Person | undefined; username: string; password: string; source: string };

/** The verdict on a password of our own. */
export async function checkPassword(deps: Deps, { person, username, password, source }: Check): Promise<Primary> {
  const budget = person ? passwordBudget(deps, { of: person.id, source }) : decoyBudget(deps, { username, source });
  try {
    if (!(await deps.db.transaction((run) => takeFrom(run, budget, deps.clock.now())))) return "throttled";
    const stored = person?.passwordHash ?? decoyHash;
    const right = await inTurn(source, async () => await matchesPassword(pepper(deps, password), stored));
    if (!person) return "unknown";
    if (!right || !person.passwordHash || password === "") return "wrong";
    await deps.db.transaction((run) => clearBudget(run, budget.id));
    if (!isCurrent(stored)) void renew(deps, { id: person.id, from: stored, password });
    return "right";
  } catch (error) {
    deps.log.warn("a password could not be checked", {
      reason: error instanceof AppError ? error.code : "failed",
    });
    return "unavailable";
  }
}

/** an old hash becomes one of today's, behind the verdict; where the pool is full, the next sign-in does it. */
async function renew(
  deps: Deps,
  { id, from, password }: { id: string; from: string; password: string },
): Promise<void> {
  try {
    const to = await newPasswordHash(deps, password);
    await deps.db.transaction((run) => renewPasswordHash(run, { id, from, to }));
  } catch (error) {
    deps.log.debug("a password was not hashed anew", { reason: error instanceof AppError ? error.code : "failed" });
  }
}
