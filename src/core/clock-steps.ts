/**
 * Whether the time of day went on as time passes, or somebody set it (docs/decisions/0009-clock-steps.md). Pure. Must stay
 * true: of a lock that began under the time believed so far nothing is spared by a step, and a step that stays is
 * believed in the end, or a single server would be down for good.
 */

/** Where the time of day stands over the time that passes, since when, and where it stands now if that is elsewhere. */
export type Believed = {
  offset: number;
  since: number;
  /** when this was last looked at, and how far the time of day was off then */
  at: number;
  away: number;
  step?: Stepped;
};
type Stepped = { offset: number; since: number };
/** `told`: the time of day; `passed`: of a clock that nobody sets, and which goes on in suspend. Both ms. */
type Seen = { told: number; passed: number; lockMs: number };

/** Further than this, the time of day was set: codes and locks would count at the wrong time. */
export const outMs = 15_000;
/** Time services that slew may make up a thousandth; several small steps are one that is not small. */
const slew = 1 / 1000;

export function observe(before: Believed | undefined, { told, passed, lockMs }: Seen): Believed {
  const offset = told - passed;
  if (!before) return { offset, since: passed, at: passed, away: 0 };
  const away = offset - before.offset;
  const seen = { ...before, at: passed, away };
  if (Math.abs(away) <= outMs) {
    const most = (passed - before.at) * slew;
    delete seen.step;
    return { ...seen, offset: before.offset + Math.max(-most, Math.min(most, away)) };
  }
  const known = before.step && Math.abs(offset - before.step.offset) <= outMs;
  const step = known ? before.step! : { offset, since: passed };
  // by then no lock ends sooner than it should; and what was believed for a moment only is no better than what came after
  const enough = Math.min(Math.abs(away), lockMs, step.since - before.since);
  return passed - step.since >= enough ? { offset, since: step.since, at: passed, away: 0 } : { ...seen, step };
}
