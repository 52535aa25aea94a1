/**
 * What the protocol keeps, for the library that speaks it (edges may not open the store). Must stay true: neither the id nor
 * the payload of a code or token stands in the database to be read; of many who redeem one, one is told so, and
 * for the others all that came of it is gone.
 */

import { seal, unseal } from "#core/crypto/seal.ts";
import {
  dropGranted,
  dropGrants,
  dropItem,
  findItem,
  insertLogout,
  linkSession,
  saveItem,
  takeItem,
  takeSessions,
  type Item,
} from "#store/oidc.ts";
import type { Run } from "#store/open.ts";
import type { Deps } from "./deps.ts";

export type Payload = { grantId?: string | undefined; uid?: string | undefined; consumed?: unknown };
type Named = { model: string; id: string };

const idOf = (deps: Deps, { model, id }: Named) => deps.keys.mac("oidc", "id\0", model, "\0", id).toString("base64url");
/** A key for each row: so many are sealed that one key would wear out. */
const keyOf = (deps: Deps, row: string) => deps.keys.mac("oidc", "item\0", row);
const placeOf = (row: string) => ({ table: "oidc_item", column: "sealed_payload", row });

function opened<T extends Payload>(deps: Deps, item: Item): T {
  const payload = JSON.parse(unseal(item.sealedPayload, placeOf(item.id), () => keyOf(deps, item.id)).toString()) as T;
  return item.consumedAt === null ? payload : { ...payload, consumed: Math.floor(item.consumedAt / 1000) };
}

export async function keepItem(
  deps: Deps,
  { model, id, payload, lifeMs }: Named & { payload: Payload; lifeMs: number },
): Promise<void> {
  const row = idOf(deps, { model, id });
  const plain = Buffer.from(JSON.stringify(payload));
  await saveItem(deps.db, {
    id: row,
    model,
    // a grant is gone with what was given under it
    grantId: payload.grantId ?? (model === "Grant" ? id : null),
    uid: model === "Session" ? (payload.uid ?? null) : null,
    sealedPayload: seal(plain, placeOf(row), { version: 1, key: keyOf(deps, row) }),
    expiresAt: deps.clock.now() + lifeMs,
  });
}

export async function loadItem<T extends Payload>(deps: Deps, named: Named): Promise<T | undefined> {
  const item = await findItem(deps.db, { id: idOf(deps, named) });
  return item && opened<T>(deps, item);
}

export async function loadSessionItem<T extends Payload>(deps: Deps, uid: string): Promise<T | undefined> {
  const item = await findItem(deps.db, { uid });
  return item && opened<T>(deps, item);
}

/** Takes a code or token that is good once. Who comes second shows that it was stolen: its grant ends with all it gave. */
export async function takeOnce(deps: Deps, named: Named): Promise<boolean> {
  const id = idOf(deps, named);
  if (await takeItem(deps.db, { id, at: deps.clock.now() })) return true;
  const item = await findItem(deps.db, { id });
  if (item?.grantId) await deps.db.transaction((run) => dropGrants(run, [item.grantId!]));
  return false;
}

export async function forgetItem(deps: Deps, named: Named): Promise<void> {
  await dropItem(deps.db, idOf(deps, named));
}

export async function forgetGranted(deps: Deps, { model, grantId }: { model: string; grantId: string }): Promise<void> {
  await dropGranted(deps.db, { model, grantId });
}

/** As long as the longest life of anything that was given in it. */
export async function linkToSession(
  deps: Deps,
  { uid, sessionId, lifeMs }: { uid: string; sessionId: string; lifeMs: number },
): Promise<void> {
  await linkSession(deps.db, { uid, sessionId, expiresAt: deps.clock.now() + lifeMs });
}

type SessionPayload = Payload & {
  accountId?: string;
  authorizations?: Record<string, { sid?: string; grantId?: string }>;
};

/**
 * what applications were given in these sessions of browsers ends in the commit that ends the sessions; those that
 * want to be told are told soon after (oidc-logout.ts).
 */
export async function endOidcSessions(deps: Deps, run: Run, sessionIds: string[]): Promise<void> {
  const at = deps.clock.now();
  for (const item of await takeSessions(run, sessionIds)) {
    const { accountId = "", authorizations = {} } = opened<SessionPayload>(deps, item);
    for (const [clientId, { sid, grantId }] of Object.entries(authorizations)) {
      if (grantId !== undefined) await dropGrants(run, [grantId]);
      if (sid !== undefined)
        await insertLogout(run, { id: deps.random.id("lgo_"), clientId, userId: accountId, sid }, at);
    }
  }
}
