/**
 * Devices that ask and count no more: their app says "Authentication request is not for an activated account", or that it is blocked,
 * and administrators see whose. Must stay true: a person is named beside a device that has signed with the key that was theirs; of one
 * that nobody knows stands what it says, of few of them and not for long; and to look again and again is written once an hour.
 */

import { siteOf } from "#core/crowd.ts";
import { nameKey } from "#core/names.ts";
import type { Device } from "#store/devices.ts";
import {
  countUnknown,
  deleteMended,
  findStray,
  listAsking,
  saveAsked,
  type AskingStray,
  type Stray,
} from "#store/stray-devices.ts";
import { findFull, takeEach } from "#store/throttle.ts";
import { changedAll } from "./change.ts";
import type { Deps } from "./deps.ts";
import { namesOf } from "./rules.ts";

const hour = 3_600_000;

/** It has signed with the key that it was bound with. The first time since it went is on record. */
export async function noteStray(deps: Deps, { askedAt, ...stray }: Stray): Promise<void> {
  const at = deps.clock.now();
  const before = at - hour;
  if (askedAt !== null && askedAt > before) return;
  const { id, why, userId, name } = stray;
  await changedAll(deps, "system", async (run) => {
    const saved = await saveAsked(run, { ...stray, at, before });
    if (!saved?.isFirst) return [];
    return [
      {
        value: undefined,
        result: "DEVICE_NOT_ACTIVATED",
        ...(userId !== null && { userId }),
        detail: { device: id, why },
        // not what it claims: that is kept for nobody, so whoever it names could not have it erased
        ...(name !== null && { personal: { deviceName: name } }),
      },
    ];
  });
}

/** The account was removed in the app that it still stood in. */
export async function noteLeaving(deps: Deps, stray: Stray): Promise<void> {
  if (!(await deps.db.transaction((run) => deleteMended(run, stray.id)))) await noteStray(deps, stray);
}

export async function noteBlocked(deps: Deps, { id, userId, name, publicKey }: Device): Promise<void> {
  const known = await findStray(deps.db, id);
  await noteStray(deps, known ?? { id, why: "blocked", userId, name, publicKey, claims: null, askedAt: null });
}

/** Anybody can say anything: so many are listed at once, and come in an hour, of all and of one address. */
const most = 1000;
const budgetsOf = (clientIp: string) => [
  { id: `stray site ${siteOf(clientIp)}`, limit: 60, windowMs: hour },
  { id: "stray", limit: 300, windowMs: hour },
];
const ourId = /^dev_[\w-]{22}$/;

type Unknown = { id: string; user: string | undefined; clientIp: string };

/** As after a restored backup that is older than the device. `user`: whose it says it is. */
export async function noteUnknown(
  deps: Deps,
  known: Stray | undefined,
  { id, user, clientIp }: Unknown,
): Promise<void> {
  if (known) return await noteStray(deps, known);
  if (!ourId.test(id)) return;
  const taking = { at: deps.clock.now(), budgets: budgetsOf(clientIp) };
  // looked at first: a flood must not write, and those that are listed are counted no oftener than the budgets say
  if (await findFull(deps.db, taking)) return;
  const [full] = await deps.db.transaction((run) => takeEach(run, [taking]), { relaxed: true });
  if (full || (await countUnknown(deps.db)) >= most) return;
  const claims = (user !== undefined && nameKey(user, namesOf(deps))) || null;
  const nobody = { userId: null, name: null, publicKey: null, askedAt: null };
  await noteStray(deps, { id, why: "unknown", claims, ...nobody });
}

/** Whose app says that it is not for an activated account. */
export const listUnactivated = async (
  deps: Deps,
  { limit }: { limit: number },
): Promise<{ total: number; devices: AskingStray[] }> => await listAsking(deps.db, limit);
