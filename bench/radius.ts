// Logins over RADIUS: PAP with an app code, first factor none, each person once a run, SQLite with synchronous FULL. Beside
// the product: FreeRADIUS doing the nearest it can, and a bare responder doing RADIUS and nothing else. Three rounds of all
// of them by turns, so that a slow minute of the machine hits every one; the figures are those of the median run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "../test/support/process.ts";
import { startFreeradiusTotp } from "./peers/freeradius-totp.ts";
import { benchPeople } from "./people.ts";
import { cpuMicros, makeProduct } from "./product.ts";
import { type Measured, radiusLoad } from "./radius-load.ts";
import { ratio, type Result } from "./result.ts";

const secret = "bench-secret-0123456789";
const inFlight = 64;
const rounds = 3;
const load = { secret, people: benchPeople, warmUp: 2000, maxSeconds: 12 };

type Server = { port: number; pid: number; stop(): Promise<unknown> };
/** `cpuMicros`: the server's processor time a login, which other work on the machine disturbs less than its rate. */
type Run = Measured & { cpuMicros: number };

/** The product beside its peers. */
export async function radius(): Promise<Result> {
  const countersign = await startProduct();
  try {
    const { freeradius, bareResponder, ...runs } = await withPeers((peers) => closedLoop({ countersign, ...peers }));
    const ours = medianRun(runs.countersign);
    const shape = { perSecond: Math.floor(ours.perSecond / 2) };
    const atHalf = await radiusLoad({
      ...load,
      port: countersign.port,
      shape,
      afterStep: lastStep(runs.countersign),
    });
    const [free, bare] = [medianRun(freeradius), medianRun(bareResponder)];
    const [toFreeradius, toBare] = [ratio(ours.perSecond, free.perSecond), ratio(ours.perSecond, bare.perSecond)];
    return {
      figures: {
        inFlight,
        countersign: ours,
        countersignAtHalf: atHalf,
        freeradius: free,
        bareResponder: bare,
        ratioToFreeradius: toFreeradius,
        ratioToBareResponder: toBare,
      },
      sentence:
        `RADIUS: ${ours.perSecond} logins/s with ${inFlight} in flight (${ours.cpuMicros} µs of processor each), ${toFreeradius} × FreeRADIUS ` +
        `(${free.perSecond}/s), ${toBare} × a bare responder (${bare.perSecond}/s); ` +
        `at half that rate (${shape.perSecond}/s) p50 ${atHalf.p50Ms} ms, p99 ${atHalf.p99Ms} ms.`,
      ...verdict({ ...runs, countersignAtHalf: [atHalf], freeradius, bareResponder }),
    };
  } finally {
    await countersign.stop();
  }
}

/** The peers alone, to know the target on a machine. */
export async function radiusPeers(): Promise<Result> {
  const runs = await withPeers(closedLoop);
  const [free, bare] = [medianRun(runs.freeradius), medianRun(runs.bareResponder)];
  return {
    figures: { inFlight, freeradius: free, bareResponder: bare },
    sentence:
      `RADIUS peers with ${inFlight} in flight: FreeRADIUS ${free.perSecond} logins/s (p99 ${free.p99Ms} ms), ` +
      `bare responder ${bare.perSecond}/s (p99 ${bare.p99Ms} ms).`,
    ...verdict(runs),
  };
}

async function startProduct(): Promise<Server> {
  const product = await makeProduct(benchPeople);
  const secretFile = join(product.folder, "secret");
  writeFileSync(secretFile, secret, { mode: 0o600 });
  const client = ["--name", "bench", "--address", "127.0.0.1", "--secret-file", secretFile];
  await product.cli("radius-client", "add", ...client, "--first-factor", "none", "--rate", "1000000");
  const { pid } = await product.serve();
  return { port: product.radiusPort, pid, stop: () => product.stop() };
}

async function withPeers<T>(measure: (peers: { freeradius: Server; bareResponder: Server }) => Promise<T>): Promise<T> {
  const freeradius = await startFreeradiusTotp(benchPeople, secret);
  const bare = startProcess(process.execPath, [
    fileURLToPath(new URL("peers/udp-responder.ts", import.meta.url)),
    secret,
  ]);
  try {
    const [, port] = await bare.waitForOutput(/listening on (\d+)/);
    return await measure({ freeradius, bareResponder: { port: Number(port), pid: bare.pid, stop: () => bare.stop() } });
  } finally {
    await Promise.all([bare.stop(), freeradius.stop()]);
  }
}

async function closedLoop<Name extends string>(servers: Record<Name, Server>): Promise<Record<Name, Run[]>> {
  const names = Object.keys(servers) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Run[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const afterStep = lastStep(runs[name]);
      const { port, pid } = servers[name];
      const before = cpuMicros(pid);
      const measured = await radiusLoad({ ...load, port, shape: { inFlight }, afterStep });
      runs[name].push({ ...measured, cpuMicros: Math.round((cpuMicros(pid) - before) / measured.sent) });
    }
  }
  return runs;
}

const lastStep = (runs: Measured[]) => runs.at(-1)?.step ?? -1;
const medianRun = (runs: Run[]) => runs.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(runs.length / 2)]!;

/** A server that refuses or drops logins is quick for the wrong reason: then no figure counts. */
function verdict(runs: Record<string, Measured[]>): { invalid?: string } {
  const bad = Object.entries(runs).flatMap(([name, all]) =>
    all
      .filter(({ sent, accepted, lost, forged }) => accepted !== sent || lost > 0 || forged > 0)
      .map(({ sent, lost, forged, codes }) => `${name} ${JSON.stringify({ sent, codes, lost, forged })}`),
  );
  return bad.length === 0 ? {} : { invalid: `not every login was accepted: ${bad.join("; ")}` };
}
