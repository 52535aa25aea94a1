/**
 * When a person is left in peace: whoever is asked again and again in the end says yes. Pure. Must stay true: what was not
 * approved counts however it ended, also what somebody took back to ask anew.
 */

export type Asked = { at: number; approved: boolean };
export type FatigueRule = {
  /** so many unanswered or denied in a row */
  limit: number;
  /** within so long */
  withinMs: number;
  /** are followed by this */
  restMs: number;
};

/** Until when nothing is asked any more (epoch ms); 0: it may be. `history`: oldest first, none that still waits. */
export function restsUntil(history: readonly Asked[], { limit, withinMs, restMs }: FatigueRule): number {
  const last = history.findLastIndex(({ approved }) => approved);
  const failed = history.slice(last + 1).map(({ at }) => at);
  const full = failed.findLast((at, index) => index >= limit - 1 && at - failed[index - limit + 1]! <= withinMs);
  return full === undefined ? 0 : full + restMs;
}
