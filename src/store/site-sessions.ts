/** Tickets and sessions of protected sites, by the hash of what a browser holds. */

import type { Db, Run } from "./open.ts";

export type NewTicket = {
  tokenHash: string;
  siteId: string;
  sessionId: string;
  stateHash: string;
  returnTo: string;
  expiresAt: number;
};

export async function insertTicket(db: Db, ticket: NewTicket): Promise<void> {
  const { tokenHash, siteId, sessionId, stateHash, returnTo, expiresAt } = ticket;
  await db.q
    .insertInto("site_ticket")
    .values({
      token_hash: tokenHash,
      site_id: siteId,
      session_id: sessionId,
      state_hash: stateHash,
      return_to: returnTo,
      expires_at: expiresAt,
    })
    .execute();
}

type Exchange = {
  ticketHash: string;
  siteId: string;
  stateHash: string;
  session: { tokenHash: string; expiresAt: number };
  now: number;
};

/** Takes a ticket and begins the site's session; one of any number of tries. Gives where the person wanted to go. */
export async function exchangeTicket(
  db: Db,
  { ticketHash, siteId, stateHash, session, now }: Exchange,
): Promise<string | undefined> {
  return await db.transaction(async (run) => {
    const [taken] = await run(
      `delete from site_ticket where token_hash = ? and site_id = ? and state_hash = ? and expires_at > cast(? as bigint)
       returning session_id, return_to`,
      [ticketHash, siteId, stateHash, now],
    );
    if (!taken) return undefined;
    await run(
      `insert into site_session (token_hash, site_id, session_id, seen_at, expires_at)
       values (?, ?, ?, cast(? as bigint), cast(? as bigint))`,
      [session.tokenHash, siteId, taken["session_id"], now, session.expiresAt],
    );
    return taken["return_to"] as string;
  });
}

/** What sites were given in a session, and what is on its way to them. */
export async function endSiteSessions(run: Run, sessionId: string): Promise<void> {
  await run("delete from site_ticket where session_id = ?", [sessionId]);
  await run("delete from site_session where session_id = ?", [sessionId]);
}

export type SiteSession = { sessionId: string; seenAt: number };

export async function readSiteSession(
  db: Db,
  { tokenHash, siteId, now }: { tokenHash: string; siteId: string; now: number },
): Promise<SiteSession | undefined> {
  return await db.q
    .selectFrom("site_session")
    .select(["session_id as sessionId", "seen_at as seenAt"])
    .where("token_hash", "=", tokenHash)
    .where("site_id", "=", siteId)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

export async function touchSiteSession(
  db: Db,
  { tokenHash, at, expiresAt }: { tokenHash: string; at: number; expiresAt: number },
): Promise<void> {
  await db.q
    .updateTable("site_session")
    .set({ seen_at: at, expires_at: expiresAt })
    .where("token_hash", "=", tokenHash)
    .where("seen_at", "<", at)
    .execute();
}
