/**
 * Invitations to bind an authenticator app. Must stay true: one is used once, by whoever's conditional statement comes
 * first; a guess at the short code is counted before it is looked at.
 */

import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { idsOf, insert, type Columns } from "./values.ts";

export type NewActivation = Omit<Tables["activation"], "tries" | "device_id">;
export type ActivationState = "open" | "claimed" | "done" | "ended";
export type Activation = {
  id: string;
  userId: string;
  state: ActivationState;
  alone: boolean;
  deviceId: string | null;
  begunBy: string;
  expiresAt: number;
};

const table = {
  name: "activation",
  columns: {
    id: "text",
    user_id: "text",
    link_mac: "blob",
    code_mac: "blob",
    state: "text",
    alone: "bigint",
    begun_by: "text",
    created_at: "bigint",
    expires_at: "bigint",
  } satisfies Record<keyof NewActivation, Columns[string]>,
};

/** A person's newest invitation is the only one. */
export async function insertActivation(run: Run, activation: NewActivation): Promise<void> {
  const earlier = "update activation set state = 'ended' where user_id = ? and state = 'open' returning id";
  run.tell(idsOf(await run(earlier, [activation.user_id])));
  await insert(run, table, [activation]);
}

const columns = "id, user_id, state, alone, device_id, begun_by, expires_at";
const activationOf = (row: Record<string, unknown>): Activation => ({
  id: row["id"] as string,
  userId: row["user_id"] as string,
  state: row["state"] as ActivationState,
  alone: row["alone"] === 1,
  deviceId: row["device_id"] as string | null,
  begunBy: row["begun_by"] as string,
  expiresAt: row["expires_at"] as number,
});

/** `proveBy`: until when the device may finish what it has claimed (epoch ms). */
type Claim = { deviceId: string; at: number; proveBy: number };

/** The open one that this link is for; nobody else has it from here on. */
export async function claimByLink(
  run: Run,
  { linkMac, deviceId, at, proveBy }: Claim & { linkMac: Uint8Array },
): Promise<Activation | undefined> {
  const [row] = await run(
    `update activation set state = 'claimed', device_id = ?, expires_at = cast(? as bigint)
     where link_mac = ? and state = 'open' and expires_at > cast(? as bigint) returning ${columns}`,
    [deviceId, proveBy, linkMac, at],
  );
  return row && activationOf(row);
}

const triesAllowed = 5;
/** Counts a guess at a person's short code; gives what the code would be, while guesses are left. */
export async function takeGuess(
  db: Db,
  { userId, at }: { userId: string; at: number },
): Promise<{ id: string; codeMac: Uint8Array } | undefined> {
  const [row] = await db.transaction((run) =>
    run(
      `update activation set tries = tries + 1 where user_id = ? and state = 'open' and tries < ${triesAllowed}
         and expires_at > cast(? as bigint) returning id, code_mac`,
      [userId, at],
    ),
  );
  return row && { id: row["id"] as string, codeMac: row["code_mac"] as Uint8Array };
}

export async function claimById(
  run: Run,
  { id, deviceId, at, proveBy }: Claim & { id: string },
): Promise<Activation | undefined> {
  const [row] = await run(
    `update activation set state = 'claimed', device_id = ?, expires_at = cast(? as bigint)
     where id = ? and state = 'open' and expires_at > cast(? as bigint) returning ${columns}`,
    [deviceId, proveBy, id, at],
  );
  return row && activationOf(row);
}

/** False: it was not claimed, or is over. */
export async function finishActivation(run: Run, id: string): Promise<boolean> {
  const text = "update activation set state = 'done' where id = ? and state = 'claimed' returning id";
  run.tell([id]);
  return (await run(text, [id])).length > 0;
}

export async function endActivation(run: Run, id: string): Promise<void> {
  run.tell([id]);
  await run("update activation set state = 'ended' where id = ? and state in ('open', 'claimed')", [id]);
}

/** those that the person began, or whoever had signed in as them. */
export async function endOwnActivations(run: Run, userId: string): Promise<void> {
  const text = `update activation set state = 'ended'
    where user_id = ? and begun_by = ? and state in ('open', 'claimed') returning id`;
  run.tell(idsOf(await run(text, [userId, `person:${userId}`])));
}

export async function findActivation(db: Db, id: string): Promise<Activation | undefined> {
  const [row] = await db.transaction((run) => run(`select ${columns} from activation where id = ?`, [id]));
  return row && activationOf(row);
}

/** The one that a device has claimed and not yet finished. */
export async function findClaimed(db: Db, deviceId: string): Promise<Activation | undefined> {
  const text = `select ${columns} from activation where device_id = ? and state = 'claimed'`;
  const [row] = await db.transaction((run) => run(text, [deviceId]));
  return row && activationOf(row);
}
