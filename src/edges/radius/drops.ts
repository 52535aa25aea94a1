import type { Logger } from "#actions/deps.ts";
import { escapeText } from "#wire/radius/text.ts";

/** Packets that get no answer, or a Reject for their form alone: logged at a reason's first occurrence per client, then counted. */
export type Drops = {
  count(who: string, reason: string): void;
  counts(): Record<string, number>;
  flush(): void;
};

/** A flood of forged sources must not grow memory. */
const rememberedLimit = 1000;

export function drops(log: Logger): Drops {
  const totals: Record<string, number> = {};
  let lately = new Map<string, { who: string; reason: string; more: number }>();
  return {
    count(who, reason) {
      totals[reason] = (totals[reason] ?? 0) + 1;
      const key = `${reason} ${who}`;
      const known = lately.get(key) ?? lately.get(reason);
      if (known) return void (known.more += 1);
      // beyond the limit one line stands for everyone with this reason
      const first = lately.size < rememberedLimit ? { key, who } : { key: reason, who: "many" };
      lately.set(first.key, { who: first.who, reason, more: 0 });
      log.warn("a RADIUS packet was not verified", { client: escapeText(first.who), reason });
    },
    counts: () => ({ ...totals }),
    flush() {
      for (const { who, reason, more } of lately.values())
        if (more > 0) log.warn("RADIUS packets were not verified", { client: escapeText(who), reason, more });
      lately = new Map();
    },
  };
}
