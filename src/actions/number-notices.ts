/**
 * What a person's phones are told when another number becomes one of theirs: whoever has taken over an account would bind a number
 * of their own, and read the mail that tells of it.
 */

import { otherNumbers } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { readAddressee } from "#store/people.ts";
import { tell } from "./change.ts";
import type { Deps } from "./deps.ts";

/** By text, besides the mail; in the transaction that binds the number. */
export async function tellNumbers(
  deps: Deps,
  run: Run,
  { userId, factor, method }: { userId: string; factor: string; method: string },
): Promise<void> {
  const person = await readAddressee(run, userId);
  if (!person) return;
  // who has no mail address is told by text anyway
  const known = person.email === null ? person.mobilePhone : null;
  for (const mobilePhone of await otherNumbers(run, { userId, but: factor }))
    if (mobilePhone !== known)
      await tell(deps, run, {
        userId,
        notice: { kind: "method_added", method, to: { ...person, email: null, mobilePhone } },
      });
}
