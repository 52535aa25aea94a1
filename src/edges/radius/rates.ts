import type { Clock } from "#actions/deps.ts";
import type { RadiusClient } from "#actions/radius-clients.ts";

/** a token bucket a client, filled at its rate and holding one second's worth. */
export function rates(clock: Pick<Clock, "now">): (client: RadiusClient) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return ({ id, options: { rate } }) => {
    const now = clock.now();
    const bucket = buckets.get(id) ?? { tokens: rate, at: now };
    buckets.set(id, bucket);
    bucket.tokens = Math.min(rate, bucket.tokens + (Math.max(0, now - bucket.at) * rate) / 1000);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
