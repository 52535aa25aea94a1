// The engine alone, in this process, on PostgreSQL: no socket and no protocol, so that what is compared with pgbench is what
// the database does for a verification. Each person signs in once, so every verification must be allowed.
import { openLogger } from "../src/logging.ts";
import { readConfig } from "../src/config.ts";
import { openSystem } from "../src/wiring.ts";
import { importPeople } from "../src/actions/people-import.ts";
import { begin } from "../src/actions/verify.ts";
import { tempFolder } from "../test/support/process.ts";
import { rest } from "./peers/pgbench.ts";
import { currentStep, peopleCsv, totp, userName } from "./people.ts";

const people = 40_000;
const application = {
  id: "app_bench",
  name: "bench",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
} as const;

/** Verifications settled per second, `inFlight` at a time for at most `seconds`, on a fresh database at `url`. */
export async function settleRate(url: string, inFlight: number, seconds: number): Promise<number> {
  const config = await readConfig({ COUNTERSIGN_DATA: tempFolder("settle"), COUNTERSIGN_DATABASE_URL: url });
  const system = await openSystem(config, { log: openLogger("error"), simulate: false });
  try {
    const { deps } = system;
    async function* csv() {
      yield Buffer.from(peopleCsv(people));
    }
    await importPeople(deps, "cli", { file: csv(), progress: () => undefined });
    await rest(url);
    const step = currentStep();
    const codes = Array.from({ length: people }, (_, index) => totp(index, step));
    let next = 0;
    const started = performance.now();
    const until = started + seconds * 1000;
    const worker = async () => {
      while (next < people && performance.now() < until) {
        const index = next++;
        const attempt = {
          application,
          username: userName(index),
          code: codes[index]!,
          source: { protocol: "rest" } as const,
        };
        const { kind } = await begin(deps, attempt);
        if (kind !== "allow") throw new Error(`verification ${index} ended as ${kind}`);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return next / ((performance.now() - started) / 1000);
  } finally {
    await system.close();
  }
}
