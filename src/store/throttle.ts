/** Counters in a window. Must stay true: parallel requests never exceed a limit, on any number of nodes. */

import type { Db, Run } from "./open.ts";
import { changing, inOrder, insert, listed, marks, type Columns } from "./values.ts";

/** `cost`: what one takes, 1 where it is not said; 0 looks whether there is room, and takes and locks nothing. */
export type Budget = { id: string; limit: number; windowMs: number; cost?: number };

/** A window that begins later than this has been begun by a clock that is right again. */
const aheadMs = 24 * 3_600_000;

/** Takes one from the budget; false when its window has no room. */
export async function takeFrom(run: Run, { id, limit, windowMs }: Budget, at: number): Promise<boolean> {
  const under = [at - windowMs + 1, at + aheadMs];
  const isUnder = "throttle.start between cast(? as bigint) and cast(? as bigint)";
  const taken = await run(
    `insert into throttle (id, count, start, expires_at) values (?, 1, cast(? as bigint), cast(? as bigint))
     on conflict (id) do update set
       count = case when ${isUnder} then throttle.count + 1 else 1 end,
       start = case when ${isUnder} then throttle.start else excluded.start end,
       expires_at = excluded.expires_at
     where not (${isUnder}) or throttle.count < cast(? as bigint) returning id`,
    [id, at, at + windowMs, ...under, ...under, ...under, limit],
  );
  return taken.length > 0;
}

/** Success clears what failures had taken. */
export async function clearBudget(run: Run, id: string): Promise<void> {
  await run("delete from throttle where id = ?", [id]);
}

const table = {
  name: "throttle",
  columns: { id: "text", count: "bigint", start: "bigint", expires_at: "bigint" } satisfies Columns,
};
type Counter = { count: number; start: number };
const within = (counter: Counter | undefined, { windowMs }: Budget, at: number): Counter =>
  !counter || counter.start <= at - windowMs || counter.start > at + aheadMs ? { count: 0, start: at } : counter;
const isFull = (counter: Counter | undefined, budget: Budget, at: number) =>
  within(counter, budget, at).count >= budget.limit;

/** `back`: ids to which one may be given back later in the same transaction. */
export type Taking = { at: number; budgets: readonly Budget[]; back?: readonly string[] | undefined };

/**
 * Each takes from all of its budgets or from none, in turn: one that has no room for it costs the others nothing, or whoever
 * has spent their own could spend everybody's. Gives the budget that was full. Three statements at most, however many ask.
 */
export async function takeEach(run: Run, takings: Taking[]): Promise<(Budget | undefined)[]> {
  const all = takings.flatMap(({ budgets }) => budgets);
  const taken = new Set([...all.flatMap(({ id, cost }) => (cost === 0 ? [] : id)), ...takings.flatMap(backOf)]);
  const looked = new Set(all.flatMap(({ id }) => (taken.has(id) ? [] : id)));
  if (taken.size + looked.size === 0) return takings.map(() => undefined);
  const counters = new Map([...(await lockCounters(run, taken)), ...(await readCounters(run, looked))]);
  const rows = new Map<string, [string, number, number, number]>();
  const full = takings.map(({ at, budgets }) => {
    const none = budgets.find((budget) => isFull(counters.get(budget.id), budget, at));
    for (const budget of none ? [] : budgets.filter(({ cost }) => cost !== 0)) {
      const { count, start } = within(counters.get(budget.id), budget, at);
      counters.set(budget.id, { count: count + (budget.cost ?? 1), start });
      rows.set(budget.id, [budget.id, count + (budget.cost ?? 1), start, at + budget.windowMs]);
    }
    return none;
  });
  await keepCount(run, [...rows.values()]);
  return full;
}
const backOf = ({ back = [] }: Taking) => back;

/** Writing a row is what locks it, on both databases, and until the commit nobody else reads what is counted here. */
async function lockCounters(run: Run, ids: Set<string>): Promise<Map<string, Counter>> {
  const tail = "on conflict (id) do update set count = throttle.count returning id, count, start";
  const empty = inOrder(ids, (id) => id).map((id) => ({ id, count: 0, start: 0, expires_at: 0 }));
  return countersOf(await insert(run, { ...table, tail }, empty));
}

async function readCounters(run: Run, ids: Set<string>): Promise<Map<string, Counter>> {
  if (ids.size === 0) return new Map();
  const asked = listed([...ids]);
  return countersOf(await run(`select id, count, start from throttle where id in (${marks(asked.length)})`, asked));
}
const keepCount = changing("throttle", "id text, count bigint, start bigint, expires_at bigint", {
  set: "count = v.count, start = v.start, expires_at = v.expires_at",
});

const countersOf = (rows: Record<string, unknown>[]) =>
  new Map(rows.map((row) => [row["id"] as string, { count: row["count"] as number, start: row["start"] as number }]));

/** The first that has no room now; it may have none a moment later all the same. */
export async function findFull(db: Db, { at, budgets }: Taking): Promise<Budget | undefined> {
  if (budgets.length === 0) return undefined;
  const ids = budgets.map(({ id }) => id);
  const rows = await db.q.selectFrom("throttle").select(["id", "count", "start"]).where("id", "in", ids).execute();
  const counters = countersOf(rows);
  return budgets.find((budget) => isFull(counters.get(budget.id), budget, at));
}

/** Gives one back to each, of those that `takeEach` was told of: what was sent has been used. */
export async function giveBackTo(run: Run, ids: readonly string[]): Promise<void> {
  const rows = [...new Set(ids)].map((id) => [id, ids.filter((one) => one === id).length]);
  await lowerCount(run, rows);
}
const lowerCount = changing("throttle", "id text, times bigint", {
  set: "count = case when throttle.count > v.times then throttle.count - v.times else 0 end",
});
