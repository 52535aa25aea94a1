/** Numbers that were bound of late and therefore recover nothing yet. */

import type { Ask } from "./case.ts";
import type { Factor, Facts } from "./facts.ts";
import { channelOf } from "./number-class.ts";

/** Whoever has come into a session would bind a number of theirs and then choose the password. */
export function isCooling(
  { method, createdAt }: Factor,
  { person }: Facts,
  { ask: { application, coolOffMs = 0 }, now }: { ask: Ask; now: number },
): boolean {
  if (!application.recovers || channelOf(method) === undefined) return false;
  return createdAt > now - coolOffMs && createdAt > person!.createdAt;
}
