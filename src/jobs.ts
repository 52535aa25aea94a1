import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { writeAnchors } from "#actions/anchors.ts";
import { finishCalls } from "#actions/calls.ts";
import { deliverDue } from "#actions/deliver.ts";
import type { Deps } from "#actions/deps.ts";
import { noteUse } from "#actions/gateways.ts";
import { cleanImports } from "#actions/imports.ts";
import { watchDestinations } from "#actions/destinations.ts";
import { keepSigningKeys } from "#actions/oidc-keys.ts";
import { deliverLogouts } from "#actions/oidc-logout.ts";
import { retain } from "#actions/retention.ts";
import { noteDrift } from "#actions/token-health.ts";

/**
 * What the system does by itself: a name, how often, which action. A job that fails is logged and tried again in its turn.
 * Must stay true: while this node is not ready its clock may be wrong by years, and whatever goes by the clock waits, or it
 * would remove what every node still needs. Only a job that names no time may say `always`.
 */

export type Job = { name: string; everyMs: number; run: () => Promise<unknown>; always?: true };

const second = 1000;
const minute = 60 * second;

type Around = { data: string; publicUrl: string; reload: () => Promise<void> };

export function jobs(deps: Deps, { data, publicUrl, reload }: Around): Job[] {
  return [
    { name: "outbox", everyMs: 2 * second, run: () => deliverDue(deps) },
    { name: "calls", everyMs: 2 * second, run: () => finishCalls(deps) },
    // what another node of the group, or a command beside this process, has changed
    { name: "reload", everyMs: 3 * second, run: reload, always: true },
    { name: "presence", everyMs: 60 * minute, run: () => deps.db.present(), always: true },
    { name: "logouts", everyMs: 2 * second, run: () => deliverLogouts(deps, { issuer: new URL(publicUrl).origin }) },
    { name: "signing keys", everyMs: 60 * minute, run: () => keepSigningKeys(deps) },
    { name: "use of messages", everyMs: minute, run: () => noteUse(deps) },
    { name: "anchors", everyMs: 5 * minute, run: () => anchor(deps, data) },
    { name: "retention", everyMs: 60 * minute, run: () => retain(deps) },
    { name: "tokens' clocks", everyMs: 60 * minute, run: () => noteDrift(deps) },
    { name: "destinations", everyMs: minute, run: () => watchDestinations(deps) },
    { name: "imports", everyMs: 60 * minute, run: () => cleanImports(deps) },
  ];
}

/** The heads of all chains, in a file and in the log, so that a cut tail shows. */
async function anchor(deps: Deps, data: string): Promise<void> {
  for (const line of await writeAnchors(deps)) {
    appendLine(join(data, "anchors.log"), line);
    deps.log.info("audit anchor", { anchor: line });
  }
}

/** What a full disk or a power cut has left of the last line goes first, or it would spoil the next. */
export function appendLine(path: string, line: string): void {
  const file = openSync(path, "a+", 0o600);
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, 4096));
    readSync(file, tail, { position: size - tail.length });
    const rest = tail.length - (tail.lastIndexOf("\n") + 1);
    if (rest > 0) ftruncateSync(file, size - rest);
    appendFileSync(file, `${line}\n`);
  } finally {
    closeSync(file);
  }
}

type Running = { ready: () => boolean; signal: AbortSignal };

/** Runs each job as soon as it may and then at its pace, never twice at once; ends when the signal aborts. */
export function runJobs(
  { clock, log }: Pick<Deps, "clock" | "log">,
  list: Job[],
  { ready, signal }: Running,
): Promise<unknown> {
  const loop = async ({ name, everyMs, run, always }: Job) => {
    while (!signal.aborted) {
      const may = always === true || ready();
      if (may)
        await run().catch((error: unknown) => {
          log.error("a job failed", { job: name, reason: error instanceof Error ? error.message : "unknown" });
        });
      await clock.sleep(may ? everyMs : second, signal);
    }
  };
  return Promise.all(list.map(loop));
}
