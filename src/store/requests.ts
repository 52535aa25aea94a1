import type { Outcome } from "#core/outcome.ts";
import type { Row, Run } from "./open.ts";
import { inOrder, insert, listed, marks, type Columns } from "./values.ts";

/**
 * RADIUS requests that repeat themselves, over all nodes and restarts: one row a client's port and Identifier. A request is
 * claimed before work on it starts and its outcome stored with the commit that made it.
 */

export type Claim = { peer: string; authenticator: string };
/** `earlier`: this very request was answered before; `elsewhere`: another node is at work on it. */
export type Repeated = { earlier: Outcome } | { elsewhere: true };

/** A dead node's claim ends after this, so that it does not swallow repetitions. */
const leaseMs = 5000;
/** how long an answer is remembered. */
const rememberMs = 30_000;

/** `shared`: other nodes claim requests too. */
export type Around = { shared: boolean; startedAt: number };
const peerOf = ({ peer }: { peer: string }) => peer;
type Claiming = { now: number; claim?: Claim | undefined };

/** Claims each request for this node; what is not this node's to answer comes back, in its place. */
export async function claim(
  run: Run,
  items: Claiming[],
  { shared, startedAt }: Around,
): Promise<(Repeated | undefined)[]> {
  // One process alone knows what it is at work on; only what was answered just before its start is news to it.
  const news = (now: number) => shared || now < startedAt + rememberMs;
  const claims = items.flatMap(({ claim: one, now }) => (one && news(now) ? [{ ...one, now }] : []));
  if (claims.length === 0) return items.map(() => undefined);
  const mine = shared ? await claimRows(run, claims) : new Set<unknown>();
  const others = claims.filter((one) => !mine.has(one.peer));
  if (others.length === 0) return items.map(() => undefined);
  const peers = listed(others.map((one) => one.peer));
  const known = await run(
    `select peer, authenticator, outcome, expires_at from radius_request where peer in (${marks(peers.length)})`,
    peers,
  );
  const rows = new Map(known.map((row) => [row["peer"], row]));
  return items.map((item) =>
    item.claim && !mine.has(item.claim.peer)
      ? repeated(rows.get(item.claim.peer), item.claim, { now: item.now, shared })
      : undefined,
  );
}

function repeated(
  row: Row | undefined,
  { authenticator }: Claim,
  { now, shared }: { now: number; shared: boolean },
): Repeated | undefined {
  const same = row?.["authenticator"] === authenticator && Number(row["expires_at"]) > now;
  if (same && row["outcome"] !== null) return { earlier: JSON.parse(row["outcome"] as string) as Outcome };
  return shared ? { elsewhere: true } : undefined;
}

const claimed = {
  name: "radius_request",
  columns: {
    peer: "text",
    authenticator: "text",
    claimed_until: "bigint",
    expires_at: "bigint",
  } satisfies Columns,
  tail: `on conflict (peer) do update set authenticator = excluded.authenticator, claimed_until = excluded.claimed_until,
      expires_at = excluded.expires_at, outcome = null
    where radius_request.authenticator <> excluded.authenticator
      or (radius_request.outcome is null and radius_request.claimed_until < excluded.claimed_until - ${leaseMs})
      or radius_request.expires_at < excluded.expires_at - ${rememberMs}
    returning peer`,
};

/** A new Authenticator, a lease that ran out or a forgotten answer may be claimed; who changed the row has it. */
async function claimRows(run: Run, claims: (Claim & { now: number })[]): Promise<Set<unknown>> {
  const rows = claims.map(({ peer, authenticator, now }) => ({
    peer,
    authenticator,
    claimed_until: now + leaseMs,
    expires_at: now + rememberMs,
  }));
  const won = await insert(run, claimed, inOrder(rows, peerOf));
  return new Set(won.map((row) => row["peer"]));
}

const table = {
  name: "radius_request",
  columns: {
    peer: "text",
    authenticator: "text",
    claimed_until: "bigint",
    outcome: "text",
    expires_at: "bigint",
  } satisfies Columns,
  tail: `on conflict (peer) do update set authenticator = excluded.authenticator, claimed_until = excluded.claimed_until,
    outcome = excluded.outcome, expires_at = excluded.expires_at`,
};

/** The client is told nothing of it: its next repetition may be claimed at once, by any node, and be decided. */
const isUndecided = (outcome: Outcome) => outcome.kind === "deny" && outcome.code === "unavailable";

/** Stores what was answered, in the commit that decided it. A port's newest request has its row. */
export async function remember(run: Run, answered: { claim: Claim; at: number; outcome: Outcome }[]): Promise<void> {
  const newest = new Map(answered.map((one) => [one.claim.peer, one]));
  const rows = [...newest.values()].map(({ claim: { peer, authenticator }, at, outcome }) => ({
    peer,
    authenticator,
    claimed_until: 0,
    outcome: isUndecided(outcome) ? null : JSON.stringify(outcome),
    expires_at: at + rememberMs,
  }));
  await insert(run, table, inOrder(rows, peerOf));
}
