import type { Clock } from "#actions/deps.ts";
import type { RadiusClient } from "#actions/radius-clients.ts";

/**
 * a token bucket a client, filled at its rate and holding one second's worth. A fifth of it is for conversations that have
 * `begun`: whoever was asked for a code can give it, however many are new.
 */
export function rates(clock: Pick<Clock, "now">): (client: RadiusClient, begun: boolean) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return ({ id, options: { rate } }, begun) => {
    const now = clock.now();
    const bucket = buckets.get(id) ?? { tokens: rate, at: now };
    buckets.set(id, bucket);
    bucket.tokens = Math.min(rate, bucket.tokens + (Math.max(0, now - bucket.at) * rate) / 1000);
    bucket.at = now;
    if (bucket.tokens < (begun ? 1 : Math.max(1, rate / 5))) return false;
    bucket.tokens -= 1;
    return true;
  };
}
