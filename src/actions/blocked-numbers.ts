/** Numbers that nothing is sent to, looked up by their keyed hash, so that a copy of the database is no list of numbers. */

import { readBlockedNumbers } from "#store/blocks.ts";
import type { Run } from "#store/open.ts";
import type { Deps } from "./deps.ts";

/** `number`: E.164 */
export const numberHash = (deps: Deps, number: string): string => deps.keys.mac("number", number).toString("base64url");

/** In the transaction that would write a message to it. */
export async function isNumberBlocked(deps: Deps, run: Run, number: string): Promise<boolean> {
  const asked = { hash: numberHash(deps, number), at: deps.clock.now() };
  return (await readBlockedNumbers(run, [asked])).size > 0;
}
