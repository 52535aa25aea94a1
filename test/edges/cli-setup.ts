// The command line as a person uses it, over a store of its own: in this process, or through a real socket.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { liveSettings } from "#actions/live-settings.ts";
import { program } from "#edges/cli/program.ts";
import { serveCommands } from "#edges/cli/socket.ts";
import { world, type World } from "../support/world.ts";

export type Cli = Awaited<ReturnType<typeof start>>;

/** One for each test of the file; what it gives is there while a test runs. */
export function eachCli(): () => Cli {
  let cli: Cli | undefined;
  beforeEach(async () => {
    cli = await start();
  });
  afterEach(async () => await cli?.close());
  return () => cli!;
}

async function start() {
  const here: World = await world();
  const folder = mkdtempSync(join(tmpdir(), "countersign-cli-"));
  Object.assign(here.deps, { settings: await liveSettings(here.deps.db, here.deps.log) });
  const socket = join(folder, "countersign.sock");
  const served: { evaluation: boolean }[] = [];
  const stops: (() => Promise<void>)[] = [];
  let opened = 0;

  async function run(args: string[], { stdin = "" } = {}) {
    let stdout = "";
    let stderr = "";
    async function* input() {
      yield Buffer.from(stdin);
    }
    const exit = await program(args, {
      version: "1.2.3",
      stdin: input(),
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      socketPath: async () => socket,
      openDeps: async () => {
        opened += 1;
        return { deps: here.deps, close: async () => undefined };
      },
      serve: async (options) => void served.push(options),
    });
    return { exit, stdout, stderr };
  }

  return {
    here,
    socket,
    served,
    /** how often a command opened the store itself */
    opened: () => opened,
    serve: async () => {
      const server = await serveCommands(here.deps, { path: socket, changed: async () => undefined });
      stops.push(() => server.stop());
    },
    /** One command line: its exit code and what it printed. */
    run,
    json: async (args: string[], given?: { stdin?: string }) =>
      JSON.parse((await run([...args, "--json"], given)).stdout) as Record<string, never>,
    file: (name: string, text: string | Uint8Array) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    close: async () => {
      for (const stop of stops) await stop();
      await here.close();
      rmSync(folder, { recursive: true });
    },
  };
}
