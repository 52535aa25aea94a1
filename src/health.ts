import type { Deps } from "#actions/deps.ts";

/** Whether this node may decide: its database answers and its clock agrees with it. */

export type Health = { ready: () => boolean; check: () => Promise<void>; stop: () => void };

/** A node whose clock is this far from the database's would accept or refuse codes at the wrong time. */
const skewOutMs = 15_000;
const skewWarnMs = 5_000;
/** An answer older than this says nothing. */
const freshMs = 4_000;

export function health(deps: Deps): Health {
  let answeredAt = 0;
  let skewed = false;
  let stopping = false;
  return {
    ready: () => !stopping && !skewed && performance.now() - answeredAt < freshMs,
    async check() {
      const skew = (await deps.db.now()) - deps.clock.now();
      if (Math.abs(skew) > skewWarnMs)
        deps.log.warn("this node's clock and the database's differ", { milliseconds: skew });
      skewed = Math.abs(skew) > skewOutMs;
      answeredAt = performance.now();
    },
    stop: () => {
      stopping = true;
    },
  };
}
