import type { Run } from "./open.ts";

/** Counters in a window. Taking is one conditional statement, so that parallel requests never exceed a limit, on any node. */

export type Budget = { id: string; limit: number; windowMs: number };

/** Takes one from the budget; false when its window has no room. */
export async function takeFrom(run: Run, { id, limit, windowMs }: Budget, at: number): Promise<boolean> {
  const taken = await run(
    `insert into throttle (id, count, start, expires_at) values (?, 1, cast(? as bigint), cast(? as bigint))
     on conflict (id) do update set
       count = case when throttle.start <= excluded.start - cast(? as bigint) then 1 else throttle.count + 1 end,
       start = case when throttle.start <= excluded.start - cast(? as bigint) then excluded.start else throttle.start end,
       expires_at = excluded.expires_at
     where throttle.start <= excluded.start - cast(? as bigint) or throttle.count < cast(? as bigint) returning id`,
    [id, at, at + windowMs, windowMs, windowMs, windowMs, limit],
  );
  return taken.length > 0;
}

/** Success clears what failures had taken. */
export async function clearBudget(run: Run, id: string): Promise<void> {
  await run("delete from throttle where id = ?", [id]);
}
