// The product as a process that can be killed: in production or as the evaluation, a data folder of its own, driven
// through the command line and the environment alone. Must stay true: ports are the test's own, and what the process was
// stays the same when it is started again.
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { sendCommand } from "#edges/cli/client.ts";
import { peopleCsv } from "../../bench/people.ts";
import { type Child, type Exit, freePort, run, startProcess, tempFolder, waitUntil } from "../support/process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = ["--disable-proto=throw", "--disable-sigusr1", join(root, "src/main.ts")];

/** A program that starts the node, such as strace or faketime with their arguments. */
export type Wrap = readonly string[];
export type Ran = Exit & { output: string; stdout: string };
export type Node = {
  data: string;
  radiusPort: number;
  url: string;
  internalUrl: string;
  env: NodeJS.ProcessEnv;
  /** One `countersign …` command, to its end. */
  cli(args: readonly string[], how?: { input?: string; wrap?: Wrap }): Promise<Ran>;
  /** `cli … --json` that must succeed. */
  ask<T>(args: readonly string[], input?: string): Promise<T>;
  /** A command to the running process by its socket: a process for each would take longer than what it asks. */
  tell<T>(command: string, input?: object, file?: string): Promise<T>;
  /** Starts `countersign serve` and does not wait. */
  spawn(wrap?: Wrap): Child;
  /** Starts it and waits until it says that it is ready; gives how long that took. */
  start(wrap?: Wrap): Promise<number>;
  ready(): Promise<boolean>;
  /** The process that runs, or ran last. */
  child(): Child;
  kill(): Promise<void>;
  stop(): Promise<void>;
};

type Making = {
  data?: string;
  databaseUrl?: string;
  keyFile?: string;
  name?: string;
  logLevel?: "debug" | "info" | "warn" | "error";
  evaluation?: boolean;
};

export async function makeNode(making: Making = {}): Promise<Node> {
  const data = making.data ?? tempFolder("fault");
  const [radiusPort, http, internal] = [await freePort(), await freePort(), await freePort()];
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COUNTERSIGN_"))),
    NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "node"),
    COUNTERSIGN_DATA: data,
    COUNTERSIGN_HTTP: `127.0.0.1:${http}`,
    COUNTERSIGN_INTERNAL: `127.0.0.1:${internal}`,
    COUNTERSIGN_RADIUS: `127.0.0.1:${radiusPort}`,
    COUNTERSIGN_LDAP: "off",
    COUNTERSIGN_PUBLIC_URL: `http://localhost:${http}`,
    COUNTERSIGN_NODE_NAME: making.name ?? "one",
    COUNTERSIGN_LOG_LEVEL: making.logLevel ?? "info",
    ...(making.databaseUrl !== undefined && { COUNTERSIGN_DATABASE_URL: making.databaseUrl }),
    ...(making.keyFile !== undefined && { COUNTERSIGN_KEY_FILE: making.keyFile }),
  };
  const url = `http://127.0.0.1:${http}`;
  let child: Child | undefined;

  const command = (args: readonly string[], wrap: Wrap): [string, string[]] => {
    const [program = "", ...rest] = [...wrap, process.execPath, ...main, ...args];
    return [program, rest];
  };
  const ready = async () => {
    try {
      return (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1000) })).status === 200;
    } catch {
      return false;
    }
  };
  const node: Node = {
    data,
    radiusPort,
    url,
    internalUrl: `http://127.0.0.1:${internal}`,
    env,
    cli: async (args, { input, wrap = [] } = {}) =>
      await run(...command(args, wrap), { env, timeoutMs: 300_000, ...(input !== undefined && { input }) }),
    ask: async <T>(args: readonly string[], input?: string) => {
      const ran = await node.cli([...args, "--json"], input === undefined ? {} : { input });
      if (ran.code !== 0) throw new Error(`${args.join(" ")} ended with ${ran.code}: ${ran.output}`);
      return JSON.parse(ran.stdout) as T;
    },
    tell: async <T>(name: string, input: object = {}, file = "") => {
      const whole = {
        file: Readable.from([Buffer.from(file)]),
        progress: () => undefined,
        write: async () => undefined,
      };
      const call = { command: name, input, ...whole };
      return (await sendCommand(join(data, "countersign.sock"), call)) as T;
    },
    spawn: (wrap = []) => {
      const serve = making.evaluation ? ["serve", "--evaluation"] : ["serve"];
      return (child = startProcess(...command(serve, wrap), { env }));
    },
    start: async (wrap = []) => {
      const before = performance.now();
      const started = node.spawn(wrap);
      await waitUntil(
        "the server to be ready",
        async () => {
          if (!started.running()) throw new Error(`the server ended:\n${started.output().slice(-4000)}`);
          return await ready();
        },
        { everyMs: 5, explain: () => started.output().slice(-4000) },
      );
      const took = performance.now() - before;
      // the command socket opens a moment after the node can decide
      await started.waitForOutput(/"msg":"ready"|Countersign is running/);
      return took;
    },
    ready,
    child: () => child!,
    kill: async () => void (await child?.stop({ first: "SIGKILL" })),
    stop: async () => void (await child?.stop()),
  };
  return node;
}

export const vpn = { name: "vpn", secret: "a shared secret of 32 octets and more for faults" };

/** A RADIUS client on this machine whose User-Password is the code. */
export async function addVpn(node: Node, more: readonly string[] = ["--first-factor", "none"]): Promise<void> {
  const client = ["radius-client", "add", "--name", vpn.name, "--address", "127.0.0.1", "--secret-file", "-"];
  await node.ask([...client, ...more], vpn.secret);
}

/** People as bench/people.ts numbers them. */
export async function importPeople(node: Node, count: number): Promise<void> {
  const imported = await node.ask<{ accepted: number }>(["user", "import", "-"], peopleCsv(count));
  if (imported.accepted !== count) throw new Error(`${imported.accepted} of ${count} people were imported`);
}

/** A group of nodes on one database, sharing one master key; none is started. */
export async function makeGroup(
  databaseUrl: string,
  { nodes: count, people }: { nodes: number; people: number },
): Promise<Node[]> {
  const shared = tempFolder("fault-key");
  const keyFile = join(shared, "master.key");
  const nodes: Node[] = [];
  for (let index = 0; index < count; index++)
    nodes.push(await makeNode({ databaseUrl, keyFile, name: `node-${index}` }));
  await importPeople(nodes[0]!, people);
  await addVpn(nodes[0]!);
  return nodes;
}

/** A data folder with people and a client, to be copied; nothing runs in it. */
export async function makeTemplate(people: number): Promise<string> {
  const node = await makeNode();
  await importPeople(node, people);
  await addVpn(node);
  return node.data;
}
