// The product as its owner runs it: production role, a fresh data folder, everything else at its default, driven through
// the command line and the environment (never by importing it), so that a bench measures what people get.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Child,
  childrenOf,
  freePort,
  remove,
  runOk,
  startProcess,
  tempFolder,
  waitUntil,
} from "../test/support/process.ts";
import { peopleCsv } from "./people.ts";

const command = fileURLToPath(new URL("../bin/countersign.mjs", import.meta.url));

export type Product = {
  folder: string;
  radiusPort: number;
  httpUrl: string;
  /** One `countersign …` command; gives its standard output. */
  cli(...args: string[]): Promise<string>;
  /** Starts `countersign serve` and waits until it says that it is ready; gives the time that took. */
  serve(): Promise<{ pid: number; readyMs: number }>;
  /** Ends the server and keeps the data. */
  halt(): Promise<void>;
  /** Ends the server and removes the data. */
  stop(): Promise<void>;
};

export async function makeProduct(people: number, more: NodeJS.ProcessEnv = {}): Promise<Product> {
  const folder = tempFolder("bench");
  const [radiusPort, http, internal] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTERSIGN_"))),
    COUNTERSIGN_DATA: join(folder, "data"),
    COUNTERSIGN_HTTP: `127.0.0.1:${http}`,
    COUNTERSIGN_INTERNAL: `127.0.0.1:${internal}`,
    COUNTERSIGN_RADIUS: `127.0.0.1:${radiusPort}`,
    COUNTERSIGN_LDAP: "off",
    // so that a bench can be many people's browsers
    COUNTERSIGN_TRUSTED_PROXIES: "127.0.0.1",
    COUNTERSIGN_PUBLIC_URL: `http://localhost:${http}`,
    ...more,
  };
  const cli = (...args: string[]) => runOk(process.execPath, [command, ...args], { env, timeoutMs: 120_000 });
  const ready = `http://127.0.0.1:${http}/health/ready`;
  let server: Child | undefined;
  const halt = async () => void (await server?.stop());

  const csv = join(folder, "people.csv");
  writeFileSync(csv, peopleCsv(people));
  await cli("user", "import", csv, "--json");

  return {
    folder,
    radiusPort,
    httpUrl: `http://127.0.0.1:${http}`,
    cli,
    serve: async () => {
      const before = performance.now();
      const child = (server = startProcess(process.execPath, [command, "serve"], { env }));
      const explain = () => child.output().slice(-4000);
      await waitUntil("the server to be ready", () => isReady(ready, child), { everyMs: 5, explain });
      return { pid: child.pid, readyMs: Math.round(performance.now() - before) };
    },
    halt,
    stop: async () => {
      await halt();
      remove(folder);
    },
  };
}

async function isReady(url: string, child: Child): Promise<boolean> {
  if (!child.running()) throw new Error(`the server ended:\n${child.output().slice(-4000)}`);
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).status === 200;
  } catch {
    return false; // nobody listens yet
  }
}

/** Processor time in µs that a process and all it started have used (Linux counts it in hundredths of a second). */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (
    (Number(fields[11]) + Number(fields[12])) * 10_000 +
    childrenOf(pid).reduce((sum, child) => sum + cpuMicros(child), 0)
  );
}

/** Resident memory in MB of a process and of all it started, so that no helper process is forgotten (Linux). */
export function residentMb(pid: number): number {
  const own = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(own?.[1]) / 1024 + childrenOf(pid).reduce((sum, child) => sum + residentMb(child), 0);
}
