/**
 * The health of the tokens that were given out: whose clock will soon be too far off to be learned, which are used no more,
 * which end. Must stay true: it reads and changes nothing, but for the note of where each clock stands, once a day at most.
 */

import { setImmediate } from "node:timers/promises";
import { AppError } from "#core/errors.ts";
import { tokenStates, type TokenState } from "#core/token.ts";
import {
  findSpan,
  listAstray,
  listBatches,
  listUnseen,
  noteDrift as noteSome,
  readBatches,
  readDrift,
  readStood,
  type Batch,
  type Noted,
  type Remarkable,
} from "#store/token-health.ts";
import type { Deps } from "./deps.ts";
import { loadToken } from "./token-life.ts";

const dayMs = 86_400_000;
const startOfDay = (at: number) => at - (at % dayMs);

/** For the job: what of the clocks has moved since it was noted last. */
export async function noteDrift(deps: Deps): Promise<void> {
  const day = startOfDay(deps.clock.now());
  for (let after: string | undefined = ""; after !== undefined; await setImmediate()) {
    const from: string = after;
    after = await deps.db.transaction((run) => noteSome(run, { after: from, day }), { relaxed: true });
  }
}

export type HealthOptions = {
  /** intervals off that are worth a look; beyond 10 nothing is learned */
  edge: number;
  unseenDays: number;
  expiringDays: number;
  /** of each list */
  limit: number;
};
/** Intervals that the clocks are ahead, or behind where it is negative. */
export type Clocks = { tokens: number; mean: number; least: number; most: number };
type Counts = Record<TokenState, number> & { expired: number; expiring: number };
export type BatchHealth = Counts & { importId: string; vendor: string; importedAt: number; clocks: Clocks | null };
export type TokenHealth = {
  total: Counts;
  vendors: (Counts & { vendor: string })[];
  batches: BatchHealth[];
  astray: Remarkable[];
  unseen: Remarkable[];
};

export async function checkTokens(
  deps: Deps,
  { edge, unseenDays, expiringDays, limit }: HealthOptions,
): Promise<TokenHealth> {
  const now = deps.clock.now();
  const soon = now + expiringDays * dayMs;
  const since = now - unseenDays * dayMs;
  const rows: Batch[] = [];
  let astray: Remarkable[] = [];
  let unseen: Remarkable[] = [];
  for (let after = ""; ; await setImmediate()) {
    const from = after;
    const read = await deps.db.transaction(
      async (run) => {
        const span = await findSpan(run, from);
        return (
          span && {
            last: span.last,
            batches: await readBatches(run, { ...span, now, soon }),
            astray: await listAstray(run, { ...span, edge, limit }),
            unseen: await listUnseen(run, { ...span, since, limit }),
          }
        );
      },
      { relaxed: true },
    );
    if (!read) break;
    after = read.last;
    rows.push(...read.batches);
    astray = astray
      .concat(read.astray)
      .toSorted((a, b) => Math.abs(b.drift) - Math.abs(a.drift))
      .slice(0, limit);
    unseen = unseen
      .concat(read.unseen)
      .toSorted((a, b) => a.seenAt - b.seenAt)
      .slice(0, limit);
  }
  return { ...tally(rows, await listBatches(deps.db)), astray, unseen };
}

/** `imports`: those that count, in the order in which they are told. */
function tally(rows: Batch[], imports: { id: string; at: number }[]): Omit<TokenHealth, "astray" | "unseen"> {
  const byImport = Map.groupBy(rows, ({ importId }) => importId);
  const total = none();
  const vendors = new Map<string, Counts>();
  const batches: BatchHealth[] = [];
  for (const { id, at } of imports)
    for (const [vendor, some] of byMaker(byImport.get(id) ?? [])) {
      const counts = countsOf(some);
      batches.push({ importId: id, vendor, importedAt: at, ...counts, clocks: clocksOf(some) });
      vendors.set(vendor, add(vendors.get(vendor) ?? none(), counts));
      add(total, counts);
    }
  return { total, vendors: [...vendors].map(([vendor, counts]) => ({ vendor, ...counts })), batches };
}

const byMaker = (rows: Batch[]) =>
  [...Map.groupBy(rows, ({ manufacturer }) => manufacturer)].toSorted(([a], [b]) => (a < b ? -1 : 1));
const none = (): Counts => ({ available: 0, assigned: 0, activated: 0, lost: 0, revoked: 0, expired: 0, expiring: 0 });
function add(to: Counts, more: Counts): Counts {
  for (const name of [...tokenStates, "expired", "expiring"] as const) to[name] += more[name];
  return to;
}
function countsOf(rows: Batch[]): Counts {
  const counts = none();
  for (const { state, tokens, expired, expiring } of rows) {
    counts[state] += tokens;
    counts.expired += expired;
    counts.expiring += expiring;
  }
  return counts;
}
function clocksOf(rows: Batch[]): Clocks | null {
  const found = rows.flatMap(({ clocks }) => clocks ?? []);
  if (found.length === 0) return null;
  const tokens = found.reduce((sum, one) => sum + one.tokens, 0);
  const sum = found.reduce((all, one) => all + one.sum, 0);
  const least = Math.min(...found.map((one) => one.least));
  return { tokens, mean: hundredth(sum / tokens), least, most: Math.max(...found.map((one) => one.most)) };
}
const hundredth = (value: number) => Math.round(value * 100) / 100;

/** The days on which it was found elsewhere than before. */
export async function tokenDrift(deps: Deps, serial: string): Promise<{ serial: string; drift: Noted[] }> {
  const token = await loadToken(deps, serial);
  return { serial: token.serial, drift: await readDrift(deps.db, token.id) };
}

const months = 12;

/** A batch's clocks on the first of each of the last months, and today. */
export async function batchDrift(
  deps: Deps,
  importId: string,
): Promise<{ importId: string; drift: ({ day: number } & Clocks)[] }> {
  if (!(await listBatches(deps.db)).some(({ id }) => id === importId))
    throw new AppError("not_found", `there is no import of tokens ${importId}`);
  const today = new Date(deps.clock.now());
  const firsts = Array.from({ length: months }, (_, ago) =>
    Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - (months - 1 - ago), 1),
  );
  const drift = [];
  for (const day of new Set([...firsts, startOfDay(today.getTime())])) {
    const stood = await deps.db.transaction((run) => readStood(run, { importId, day }), { relaxed: true });
    const { tokens = 0, sum = 0, least = 0, most = 0 } = stood ?? {};
    if (stood) drift.push({ day, tokens, mean: hundredth(sum / tokens), least, most });
    await setImmediate();
  }
  return { importId, drift };
}
