// Child processes, ports and folders for tests and benches. What must stay true: whatever is started or made here is
// gone when the process that asked for it ends, also when a test fails, times out or is interrupted.
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import type { EventEmitter } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export type Exit = { code: number | null; signal: NodeJS.Signals | null };
export type Child = {
  pid: number;
  exited: Promise<Exit>;
  running(): boolean;
  /** Standard output and error, in the order they arrived. */
  output(): string;
  stdout(): string;
  /** Resolves with the match once the output has it; fails when the child ends first or the time is up. */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** TERM (or `first`), then KILL when it has not ended after `graceMs`. Stopping twice is harmless. */
  stop(how?: { first?: NodeJS.Signals; graceMs?: number }): Promise<Exit>;
};
export type StartOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** Written to standard input, which is closed after it. */
  input?: string;
};

const living = new Set<ChildProcess>();
const litter = new Set<string>();

function leaveNothing(): void {
  // A stopped (SIGSTOP) child still dies of KILL; nothing gentler is possible in an exit handler.
  for (const child of living) child.kill("SIGKILL");
  for (const path of litter) remove(path);
}

process.once("exit", leaveNothing);
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(name, () => {
    leaveNothing();
    process.kill(process.pid, name); // our handler is gone, so this ends us the way the sender meant
  });
}

/** Starts a program without a shell. Its output is collected, not shown. */
export function startProcess(command: string, args: readonly string[], options: StartOptions = {}): Child {
  const { input, ...rest } = options;
  const child = spawn(command, args, { ...rest, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.on("error", () => {}); // it ended without reading: its exit code tells
  child.stdin.end(input ?? "");
  living.add(child);

  let ended: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    const end = (exit: Exit) => {
      living.delete(child);
      resolve((ended ??= exit));
    };
    child.once("error", (error) => {
      output += String(error);
      end({ code: null, signal: null });
    });
    child.once("close", (code, signal) => end({ code, signal }));
  });

  const said = () => `${command} ${args.join(" ")}\n${output.slice(-4000)}`;
  const waitForOutput = (pattern: RegExp, timeoutMs = 30_000) =>
    waitUntil(
      `${String(pattern)} from ${command}`,
      () => {
        const match = pattern.exec(output);
        if (match === null && ended !== undefined) throw new Error(`ended before ${String(pattern)}: ${said()}`);
        return match;
      },
      { timeoutMs, explain: said },
    );

  const stop: Child["stop"] = async ({ first = "SIGTERM", graceMs = 10_000 } = {}) => {
    child.kill(first);
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };

  return {
    pid: child.pid ?? -1,
    exited,
    running: () => ended === undefined,
    output: () => output,
    stdout: () => stdout,
    waitForOutput,
    signal: (name) => void child.kill(name),
    stop,
  };
}

/** Runs a program to its end and hands back what it said, whatever its exit code; too slow is an error. */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions & { timeoutMs?: number } = {},
): Promise<Exit & { output: string; stdout: string }> {
  const { timeoutMs = 60_000, ...rest } = options;
  const child = startProcess(command, args, rest);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.signal("SIGKILL");
  }, timeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`${command} took over ${timeoutMs} ms:\n${child.output().slice(-4000)}`);
  return { ...exit, output: child.output(), stdout: child.stdout() };
}

/** `run` for a program that must succeed: gives its standard output, throws with what it said when it failed. */
export async function runOk(
  command: string,
  args: readonly string[],
  options: StartOptions & { timeoutMs?: number } = {},
): Promise<string> {
  const { code, signal, output, stdout } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}:\n${output.slice(-4000)}`);
  return stdout;
}

/** Asks again and again until the answer is something, then gives that answer. */
export async function waitUntil<T>(
  what: string,
  ask: () => T | Promise<T>,
  {
    timeoutMs = 30_000,
    everyMs = 10,
    explain = () => "",
  }: {
    timeoutMs?: number;
    everyMs?: number;
    explain?: () => string;
  } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}\n${explain()}`);
    await delay(everyMs);
  }
}

const given = new Set<number>();

/**
 * A port of 127.0.0.1 that is free for TCP and for UDP now, and that this process has not given away before. Below those
 * that the system gives to outgoing connections (32768 on Linux), or one of a browser's has it before it is listened at;
 * above 10080, which browsers refuse.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(11_000, 32_768);
    const tcp = createServer();
    const udp = createSocket("udp4");
    const isFree = (socket: EventEmitter, bind: (done: () => void) => unknown) =>
      new Promise<boolean>((resolve) => {
        socket.once("error", () => resolve(false));
        bind(() => resolve(true));
      });
    const tcpFree = await isFree(tcp, (done) => tcp.listen(port, "127.0.0.1", done));
    const udpFree = await isFree(udp, (done) => udp.bind(port, "127.0.0.1", done));
    if (tcpFree) await new Promise((resolve) => tcp.close(resolve));
    udp.close();
    if (tcpFree && udpFree && !given.has(port)) {
      given.add(port);
      return port;
    }
  }
}

/** A private folder under the system's temporary folder. */
export function tempFolder(name: string): string {
  return folderIn(tmpdir(), name);
}

/**
 * The same in memory, where there is room: for what no test pulls the plug on. On ext4 most of the time of a PostgreSQL that makes
 * and drops a database for each test goes into the search for a place for its files.
 */
export function memoryFolder(name: string): string {
  return folderIn(roomInMemory() > 1e9 ? memory : tmpdir(), name);
}

const memory = "/dev/shm";

function roomInMemory(): number {
  if (!existsSync(memory)) return 0;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize;
}

function folderIn(parent: string, name: string): string {
  const folder = mkdtempSync(join(parent, `countersign-${name}-`));
  removeAtExit(folder);
  return folder;
}

/** For what must lie elsewhere than in a `tempFolder`. */
export function removeAtExit(path: string): void {
  litter.add(path);
}

export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
  litter.delete(path);
}

/** Where a program is: PATH, then `more` folders (daemons live in sbin, which is seldom in a person's PATH). */
export function findProgram(name: string, more: readonly string[] = ["/usr/sbin", "/sbin"]): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...more]
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The processes that `pid` started itself (Linux). */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
