// A private PostgreSQL for tests and benches, with handles to break it. What must stay true: it is durable like a real
// one (fsync and synchronous commit on: that is what the fault tests are about), reachable from this machine only, and
// never the machine's own PostgreSQL.
import { execFileSync } from "node:child_process";
import { chownSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import {
  type Child,
  childrenOf,
  findProgram,
  freePort,
  memoryFolder,
  remove,
  runOk,
  startProcess,
  tempFolder,
} from "./process.ts";

export type Postgres = {
  /** The maintenance database; `createDatabase` gives others. */
  url: string;
  port: number;
  dataDir: string;
  /** Where this version's own programs are: psql, pgbench, pg_ctl. */
  binDir: string;
  /** The postmaster; another one after `start`. */
  pid(): number;
  /** An empty database; gives its URL. */
  createDatabase(name: string): Promise<string>;
  /** Nothing answers and nothing closes, as when a machine hangs: connections stay open and silent. */
  freeze(): void;
  thaw(): void;
  /** Dies at once without a checkpoint, as by `pg_ctl stop -m immediate`; `start` then recovers from the log. */
  stopImmediately(): Promise<void>;
  start(): Promise<void>;
  /** Stops and removes everything. */
  stop(): Promise<void>;
};

const superuser = "countersign";

/** `durable: false`: for tests that break nothing, without the flushes. */
export async function startPostgres({ durable = true } = {}): Promise<Postgres> {
  const binDir = findBinaries();
  const as = unprivileged();
  const dataDir = durable ? tempFolder("postgres") : memoryFolder("postgres");
  if (as !== undefined) chownSync(dataDir, as.uid, as.gid);
  await runOk(
    join(binDir, "initdb"),
    // no-sync: only the making of the empty cluster is not flushed; the server itself does
    ["-D", dataDir, "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    { ...as, cwd: dataDir },
  );
  const port = await freePort();
  const url = (database: string) => `postgres://${superuser}@127.0.0.1:${port}/${database}`;
  let server: Child;

  const start = async () => {
    server = startProcess(join(binDir, "postgres"), ["-D", dataDir, "-p", String(port), ...settings(durable)], {
      ...as,
      cwd: dataDir,
    });
    await server.waitForOutput(/database system is ready to accept connections/);
  };
  await start();

  return {
    url: url("postgres"),
    port,
    dataDir,
    binDir,
    pid: () => server.pid,
    createDatabase: async (name) => {
      await createDatabase(url("postgres"), name);
      return url(encodeURIComponent(name));
    },
    freeze: () => {
      // The postmaster first, so that it starts no backend behind our back.
      server.signal("SIGSTOP");
      for (const pid of childrenOf(server.pid)) signalIfThere(pid, "SIGSTOP");
    },
    thaw: () => {
      for (const pid of childrenOf(server.pid)) signalIfThere(pid, "SIGCONT");
      server.signal("SIGCONT");
    },
    // A postmaster takes QUIT as "immediate" and INT as "fast".
    stopImmediately: async () => void (await server.stop({ first: "SIGQUIT" })),
    start,
    stop: async () => {
      await server.stop({ first: "SIGINT" });
      remove(dataDir);
    },
  };
}

/** An empty database, or one like the `template`, in the server that the URL is a database of. */
export async function createDatabase(server: string, name: string, { template }: { template?: string } = {}) {
  const like = template === undefined ? "" : ` template ${pg.escapeIdentifier(template)}`;
  await runSql(server, `create database ${pg.escapeIdentifier(name)}${like}`);
}

export async function runSql(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

const settings = (durable: boolean) =>
  Object.entries({
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    fsync: durable ? "on" : "off",
    synchronous_commit: durable ? "on" : "off",
    full_page_writes: "on",
    ...(!durable && { max_wal_size: "128MB" }), // it is memory
    log_min_messages: "log", // says when it is ready; statements that fail are a test's own business
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

function findBinaries(): string {
  const debian = "/usr/lib/postgresql";
  let versions: string[] = [];
  try {
    versions = readdirSync(debian).toSorted((a, b) => Number(b) - Number(a));
  } catch {
    // not Debian: PATH has it, or nobody has
  }
  const initdb = findProgram(
    "initdb",
    versions.map((version) => join(debian, version, "bin")),
  );
  if (initdb === undefined)
    throw new Error("PostgreSQL's initdb was not found: install postgresql (apt-get install postgresql)");
  return dirname(realpathSync(initdb));
}

/** PostgreSQL refuses to run as root; the account of the package is there with it, nobody everywhere. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string) =>
    Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
  for (const name of ["postgres", "nobody"]) {
    try {
      return { uid: id("-u", name), gid: id("-g", name) };
    } catch {
      // no such account
    }
  }
  throw new Error("PostgreSQL does not run as root and there is no account postgres or nobody");
}

function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // a backend that has just gone needs no signal
  }
}
