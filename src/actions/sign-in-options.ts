/** A person's ways to verify, as the page offers them on which one has just ended. */

import { methods } from "#core/methods/index.ts";
import { listFactors } from "#store/factors.ts";
import type { Deps } from "./deps.ts";
import { methodsOff } from "./rules.ts";
import { masked } from "./registering.ts";
import type { Flow } from "./sign-in-flow.ts";

export type Option = { method: string; sentTo?: string; token?: string };

/** One of each kind, best first, but for what was just tried. */
export async function otherOptions(deps: Deps, { person, tried }: Flow): Promise<Option[]> {
  const off = methodsOff(deps.settings.values());
  const now = deps.clock.now();
  const has = await listFactors(deps.db, [person!.id]);
  return [...methods.values()].flatMap((by) => {
    if (by.id === tried || off.has(by.id)) return [];
    const factor = has.find(
      (one) =>
        one.method === by.id &&
        !by.over?.(one) &&
        one.lockedUntil <= now &&
        (one.expiresAt === null || one.expiresAt > now),
    );
    if (!factor) return [];
    return [{ method: by.id, ...(factor.address !== null && { sentTo: masked(factor.address) }) }];
  });
}
