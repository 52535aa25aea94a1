/** A running server: the system, its edges and its jobs, started in order and stopped in the other. */

import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { serveCommands } from "#edges/cli/socket.ts";
import { serveHttp } from "#edges/http/server.ts";
import { serveRadius, type RadiusServer } from "#edges/radius/server.ts";
import { AppError } from "#core/errors.ts";
import { checkPasskeyDomain } from "#actions/passkey-domain.ts";
import type { Deps, Logger } from "#actions/deps.ts";
import type { Phones } from "#actions/phones.ts";
import { pushCounts } from "#actions/web-push.ts";
import { expand, shownAddress, type Config } from "./config.ts";
import { health, type Health } from "./health.ts";
import { jobs, runJobs, type Job } from "./jobs.ts";
import { metrics } from "./metrics.ts";
import { openSystem } from "./wiring.ts";

export type Running = {
  deps: Deps;
  /** the evaluation's */
  phones: Phones | undefined;
  /** sees what was changed in the database now, and not within seconds */
  reload: () => Promise<void>;
  /** takes a renewed certificate */
  reloadCertificate(): void;
  stop(): Promise<void>;
};
type Stop = () => Promise<unknown>;

export async function serve(
  config: Config,
  { log, evaluation }: { log: Logger; evaluation: boolean },
): Promise<Running> {
  const stops: Stop[] = [];
  const stop = async () => {
    for (const one of stops.toReversed()) await one();
  };
  try {
    const system = await openSystem(config, { log, simulate: evaluation });
    const { deps, phones } = system;
    stops.push(() => system.close());
    await checkPasskeyDomain(deps);
    const state = health(deps);
    await state.check();
    const { reloadCertificate, reload } = await startEdges({ config, deps, phones, state, stops });
    const { http, internal, radius } = config;
    const listens = { http: shownAddress(http), internal: shownAddress(internal), radius: shownAddress(radius) };
    log.info("ready", { node: deps.db.node.name, database: deps.db.kind, ...listens });
    // each of its messages is tried for half a day, and what fails is told without a reason: it may hold what was sent
    if (!evaluation && config["smtp-host"] === undefined)
      log.warn("no mail server is set up (smtp-host): whoever has an e-mail address gets no notices");
    return { deps, phones, reload, reloadCertificate, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw refused(error);
  }
}

type Starting = { config: Config; deps: Deps; phones: Phones | undefined; state: Health; stops: Stop[] };

async function startEdges({
  config,
  deps,
  phones,
  state,
  stops,
}: Starting): Promise<Pick<Running, "reload" | "reloadCertificate">> {
  const ending = new AbortController();
  let radius: RadiusServer | undefined;
  if (config.radius) {
    const server = await serveRadius(deps, { addresses: expand(config.radius), ready: state.ready });
    radius = server;
    stops.push(() => server.stop());
  }
  // before HTTP says that this node is ready: a command then finds the server
  const reload = async () => {
    await deps.settings.reload();
    await radius?.reload();
  };
  const socket = join(config.data, "countersign.sock");
  // 0600 from birth: whoever can open the socket administers the system
  const mask = process.umask(0o177);
  const commands = await serveCommands(deps, { path: socket, changed: reload }).finally(() => process.umask(mask));
  stops.push(async () => {
    await commands.stop();
    try {
      unlinkSync(socket);
    } catch {
      // the next start does it
    }
  });
  const callbacks = {};
  const http = await serveHttp(deps, {
    people: config.http,
    internal: config.internal,
    tls: certificateFiles(config),
    publicUrl: config["public-url"],
    // in the evaluation a proxy on this machine may be tried at once
    trustedProxies: phones ? [...config["trusted-proxies"], "127.0.0.1", "::1"] : config["trusted-proxies"],
    ready: state.ready,
    reasons: state.reasons,
    phones,
    metrics: metrics({ radius: () => radius, callbacks, pushes: () => pushCounts(deps), state }),
    callbacks,
    webDist: new URL("../web/dist/", import.meta.url),
  });
  stops.push(() => http.stop());
  const checks: Job = { name: "health", everyMs: 1000, run: state.check, always: true };
  const renewed = async () => http.reloadCertificate();
  const certificate: Job = { name: "certificate", everyMs: 60_000, run: renewed, always: true };
  const around = { data: config.data, publicUrl: config["public-url"], reload };
  const all = [checks, certificate, ...jobs(deps, around)];
  const running = runJobs(deps, all, { ready: state.ready, signal: ending.signal });
  stops.push(async () => {
    state.stop();
    ending.abort();
    await running;
  });
  return { reload, reloadCertificate: () => http.reloadCertificate() };
}

function certificateFiles({ "tls-cert": cert, "tls-key": key }: Config) {
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** One clear sentence for what an administrator can mend. */
function refused(error: unknown): unknown {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === "EADDRINUSE")
    return new AppError("start_refused", `Port ${port} of ${address} is taken by another program.`, error);
  if (code === "EACCES")
    return new AppError("start_refused", `Port ${port} of ${address} may not be opened by this user.`, error);
  if (code === "ECONNREFUSED" || code === "ENOTFOUND")
    return new AppError("start_refused", "The database cannot be reached: check database-url.", error);
  return error;
}
