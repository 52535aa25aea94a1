/** Attempts that turned out to cost nothing. */

import type { Run } from "./open.ts";
import { changing } from "./values.ts";

export type Returned = { factorId: string; cost: number };

/** The lock that the attempt had set goes with it; the pause does not, or a used code would buy faster guesses. */
export async function giveBack(run: Run, returned: Returned[]): Promise<void> {
  const rows = new Map<string, [string, number, number]>();
  for (const { factorId, cost } of returned) {
    const [, times, costs] = rows.get(factorId) ?? [factorId, 0, 0];
    rows.set(factorId, [factorId, times + 1, costs + cost]); // one row a factor, or one of several would count
  }
  await lower(run, [...rows.values()]);
}
const lower = changing("factor", "id text, times bigint, cost bigint", {
  set: `fails = case when factor.fails > v.times then factor.fails - v.times else 0 end, locked_until = 0,
    day_cost = case when factor.day_cost > v.cost then factor.day_cost - v.cost else 0 end`,
});
