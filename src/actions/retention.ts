import { setImmediate } from "node:timers/promises";
import { follows, listHeads, nextPlace, pageSize, readDetails, readEntries } from "#store/log-read.ts";
import { genesis } from "#store/log.ts";
import type { Row } from "#store/open.ts";
import { dropAgedPersonal, dropEntries, sweep, type Ending } from "#store/retention.ts";
import { stampGone } from "#store/stray-devices.ts";
import { proven, readPlace } from "./anchors.ts";
import type { Deps } from "./deps.ts";
import { forgetErased } from "./erase.ts";

/**
 * Removes what has been kept long enough, a page at a time, between which everyone else has their turn. Must stay
 * true: a chain loses its beginning only after that beginning was checked, or retention would sign away what somebody
 * else had removed or altered; and the checkpoint that says so commits with it.
 */

const day = 86_400_000;
/** A node that has not said for so long that it lives has its chain trimmed by the others. */
const goneAfter = day;

export async function retain(deps: Deps): Promise<void> {
  // what is gone is gone for every node, so the clock that all of them share says when
  const now = await deps.db.now();
  const settings = deps.settings.values();
  const before = (days: number) => now - days * day;
  await sweepAll(deps, now);
  await forgetErased(deps, now - day);
  // chains of others first: what says that theirs were trimmed stands in ours
  const heads = await listHeads(deps.db);
  const own = deps.db.node.id;
  for (const { node } of heads)
    await dropPersonalParts(deps, { node, now, before: before(settings["retention.authentication-days"]) });
  const unseenSince = now - goneAfter;
  const aged = before(settings["retention.audit-days"]);
  for (const { node, seenAt } of heads)
    if (node !== own && seenAt < unseenSince) await trim(deps, { node, before: aged, unseenSince });
  await trim(deps, { node: own, before: aged, unseenSince: undefined });
}

async function sweepAll(deps: Deps, now: number): Promise<void> {
  await stampGone(deps.db, now);
  const before: Record<Ending, number> = {
    radiusRequests: now,
    apiRequests: now,
    throttles: now,
    phoneSends: now - 2 * 3_600_000,
    oidcItems: now,
    oidcSessions: now,
    challenges: now - day,
    calls: now - day,
    blocks: now - deps.settings.values()["retention.authentication-days"] * day,
    deliveries: now - deps.settings.values()["retention.delivery-days"] * day,
    carrierEvents: now - deps.settings.values()["retention.delivery-days"] * day,
    delivered: now - deps.settings.values()["retention.delivery-days"] * day,
    // a text that nobody took for a day is of no use to anyone, and it holds a number
    undelivered: now - day,
    tokenDrift: now - deps.settings.values()["retention.token-drift-days"] * day,
    // nobody comes back to set it up
    newFactors: now - 3_600_000,
    activations: now - day,
    provingDevices: now - 3_600_000,
    strays: now - deps.settings.values()["retention.authentication-days"] * day,
    // anybody can say that they are one
    unknownStrays: now - 7 * day,
    ceremonies: now,
    signIns: now,
    siteTickets: now,
    siteSessions: now,
    sessions: now,
    devices: now,
    phoneMessages: now - day,
    mailMessages: now - day,
  };
  for (const what of Object.keys(before) as Ending[])
    while ((await sweep(deps.db, what, before[what])) === pageSize) await setImmediate();
}

type Aged = { node: string; before: number };

async function dropPersonalParts(deps: Deps, aged: Aged & { now: number }): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined; await setImmediate())
    after = (await dropAgedPersonal(deps.db, { ...aged, after })).next;
}

type Trimming = Aged & { unseenSince: number | undefined };

/** Removes a chain's entries from before a time, page by page: always a beginning, always with its checkpoint. */
async function trim(deps: Deps, { node, before, unseenSince }: Trimming): Promise<void> {
  for (;;) {
    const rows = await beginning(deps, { node, before });
    const last = rows.at(-1);
    if (!last) return;
    if (!(await stands(deps, node, rows))) {
      deps.log.error("the log does not verify; its oldest entries are kept", { node });
      return;
    }
    const { seq, mac } = last as { seq: number; mac: Uint8Array };
    const removed = await deps.db.audit.write(async (run) => {
      const done = await dropEntries(run, { node, upTo: seq, unseenSince });
      return { value: done, entries: done ? [checkpoint(deps, { node, seq, mac })] : [] };
    });
    if (!removed) return;
    await setImmediate();
  }
}

/** The first page of a chain, as far as it is old: what comes after a younger entry stays with it. */
async function beginning(deps: Deps, { node, before }: Aged): Promise<Row[]> {
  const next = await nextPlace(deps.db, { node, after: undefined, to: Number.MAX_SAFE_INTEGER });
  if (next === undefined) return [];
  const rows = await readEntries(deps.db, { node, after: undefined, to: next + pageSize - 1 });
  const young = rows.findIndex((row) => !((row["at"] as number) < before));
  return young === -1 ? rows : rows.slice(0, young);
}

async function stands(deps: Deps, node: string, rows: Row[]): Promise<boolean> {
  let seq = (rows[0]!["seq"] as number) - 1;
  let mac = await macBefore(deps, node, seq + 1);
  for (const row of rows) {
    if (!mac || row["seq"] !== seq + 1 || !follows(deps.keys, mac, row)) return false;
    seq += 1;
    mac = row["mac"] as Uint8Array;
  }
  return true;
}

/** What a chain's first entry follows: the beginning of all, or what a checkpoint says stood before it. */
export async function macBefore(deps: Deps, node: string, seq: number): Promise<Uint8Array | undefined> {
  if (seq === 1) return genesis(node);
  for (const detail of await readDetails(deps.db, checkpointId(node, seq - 1))) {
    const place = readPlace(deps, "checkpoint", detail);
    if (place?.node === node && place.seq === seq - 1) return Buffer.from(place.mac, "hex");
  }
  return undefined;
}

const checkpointId = (node: string, seq: number) => `checkpoint ${node} ${seq}`;

function checkpoint(deps: Deps, { node, seq, mac }: { node: string; seq: number; mac: Uint8Array }) {
  const at = deps.clock.now();
  return {
    id: deps.random.id("rec_"),
    at,
    kind: "checkpoint" as const,
    actor: "system",
    result: "LOG_TRIMMED",
    authenticated: false,
    correlationId: checkpointId(node, seq),
    detail: proven(deps, "checkpoint", { at, node, seq, mac: Buffer.from(mac).toString("hex") }),
  };
}
