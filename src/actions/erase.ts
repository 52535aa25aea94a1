/**
 * A person's right to be told and to be forgotten. Must stay true: what is erased leaves the log's chain whole,
 * and what is told holds no secret.
 */

import { setImmediate } from "node:timers/promises";
import { AppError } from "#core/errors.ts";
import { entriesOf, type Held } from "#store/log-read.ts";
import { dropBeside, dropPerson, listErased, readPerson } from "#store/retention.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { signOutEverywhere } from "./sessions.ts";

/** Entries that were decided before and are written during the erasure are younger than this. */
const marginMs = 60_000;

/**
 * Removes the person with all methods, and the personal part of every log entry about them, those of a person who was
 * removed before too; ids, codes and times stay. Cut short, it can be run again. `reason` is kept beside the log's entry,
 * where it can be erased in its turn.
 */
export async function erasePerson(
  deps: Deps,
  actor: Actor,
  { userId, reason }: { userId: string; reason: string },
): Promise<void> {
  const since = deps.clock.now() - marginMs;
  let known = false;
  for await (const page of pages(deps, userId)) {
    await dropBeside(deps.db, page);
    known = true;
  }
  await changed(deps, actor, async (run) => {
    await signOutEverywhere(deps, run, { userId });
    if (!(await dropPerson(run, { userId, since })) && !known) throw nobody(userId);
    return { value: undefined, result: "PERSON_ERASED", userId, personal: { reason } };
  });
}

/** What a sign-in that was under way at the erasure has written since then goes too; what the erasure itself says stays. */
export async function forgetErased(deps: Deps, since: number): Promise<void> {
  for (const userId of await listErased(deps.db, since))
    for await (const page of pages(deps, userId)) {
      const late = page.filter(({ fields, result }) => fields !== null && result !== "PERSON_ERASED");
      if (late.length > 0) await dropBeside(deps.db, late);
    }
}

/** Everything that is held about a person, their log entries included; that it was told is in the log. */
export async function exportPerson(deps: Deps, actor: Actor, userId: string) {
  const held = await readPerson(deps.db, userId);
  const entries = [];
  for await (const page of pages(deps, userId))
    for (const { fields, ...entry } of page)
      entries.push({ ...entry, personal: fields === null ? undefined : (JSON.parse(fields) as object) });
  if (!held.person && entries.length === 0) throw nobody(userId);
  await changed(deps, actor, async () => ({ value: undefined, result: "PERSON_EXPORTED", userId }));
  return { ...held, entries };
}

const nobody = (userId: string) => new AppError("not_found", `nobody has the id ${userId}`);

async function* pages(deps: Deps, userId: string) {
  for (let after: Held | undefined; ;) {
    const page = await entriesOf(deps.db, { userId, after });
    if (page.length === 0) return;
    yield page;
    after = page.at(-1);
    await setImmediate();
  }
}
