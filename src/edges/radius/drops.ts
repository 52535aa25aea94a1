import type { Logger } from "#actions/deps.ts";
import { escapeText } from "#wire/radius/text.ts";

/**
 * Packets that get no answer, or a Reject for their form alone: each reason is logged when it first occurs, then counted.
 * Must stay true: a client's first packet of a reason is always logged, whatever else comes in, and a flood from whatever addresses
 * is a few lines.
 */
export type Drops = {
  count(client: string, reason: string): void;
  /** Of an address that is nobody's, or was not looked up: it may be forged, and another in every packet. */
  countStranger(address: string, reason: string): void;
  counts(): Record<string, number>;
  /** To be called every 30 s: what goes on is summed, what has ended would be a first occurrence again. */
  flush(): void;
};

/** So many are named at a time; a flood of forged ones must grow neither memory nor the log. */
const strangersNamed = 10;

type Lately = Map<string, { who: string; reason: string; more: number }>;

export function drops(log: Logger): Drops {
  const totals: Record<string, number> = {};
  const clients: Lately = new Map();
  const strangers: Lately = new Map();
  /** one line a reason stands for all whom there was no room to name */
  const crowds: Lately = new Map();
  const add = (to: Lately, who: string, reason: string): void => {
    totals[reason] = (totals[reason] ?? 0) + 1;
    const key = `${reason} ${who}`;
    const known = to.get(key);
    if (known) return void (known.more += 1);
    to.set(key, { who, reason, more: 0 });
    log.warn("a RADIUS packet was not verified", { client: escapeText(who), reason });
  };
  return {
    count: (client, reason) => add(clients, client, reason),
    countStranger(address, reason) {
      const isNamed = strangers.size < strangersNamed || strangers.has(`${reason} ${address}`);
      if (isNamed) add(strangers, address, reason);
      else add(crowds, "many", reason);
    },
    counts: () => ({ ...totals }),
    flush() {
      // while a flood goes on nobody new is named
      const crowded = [...crowds.values()].some(({ more }) => more > 0);
      for (const lately of [clients, strangers, crowds])
        for (const [key, one] of lately) {
          const { who, reason, more } = one;
          if (more > 0) log.warn("RADIUS packets were not verified", { client: escapeText(who), reason, more });
          else if (!crowded || lately !== strangers) lately.delete(key);
          one.more = 0;
        }
    },
  };
}
