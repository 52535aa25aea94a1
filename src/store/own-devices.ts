/**
 * Authenticator apps as their owner takes them away. Must stay true: the last way to verify is not taken away, whatever else is taken
 * away in the same moment; a device that counts no more may always go.
 */

import { holdPerson } from "./devices.ts";
import type { Run } from "./open.ts";
import { marks } from "./values.ts";

type Guarded = { id: string; userId: string; counting: readonly string[] };

/** Something that verifies without this device: its codes go with it, and the app itself with the last one that is active. */
const spared = ({ id, userId, counting }: Guarded) => ({
  text: `(state <> 'active' or exists (select 1 from factor other where other.user_id = ? and other.state = 'active'
    and other.method in (${marks(counting.length)}) and (other.device_id is null or other.device_id <> ?)
    and (other.method <> 'push' or exists (select 1 from device more where more.user_id = ? and more.id <> ? and more.state = 'active'))))`,
  values: [userId, ...counting, id, userId, id],
});

/** False: it is the last way to verify, or there no more. */
export async function removeOwnDevice(run: Run, guarded: Guarded): Promise<boolean> {
  const { id, userId } = guarded;
  await holdPerson(run, userId);
  const { text, values } = spared(guarded);
  const removed = await run(`delete from device where id = ? and user_id = ? and ${text} returning id`, [
    id,
    userId,
    ...values,
  ]);
  return removed.length > 0;
}

/** It approves nothing any more, and its codes do not count; it stays in the list, so that its owner sees that. */
export async function blockOwnDevice(run: Run, guarded: Guarded): Promise<boolean> {
  const { id, userId } = guarded;
  await holdPerson(run, userId);
  const { text, values } = spared(guarded);
  const blocked = await run(
    `update device set state = 'blocked' where id = ? and user_id = ? and state = 'active' and ${text} returning id`,
    [id, userId, ...values],
  );
  return blocked.length > 0;
}
