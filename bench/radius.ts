// Logins over RADIUS: PAP with an app code, first factor none, each person once a run, SQLite with synchronous FULL. Beside
// the product: FreeRADIUS doing the nearest it can, as packaged and at its best, and a bare responder doing RADIUS and nothing
// else. Three rounds of all of them by turns, so that a slow minute of the machine hits every one, and then three at half of
// the product's rate; the figures are those of the median run, by its rate, or by its p99 at half.
import { spawnSync } from "node:child_process";
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
    const { countersign: runs, ...peers } = await withPeers((others) => closedLoop({ countersign, ...others }));
    // the peers' folders are gone: what the disk has to do for that would be waited for by whoever writes next
    spawnSync("sync");
    const ours = medianRun(runs);
    const perSecond = Math.floor(ours.perSecond / 2);
    const halves = await openLoop(countersign, { perSecond, afterStep: lastStep(runs) });
    const atHalf = halves.toSorted((a, b) => a.p99Ms - b.p99Ms)[Math.floor(rounds / 2)]!;
    const { told, figures, ratios } = beside(ours, peers);
    return {
      figures: { inFlight, countersign: ours, countersignAtHalf: atHalf, ...figures, ratios },
      sentence:
        `RADIUS: ${ours.perSecond} logins/s with ${inFlight} in flight (${ours.cpuMicros} µs of processor each), ${told}; ` +
        `at half that rate (${perSecond}/s) p50 ${atHalf.p50Ms} ms, p99 ${halves.map(({ p99Ms }) => p99Ms).join(", ")} ms.`,
      ...verdict({ countersign: runs, countersignAtHalf: halves, ...peers }),
    };
  } finally {
    await countersign.stop();
  }
}

/** The peers alone, to know the target on a machine. */
export async function radiusPeers(): Promise<Result> {
  const runs = await withPeers(closedLoop);
  const { told, figures } = beside(undefined, runs);
  return {
    figures: { inFlight, ...figures },
    sentence: `RADIUS with ${inFlight} in flight: ${told}.`,
    ...verdict(runs),
  };
}

/** The peers' median runs, and how often ours holds each. */
function beside(ours: Run | undefined, peers: Record<keyof Peers, Run[]>) {
  const figures = Object.fromEntries(Object.entries(peers).map(([name, runs]) => [name, medianRun(runs)]));
  const ratios = Object.fromEntries(
    Object.entries(figures).map(([name, run]) => [name, ours && ratio(ours.perSecond, run.perSecond)]),
  );
  const told = Object.entries(figures).map(([name, { perSecond, p99Ms, sent, accepted }]) => {
    const refused = accepted === sent ? "" : `, of ${sent} refused ${sent - accepted}`;
    return `${ours ? `${ratios[name]} × ` : ""}${peerNames[name as keyof Peers]} (${perSecond}/s, p99 ${p99Ms} ms${refused})`;
  });
  return { figures, ratios, told: told.join(", ") };
}
const peerNames = {
  freeradius: "FreeRADIUS as packaged",
  freeradiusTuned: "FreeRADIUS at its best",
  bareResponder: "a bare responder",
};
type Peers = Record<keyof typeof peerNames, Server>;

async function startProduct(): Promise<Server> {
  const product = await makeProduct(benchPeople);
  const secretFile = join(product.folder, "secret");
  writeFileSync(secretFile, secret, { mode: 0o600 });
  const client = ["--name", "bench", "--address", "127.0.0.1", "--secret-file", secretFile];
  await product.cli("radius-client", "add", ...client, "--first-factor", "none", "--rate", "1000000");
  const { pid } = await product.serve();
  return { port: product.radiusPort, pid, stop: () => product.stop() };
}

async function withPeers<T>(measure: (peers: Peers) => Promise<T>): Promise<T> {
  const freeradius = await startFreeradiusTotp("packaged", benchPeople, secret);
  const freeradiusTuned = await startFreeradiusTotp("tuned", benchPeople, secret);
  const bare = startProcess(process.execPath, [
    fileURLToPath(new URL("peers/udp-responder.ts", import.meta.url)),
    secret,
  ]);
  try {
    const [, port] = await bare.waitForOutput(/listening on (\d+)/);
    const bareResponder = { port: Number(port), pid: bare.pid, stop: () => bare.stop() };
    return await measure({ freeradius, freeradiusTuned, bareResponder });
  } finally {
    await Promise.all([bare.stop(), freeradius.stop(), freeradiusTuned.stop()]);
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

async function openLoop({ port }: Server, { perSecond, afterStep }: { perSecond: number; afterStep: number }) {
  const runs: Measured[] = [];
  for (let round = 0; round < rounds; round++)
    runs.push(
      await radiusLoad({ ...load, port, shape: { perSecond }, afterStep: Math.max(afterStep, lastStep(runs)) }),
    );
  return runs;
}

const lastStep = (runs: Measured[]) => runs.at(-1)?.step ?? -1;
const medianRun = (runs: Run[]) => runs.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(runs.length / 2)]!;

/** A server that refuses or drops logins is quick for the wrong reason: then no figure counts. The packaged peer is slow by it. */
function verdict(runs: Record<string, Measured[]>): { invalid?: string } {
  const bad = Object.entries(runs).flatMap(([name, all]) =>
    name === "freeradius"
      ? []
      : all
          .filter(({ sent, accepted, lost, forged }) => accepted !== sent || lost > 0 || forged > 0)
          .map(({ sent, lost, forged, codes }) => `${name} ${JSON.stringify({ sent, codes, lost, forged })}`),
  );
  return bad.length === 0 ? {} : { invalid: `not every login was accepted: ${bad.join("; ")}` };
}
