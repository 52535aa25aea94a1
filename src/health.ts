import { uptime } from "node:os";
import type { Deps } from "#actions/deps.ts";
import { observe, outMs, type Believed } from "#core/clock-steps.ts";

/**
 * Whether this node may decide: its database answers, its clock agrees with the database's, and nobody has set
 * that one meanwhile. With SQLite both are the machine's.
 */

export const reasons = ["database", "clock_skew", "clock_step", "key_use"] as const;
export type Reason = (typeof reasons)[number];

export type Health = {
  ready: () => boolean;
  /** why it decides nothing, or what is amiss though it does */
  reasons: () => Reason[];
  /** how far the database's clock is ahead of this node's */
  skewMs: () => number;
  check: () => Promise<void>;
  stop: () => void;
};

const warnMs = 5_000;
/** An answer older than this says nothing. */
const freshMs = 4_000;
/** Goes on while the machine is suspended, as the time of day does, and performance.now does not. */
const sinceBoot = () => uptime() * 1000;

export function health(deps: Deps, passed: () => number = sinceBoot): Health {
  let answeredAt = 0;
  let skew = 0;
  let time: Believed | undefined;
  let stopping = false;
  const worn = new Set<string>();
  const answers = () => performance.now() - answeredAt < freshMs;
  const held = () => time?.step !== undefined;

  function watchClock(told: number): void {
    const before = time;
    time = observe(before, { told, passed: passed(), lockMs: deps.settings.values()["lockout.minutes"] * 60_000 });
    if (time.step && time.step !== before?.step)
      deps.log.error("the clock was set while the server ran; nothing is decided until it has stayed so", {
        milliseconds: Math.round(time.away),
      });
    else if (before?.step && !time.step) deps.log.warn("the clock is believed again");
  }

  function watchKeys(): void {
    for (const purpose of deps.keys.worn().filter((one) => !worn.has(one))) {
      worn.add(purpose);
      deps.log.error("a key has sealed nearly as many values as it may, and then seals none", { purpose });
    }
  }

  return {
    ready: () => !stopping && answers() && Math.abs(skew) <= outMs && !held(),
    reasons: () => {
      const all: Record<Reason, boolean> = {
        database: !answers(),
        clock_skew: Math.abs(skew) > warnMs,
        clock_step: Math.abs(time?.away ?? 0) > warnMs,
        // long before nothing can be sealed any more
        key_use: deps.keys.worn().length > 0,
      };
      return reasons.filter((one) => all[one]);
    },
    skewMs: () => skew,
    async check() {
      const now = await deps.db.now();
      skew = now - deps.clock.now();
      if (Math.abs(skew) > warnMs) deps.log.warn("this node's clock and the database's differ", { milliseconds: skew });
      watchClock(now);
      watchKeys();
      answeredAt = performance.now();
    },
    stop: () => {
      stopping = true;
    },
  };
}
