/**
 * The command line: `countersign <noun> <verb>`. A command is carried out by the running server, or here when none runs.
 * Exit codes: 0 done, 1 refused, 2 wrong usage. Must stay true: no secret is ever an argument, and a command to a running
 * server loads nothing of the server.
 */

import { open, stat, writeFile, type FileHandle } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { AppError } from "#core/errors.ts";
import type { Deps } from "#actions/deps.ts";
import { applicationVerbs } from "./application-verbs.ts";
import { blockVerbs } from "./block-verbs.ts";
import { deviceVerbs } from "./device-verbs.ts";
import { sendCommand, type Outgoing } from "./client.ts";
import { directoryVerbs } from "./directory-verbs.ts";
import { gatewayVerbs } from "./gateway-verbs.ts";
import { helpDeskVerbs } from "./help-desk-verbs.ts";
import { passkeyVerbs } from "./passkey-verbs.ts";
import { peopleVerbs } from "./people-verbs.ts";
import { siteVerbs } from "./site-verbs.ts";
import { systemVerbs } from "./system-verbs.ts";
import { tokenHealthVerbs } from "./token-health-verbs.ts";
import { tokenVerbs } from "./token-verbs.ts";
import type { Verb } from "./verb.ts";
import { voiceVerbs } from "./voice-verbs.ts";

export type Io = {
  version: string;
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: Output;
  stderr: Output;
  socketPath: () => Promise<string>;
  openDeps: () => Promise<{ deps: Deps; close(): Promise<void> }>;
  serve: (options: { evaluation: boolean }) => Promise<void>;
};
type Output = { write(text: string): unknown; isTTY?: boolean };

const secretBytes = 65_536;

/** Carries out one command line (without the program's own name) and gives its exit code. */
export async function program(argv: readonly string[], io: Io): Promise<number> {
  let exit = 0;
  const root = new Command("countersign")
    .description("Self-hosted multi-factor authentication.")
    .version(io.version, "--version", "which version this is")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // of a wrong usage, too, a script reads the answer where it reads all others
      outputError: (text, write) =>
        argv.includes("--json")
          ? refuse(io, new AppError("usage", text.trim().replace(/^error: /, "")), true)
          : write(text),
    });
  root
    .command("serve")
    .description("run the server")
    .option("--evaluation", "with sample people, simulated phones and a sample application")
    .addHelpText("after", "\nExample:\n  countersign serve")
    .action(async (options: { evaluation?: boolean }) => {
      await io.serve({ evaluation: options.evaluation ?? false });
    });
  for (const verb of [
    ...peopleVerbs,
    ...passkeyVerbs,
    ...tokenVerbs,
    ...tokenHealthVerbs,
    ...helpDeskVerbs,
    ...blockVerbs,
    ...deviceVerbs,
    ...applicationVerbs,
    ...siteVerbs,
    ...directoryVerbs,
    ...gatewayVerbs,
    ...voiceVerbs,
    ...systemVerbs,
  ])
    define(root, verb).action(async (...given) => {
      const done = given.at(-1) as Command;
      exit = await carryOut(io, verb, done);
    });
  defineHelp(root);
  try {
    await root.parseAsync(argv, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** Of a verb too, as people write it: the library's own looks at the first word alone, and is silent about a wrong one. */
function defineHelp(root: Command): void {
  root
    .helpCommand(false)
    .command("help [command...]")
    .description("display help for command")
    .action((words: string[]) =>
      words
        .reduce(
          (under, word) =>
            under.commands.find((one) => one.name() === word) ?? root.error(`error: unknown command '${word}'`),
          root,
        )
        .outputHelp(),
    );
}

const nouns: Record<string, string> = {
  user: "people",
  method: "people's methods",
  "passkey-domain": "the host name that passkeys belong to",
  token: "hardware tokens",
  device: "where people have the authenticator app",
  "radius-client": "who may ask by RADIUS",
  directory: "where people and their passwords are, beside here",
  gateway: "whoever carries texts and calls",
  "voice-message": "what is said on calls",
  "api-key": "who may ask by REST",
  application: "who signs people in with OpenID Connect",
  site: "web applications behind a proxy that asks us",
  oidc: "keys that sign what applications are told",
  settings: "what may change while the server runs",
  log: "sign-ins and changes",
  phone: "simulated phones of the evaluation",
  mail: "simulated mailboxes of the evaluation",
};

function define(root: Command, { path, summary, example, define: more }: Verb): Command {
  const words = path.split(" ");
  const last = words.pop()!;
  const parent = words.reduce(
    (under, word) =>
      under.commands.find((one) => one.name() === word) ?? under.command(word).description(nouns[word] ?? ""),
    root,
  );
  const made = parent
    .command(last)
    .description(summary)
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nExample:\n  ${example}`);
  return more ? more(made) : made;
}

async function carryOut(io: Io, verb: Verb, written: Command): Promise<number> {
  const { json = false, progress = false, ...options } = written.opts<Common>();
  const args = (written.processedArgs as (string | undefined)[]).filter((arg) => arg !== undefined);
  const say = progressOn(io, progress);
  let file: File = nothing();
  const made = fileAt(verb.writeTo?.(args));
  try {
    const [from, to] = [verb.file?.(args, options), verb.saveTo?.(options)];
    if (await areSame(from, to)) throw new AppError("usage", `${to} is the file that is read`);
    const input = await verb.input(args, options, (path) => readSecret(io, path));
    file = await openFile(io, from);
    const outgoing = { command: verb.command, input, file, progress: say.line, write: made.write };
    const answer = (await sendCommand(await io.socketPath(), outgoing)) ?? (await performHere(io, outgoing));
    say.end();
    const show = json ? JSON.stringify : (result: object) => verb.show(result as Shown);
    return await tellAndSave(io, answer, { show, to });
  } catch (error) {
    say.end();
    if (!(error instanceof AppError)) throw error;
    return refuse(io, error, json);
  } finally {
    await made.close();
    // one that nobody has read to its end is still open
    file.destroy?.();
  }
}
type File = AsyncIterable<Uint8Array> & { destroy?: () => unknown };

type Telling = { show: (result: object) => string; to: string | undefined };

async function tellAndSave(io: Io, answer: object, { show, to }: Telling): Promise<number> {
  const { errorFile, ...result } = answer as { errorFile?: string };
  const exit = tell(io, result, show(result));
  const unsaved = await save(errorFile, to);
  if (unsaved) io.stderr.write(`${to} cannot be written (${unsaved}); what is said above stands\n`);
  return unsaved ? 1 : exit;
}

/** A file that the result brings is the caller's to keep, and no part of what is printed; gives why it could not be written. */
async function save(file: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (path === undefined || file === undefined) return undefined;
  return await writeFile(path, file, { mode: 0o600 }).then(
    () => undefined,
    (error: { code?: string }) => error.code ?? "failed",
  );
}

async function areSame(from: string | undefined, to: string | undefined): Promise<boolean> {
  if (from === undefined || to === undefined) return false;
  const [one, other] = await Promise.all([from, to].map((path) => stat(path).catch(() => undefined)));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

type Common = { json?: boolean; progress?: boolean };
type Shown = Parameters<Verb["show"]>[0];

function tell(io: Io, { error, ok = true }: Failure, text: string): number {
  if (text !== "") io.stdout.write(`${text}\n`);
  if (error) io.stderr.write(`${error.message}\n`);
  return error || !ok ? 1 : 0;
}

function refuse(io: Io, { code, message }: AppError, json: boolean): number {
  if (json) io.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else io.stderr.write(`${message}\n`);
  return code === "usage" ? 2 : 1;
}

/** A result that says that nothing was done, or that what was looked at is not in order. */
type Failure = { error?: { message: string }; ok?: boolean };

async function performHere(io: Io, { command, input, ...extra }: Outgoing): Promise<object> {
  const [{ perform }, here] = await Promise.all([import("./commands.ts"), io.openDeps()]);
  try {
    return await perform(here.deps, { command, input }, extra);
  } finally {
    await here.close();
  }
}

async function* nothing() {}

async function* bytesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

/** Begun with its first part, so that a command that is refused leaves what was there. */
function fileAt(path: string | undefined) {
  let handle: FileHandle | undefined;
  return {
    write: async (text: string) => {
      if (path === undefined) return;
      handle ??= await open(path, "w", 0o600).catch((error: { code?: string }) => {
        throw new AppError("not_found", `${path} cannot be written (${error.code})`, error);
      });
      // all of it: a single write may stop where the disk is full
      await handle.appendFile(text);
    },
    close: async () => await handle?.close(),
  };
}

async function openFile(io: Io, path: string | undefined): Promise<File> {
  if (path === undefined) return nothing();
  if (path === "-") return bytesOf(io.stdin);
  try {
    const handle = await open(path);
    return handle.createReadStream() as File;
  } catch (error) {
    throw new AppError("not_found", `${path} cannot be read (${(error as { code?: string }).code})`, error);
  }
}

async function readSecret(io: Io, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of await openFile(io, path)) {
    length += chunk.length;
    if (length > secretBytes) throw new AppError("invalid", `${path} is too long for a secret`);
    chunks.push(chunk);
  }
  try {
    // a byte order mark is no part of it
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, "");
  } catch (error) {
    throw new AppError("invalid", `${path} is not in UTF-8`, error);
  }
}

/** Long work is told of on standard error, where a person looks or when asked for. */
function progressOn({ stderr }: Io, wanted: boolean) {
  let open = false;
  return {
    line: (line: string) => {
      if (!stderr.isTTY && !wanted) return;
      stderr.write(stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
      open = stderr.isTTY ?? false;
    },
    end: () => {
      if (open) stderr.write("\n");
      open = false;
    },
  };
}
