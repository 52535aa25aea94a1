// How many verifications a second the engine settles on PostgreSQL, beside what pgbench does on the same PostgreSQL with a
// transaction of the same shape. Three rounds of both by turns, so that a slow minute of the machine hits both; medians.
import { startPostgres } from "../test/support/postgres.ts";
import { pgbench, pgbenchClients, preparePgbench } from "./peers/pgbench.ts";
import { benchPeople } from "./people.ts";
import { median, ratio, type Result } from "./result.ts";
import { settleRate } from "./settle-rate.ts";

const rounds = 3;
const pgbenchSeconds = 30;
const settleSeconds = 5;
const inFlights = [16, 64, 256, 512];

export async function settlePostgres(): Promise<Result> {
  const postgres = await startPostgres();
  try {
    const peer = await postgres.createDatabase("pgbench");
    await preparePgbench(peer, benchPeople);
    const tps: number[] = [];
    const settled = new Map<number, number[]>(inFlights.map((inFlight) => [inFlight, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const [inFlight, rates] of settled) {
        rates.push(
          await settleRate(await postgres.createDatabase(`settle_${inFlight}_${round}`), inFlight, settleSeconds),
        );
      }
      tps.push(await pgbench(postgres, peer, { accounts: benchPeople, seconds: pgbenchSeconds }));
    }
    const pgbenchTps = Math.round(median(tps));
    const perSecond = Object.fromEntries(
      [...settled].map(([inFlight, rates]) => [inFlight, Math.round(median(rates))]),
    );
    const ratios = Object.fromEntries(inFlights.map((inFlight) => [inFlight, ratio(perSecond[inFlight]!, pgbenchTps)]));
    const told = inFlights.map(
      (inFlight) => `${perSecond[inFlight]} with ${inFlight} in flight (${ratios[inFlight]} ×)`,
    );
    return {
      figures: { settledPerSecond: perSecond, pgbenchTps, pgbenchClients, ratios },
      sentence: `PostgreSQL: verifications settled per second ${told.join(", ")}; pgbench ${pgbenchTps} transactions/s.`,
    };
  } finally {
    await postgres.stop();
  }
}
