/** The program: `countersign <noun> <verb>`. Everything it does is a command; `serve` is one of them. */

import { existsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { program } from "#edges/cli/program.ts";
import { AppError } from "#core/errors.ts";
import { readConfig, unknownVariables, type Config } from "./config.ts";
import about from "../package.json" with { type: "json" };

/** after an error nobody expected, nothing this process says can be trusted; whoever supervises it starts it anew. */
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error: unknown) => {
    process.stderr.write(
      `${JSON.stringify({ level: "fatal", msg: "unexpected error, exiting", reason: error instanceof Error ? (error.stack ?? error.message) : "unknown" })}\n`,
    );
    process.exit(70);
  });

/** Whoever reads may go after a few lines (`| head`), which is no failure; a disk that is full is one. */
for (const stream of [process.stdout, process.stderr])
  stream.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") return;
    process.stderr.write(`the output cannot be written (${code})\n`);
    process.exit(1);
  });

/** The database and what is exported from it, wherever the data folder is. */
const ownOnly = 0o077;

async function openDeps() {
  process.umask(ownOnly);
  const [{ openSystem }, { openLogger }] = await Promise.all([import("./wiring.ts"), import("./logging.ts")]);
  const log = openLogger("error", process.stderr);
  return await openSystem(await readConfig(), { log, simulate: false });
}

/** A checkout builds the pages that are older than their sources; a release carries them. */
async function buildPages(): Promise<void> {
  if (!existsSync(new URL("../tools/pages.ts", import.meta.url))) return;
  const { ensurePages } = await import("../tools/pages.ts");
  ensurePages();
}

/** oidc-provider says, once it is needed, that it does not know the Node that we pin and test; a log of JSON has no place for it. */
function quieten(): void {
  const { warn } = console;
  console.warn = (...said: unknown[]) => {
    if (!String(said[0]).includes("Unsupported runtime")) warn(...said);
  };
}

/** Everybody who saw an evaluation start knows its passwords, and what it sends is a page: neither is for people who are real. */
async function refuseMixing({ data }: Config, evaluation: boolean): Promise<void> {
  const refuse = (what: string) =>
    new AppError("start_refused", `The data folder ${data} holds ${what}: name another one in COUNTERSIGN_DATA.`);
  const holdsSamples = existsSync(join(data, "evaluation.json"));
  if (holdsSamples && !evaluation) throw refuse("an evaluation, whose passwords were printed");
  if (holdsSamples || !evaluation) return;
  const system = await openDeps();
  try {
    const { listPersons } = await import("#actions/people.ts");
    const { people } = await listPersons(system.deps, { limit: 1 });
    if (people.length > 0) throw refuse("people who are no evaluation's, and anybody could read what they are sent");
  } finally {
    await system.close();
  }
}

async function serveUntilStopped({ evaluation }: { evaluation: boolean }): Promise<void> {
  const config = await readConfig();
  await refuseMixing(config, evaluation);
  await buildPages();
  quieten();
  process.umask(ownOnly);
  const [{ serve }, { openLogger }] = await Promise.all([import("./serve.ts"), import("./logging.ts")]);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  // a terminal's Ctrl-C comes twice where npm is between, and the second must not end the stopping
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop());
  const log = openLogger(evaluation ? "warn" : config["log-level"]);
  for (const name of unknownVariables()) log.warn("a variable of the environment is not known here", { name });
  const running = await serve(config, { log, evaluation });
  // Node keeps what it has compiled when it ends, so that a server which is killed each time would start slowly for ever
  flushCompileCache();
  // without a certificate the signal means what it always does: the terminal is gone
  if (config["tls-cert"] !== undefined) process.on("SIGHUP", () => running.reloadCertificate());
  let stopEvaluation: (() => Promise<void>) | undefined;
  if (evaluation) {
    const { prepareEvaluation } = await import("./evaluation.ts");
    const { text, stop: stopSamples } = await prepareEvaluation(running, config);
    stopEvaluation = stopSamples;
    process.stdout.write(text);
  }
  await stopped;
  await stopEvaluation?.();
  await running.stop();
  // a database that says nothing any more does not close its connections either, and they would keep the process
  setTimeout(() => process.exit(), 1000).unref();
}

process.exitCode = await program(process.argv.slice(2), {
  version: about.version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  openDeps,
  socketPath: async () => join((await readConfig()).data, "countersign.sock"),
  serve: serveUntilStopped,
}).catch((error: unknown) => {
  const sentence =
    error instanceof AppError ? (error.detail ?? error.code) : error instanceof Error ? error.message : "failed";
  process.stderr.write(`${sentence}\n`);
  return 1;
});
