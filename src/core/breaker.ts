/**
 * A gateway that fails again and again rests, so that nobody waits for it, and is tried with one message at a time until it
 * carries again. Pure; each node keeps its own.
 */

export type Breaker = { failures: number; restsUntil: number };

export const sound: Breaker = { failures: 0, restsUntil: 0 };

const limit = 3;
const firstRestMs = 30_000;
const longestRestMs = 300_000;
/** How long one trial message has before the next may try: longer than a vendor has to answer. */
const trialMs = 15_000;

export const rests = ({ failures, restsUntil }: Breaker, now: number): boolean => failures >= limit && now < restsUntil;

/** A message is on its way: of those that come after a rest, others wait for what this one finds. */
export const trying = (breaker: Breaker, now: number): Breaker =>
  breaker.failures < limit ? breaker : { ...breaker, restsUntil: now + trialMs };

/** Each rest in a row is twice as long. */
export function failed({ failures }: Breaker, now: number): Breaker {
  const rest = Math.min(firstRestMs * 2 ** (failures + 1 - limit), longestRestMs);
  return { failures: failures + 1, restsUntil: now + rest };
}
