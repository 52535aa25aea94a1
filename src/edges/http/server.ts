/**
 * The HTTP server: one listener for people and applications, one for operators. Must stay true: metrics and API documents
 * are never on the listener that people reach.
 */

import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { authenticator } from "#actions/api-keys.ts";
import type { Deps } from "#actions/deps.ts";
import type { Phones } from "#actions/phones.ts";
import { authenticatorRoutes } from "../authenticator/routes.ts";
import { deviceRoutes } from "../device/routes.ts";
import { callbackRoutes, type CallbackCounts } from "../callbacks/routes.ts";
import { forwardAuthRoutes } from "../forward-auth/routes.ts";
import { helpRoutes } from "../help/help.ts";
import { applicationRoutes } from "./applications.ts";
import { authenticatorApiRoutes } from "./authenticators.ts";
import { blockRoutes } from "./blocks.ts";
import { certificateReload, readCertificate, type CertificateFiles } from "./certificate.ts";
import { gatewayRoutes } from "./gateways.ts";
import { helpDeskRoutes } from "./help-desk.ts";
import { authenticateAll } from "./keyed.ts";
import { listener } from "./listener.ts";
import { mailRoutes } from "../mail/mailboxes.ts";
import { phoneRoutes } from "../phone/routes.ts";
import { assetRoutes } from "./pages.ts";
import { sendProblem } from "./problem.ts";
import { registrationRoutes } from "./registrations.ts";
import { oidcRoutes } from "../oidc/routes.ts";
import { meRoutes } from "../me/routes.ts";
import { signInRoutes } from "../sign-in/routes.ts";
import { tokenRoutes } from "./tokens.ts";
import { verificationRoutes } from "./verifications.ts";
import { recordingRoutes, voiceRoutes } from "./voice.ts";

export type Address = { host: string; port: number };
export type HttpOptions = {
  people: Address | undefined;
  internal: Address | undefined;
  /** people's listener speaks TLS with these; none: plain HTTP */
  tls?: CertificateFiles | undefined;
  publicUrl: string;
  /** who may say where a request comes from, and ask about requests to protected sites (forward-auth) */
  trustedProxies: readonly string[];
  ready: () => boolean;
  /** what is amiss, for operators */
  reasons: () => readonly string[];
  metrics: () => Promise<string>;
  /** counts what becomes of carriers' callbacks */
  callbacks?: CallbackCounts | undefined;
  /** the evaluation's simulated phones; none: this is production */
  phones?: Phones | undefined;
  webDist: URL;
};
/** The addresses as bound: a port that was 0 is known now. */
export type HttpServer = {
  people?: Address;
  internal?: Address;
  /** takes the certificate that lies in the files now */
  reloadCertificate: () => void;
  stop: () => Promise<void>;
};

const openApi = new URL("../../../generated/openapi.json", import.meta.url);

export async function serveHttp(deps: Deps, options: HttpOptions): Promise<HttpServer> {
  const stopping = new AbortController();
  const apps: FastifyInstance[] = [];
  let reloadCertificate: HttpServer["reloadCertificate"] = () => undefined;
  const open = async (
    address: Address,
    routes: (app: FastifyInstance) => void | Promise<void>,
    tls?: CertificateFiles,
  ) => {
    const certificate = tls && readCertificate(tls);
    const app = listener(deps, { ...options, internal: routes === operators, certificate });
    if (tls && certificate)
      reloadCertificate = certificateReload(deps, { server: app.server as Server, files: tls, first: certificate });
    await routes(app);
    apps.push(app);
    await app.listen(address);
    return { host: address.host, port: (app.server.address() as AddressInfo).port };
  };
  const stop = async () => {
    stopping.abort();
    await Promise.all(apps.map((app) => app.close()));
  };
  const operators = (app: FastifyInstance) => internalRoutes(app, options);
  try {
    const { people, internal, tls } = options;
    const routes = (app: FastifyInstance) => peopleRoutes(app, deps, { ...options, stopping: stopping.signal });
    return {
      ...(people && { people: await open(people, routes, tls) }),
      ...(internal && { internal: await open(internal, operators) }),
      reloadCertificate: () => reloadCertificate(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const apiRoutes = [
  verificationRoutes,
  registrationRoutes,
  helpDeskRoutes,
  blockRoutes,
  authenticatorApiRoutes,
  applicationRoutes,
  gatewayRoutes,
  voiceRoutes,
  tokenRoutes,
];

function peopleRoutes(app: FastifyInstance, deps: Deps, options: HttpOptions & { stopping: AbortSignal }): void {
  const { phones, webDist, publicUrl, stopping, ready, callbacks = {} } = options;
  const api = { deps, keys: authenticator(deps), publicUrl, stopping };
  app.register(async (scope) => {
    // a node whose clock or database is not right decides nothing
    scope.addHook("onRequest", (_request, reply, done) => {
      if (ready()) done();
      else sendProblem(reply, 503);
    });
    // of its own, since it authenticates whatever is in its scope
    scope.register(async (keyed) => {
      authenticateAll(keyed, api);
      for (const routes of apiRoutes) routes(keyed, api);
    });
    meRoutes(scope, deps, { publicUrl, webDist });
    callbackRoutes(scope, deps, { counts: callbacks });
    deviceRoutes(scope, deps, { stopping });
  });
  signInRoutes(app, deps, { publicUrl, stopping, ready });
  forwardAuthRoutes(app, deps, options);
  helpRoutes(app, deps, { publicUrl });
  recordingRoutes(app, deps);
  oidcRoutes(app, deps, { publicUrl, ready });
  authenticatorRoutes(app, deps, { webDist });
  assetRoutes(app, webDist);
  if (!phones) {
    app.get("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(plainPage));
    return;
  }
  app.get("/", (_request, reply) => reply.redirect("/phone"));
  mailRoutes(app, deps, { publicUrl });
  phoneRoutes(app, deps, { phones, publicUrl, webDist, stopping });
}

function internalRoutes(app: FastifyInstance, { metrics }: HttpOptions): void {
  // a third of a megabyte that is hardly ever asked for, so it is not kept
  app.get("/api/openapi.json", async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(await readFile(openApi)),
  );
  app.get("/metrics", async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(await metrics()),
  );
}

const plainPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Countersign</title></head>
<body><h1>Countersign</h1><p>This address serves applications. There is nothing to do here.</p></body></html>
`;
