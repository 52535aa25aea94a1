/**
 * People's factors as they change them themselves. Must stay true: nobody takes away the last method that counts, whatever
 * else is taken away in the same moment; another person's factor is never found.
 */

import type { Run } from "./open.ts";
import { marks } from "./values.ts";

type Own = { id: string; userId: string };
type Guarded = Own & {
  /** kinds that verify; only these are ever the last one */
  lasting: readonly string[];
  /** those of them that can be used now */
  counting: readonly string[];
};

export async function renameFactor(run: Run, { id, userId, name }: Own & { name: string }): Promise<boolean> {
  const renamed = await run("update factor set name = ? where id = ? and user_id = ? returning id", [name, id, userId]);
  return renamed.length > 0;
}

/** The row of the person keeps two removals apart, on any node; a default that goes is no default any more. */
async function holdPerson(run: Run, { id, userId }: Own): Promise<void> {
  await run(
    `update person set default_method = case when default_method = (select method from factor where id = ?)
       then null else default_method end where id = ?`,
    [id, userId],
  );
}

const another = ({ id, userId, lasting, counting }: Guarded) => ({
  text: `(method not in (${marks(lasting.length)}) or exists (select 1 from factor other where other.user_id = ? and other.id <> ?
    and other.state = 'active' and other.method in (${marks(counting.length)})
    and (other.method <> 'push' or exists (select 1 from device d where d.user_id = other.user_id and d.state = 'active'))))`,
  values: [...lasting, userId, id, ...counting],
});

export async function removeOwnFactor(run: Run, guarded: Guarded): Promise<boolean> {
  await holdPerson(run, guarded);
  const { text, values } = another(guarded);
  const removed = await run(`delete from factor where id = ? and user_id = ? and ${text} returning id`, [
    guarded.id,
    guarded.userId,
    ...values,
  ]);
  return removed.length > 0;
}

/** G19: a method reported lost counts no more. */
export async function suspendFactor(run: Run, guarded: Guarded): Promise<boolean> {
  await holdPerson(run, guarded);
  const { text, values } = another(guarded);
  const suspended = await run(
    `update factor set state = 'suspended' where id = ? and user_id = ? and state = 'active' and ${text} returning id`,
    [guarded.id, guarded.userId, ...values],
  );
  return suspended.length > 0;
}

export async function restoreFactor(run: Run, { id, userId }: Own): Promise<boolean> {
  const restored = await run(
    "update factor set state = 'active' where id = ? and user_id = ? and state = 'suspended' returning id",
    [id, userId],
  );
  return restored.length > 0;
}
