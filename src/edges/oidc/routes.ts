/**
 * OpenID Connect at its addresses: discovery at the root, everything else under /oidc/. Must stay true: the library believes
 * our configuration about where it is, and nothing that a request says.
 */

import cookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Provider } from "oidc-provider";
import { findApplication } from "#actions/applications.ts";
import type { Deps } from "#actions/deps.ts";
import { loadSigningKeys } from "#actions/oidc-keys.ts";
import { judge } from "#actions/oidc-sign-in.ts";
import { newToken } from "#actions/sessions.ts";
import { startSignIn } from "#actions/sign-in.ts";
import { serverPagePolicy } from "../http/headers.ts";
import { sendProblem } from "../http/problem.ts";
import { cookiesFor, type Cookies } from "../sign-in/cookies.ts";
import { limitCrowd } from "../sign-in/crowding.ts";
import { sendErrorPage, type PageErrorName } from "../sign-in/errors.ts";
import { lookOf } from "../sign-in/look.ts";
import { paths, targetOf } from "./addresses.ts";
import { remember } from "./exchange.ts";
import { askedIn, type Details, type Params } from "./asked.ts";

type Options = { publicUrl: string; ready: () => boolean };
type Around = { deps: Deps; cookies: Cookies; publicUrl: string; provider: () => Promise<Provider> };

const leaveScript = "document.forms[0].submit();\n";

export function oidcRoutes(app: FastifyInstance, deps: Deps, { publicUrl, ready }: Options): void {
  const issuer = new URL(publicUrl).origin;
  const cookies = cookiesFor(publicUrl, () => newToken(deps));
  const around: Around = { deps, cookies, publicUrl, provider: currentProvider(deps, issuer) };
  app.register(async (scope) => {
    await scope.register(cookie);
    limitCrowd(scope, around, ({ url }) => !serverPaths.test(url));
    // the library reads bodies itself
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.addHook("onRequest", async (request, reply) => {
      if (!ready()) return sendProblem(reply, 503);
      ownAddress(request.raw, publicUrl);
      return undefined;
    });
    scope.get<{ Params: { uid: string } }>(
      `${paths.interaction}/:uid`,
      async (request, reply) => await interact(around, { request, reply }, request.params.uid),
    );
    scope.get(paths.leave, (_request, reply) => reply.type("text/javascript; charset=utf-8").send(leaveScript));
    for (const url of [...paths.discovery, "/oidc/*"])
      scope.route({
        method: ["GET", "POST", "OPTIONS"],
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => await speak(around, { request, reply }),
      });
  });
}

/** What applications ask for themselves, many people's from one address; the rest comes from browsers. */
const serverPaths = /^\/(?:\.well-known|oidc\/(?:token|userinfo|jwks|revoke|leave\.js)(?:$|\?))/;

/**
 * The library with the keys as they stand, read when it is asked for and its keys have been known for this long. In-flight
 * requests end with the one that they began with: all that it keeps is in the database.
 */
const knownMs = 3000;

function currentProvider(deps: Deps, issuer: string): () => Promise<Provider> {
  let current: { provider: Provider; keys: string; at: number } | undefined;
  let reading: Promise<void> | undefined;
  const read = async () => {
    const at = deps.clock.now();
    // half a second of loading that a server without such applications need not wait for
    const [{ newProvider }, keys] = await Promise.all([import("./provider.ts"), loadSigningKeys(deps)]);
    const names = keys.map(({ jwk }) => jwk.kid).join(" ");
    const provider = current?.keys === names ? current.provider : newProvider(deps, { publicUrl: issuer, keys });
    current = { provider, keys: names, at };
  };
  return async () => {
    if (!current || current.at + knownMs <= deps.clock.now()) {
      reading ??= read().finally(() => {
        reading = undefined;
      });
      await reading;
    }
    return current!.provider;
  };
}

/** The addresses that the library writes come from these headers: they say what the configuration says. */
function ownAddress(raw: IncomingMessage, publicUrl: string): void {
  const { host, protocol } = new URL(publicUrl);
  raw.headers.host = host;
  raw.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  delete raw.headers["x-forwarded-host"];
}

type Both = { request: FastifyRequest; reply: FastifyReply };

async function speak({ deps, cookies, provider }: Around, { request, reply }: Both): Promise<void> {
  remember(request.raw, {
    session: cookies.read(request, "session"),
    sessionCookie: cookies.nameOf("session"),
    look: lookOf({ deps, cookies }, request),
    correlationId: request.id,
    clientIp: request.clientIp,
  });
  const library = (await provider()).callback();
  const headers = { ...reply.getHeaders(), "content-security-policy": serverPagePolicy([]) };
  reply.hijack();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
  await library(request.raw, reply.raw);
}

/** Where the library sends a browser whose session does not do: to our sign-in pages, and from them back to the library. */
async function interact(around: Around, { request, reply }: Both, uid: string): Promise<FastifyReply> {
  const { deps, cookies, provider } = around;
  const failed = (name: PageErrorName) =>
    sendErrorPage({ deps, request, reply, look: lookOf(around, request) }, name, { at: deps.clock.now() });
  reply.header("content-security-policy", serverPagePolicy([]));
  const library = await provider();
  // the cookie that it needs is this address's alone, so it is this browser that has begun
  const interaction = await library.interactionDetails(request.raw, reply.raw).catch(() => undefined);
  if (interaction?.uid !== uid) return await failed("flow_expired");
  const { params, prompt, returnTo } = interaction;
  const application = await findApplication(deps, String(params["client_id"]));
  if (!application) return await failed("application_unknown");
  const verdict = await judge(deps, application, {
    token: cookies.read(request, "session"),
    asked: askedIn(params as Params, prompt.details as Details),
  });
  // refusals are the library's to tell
  if (verdict.kind !== "sign-in") return reply.redirect(returnTo, 303);
  const hint = params["login_hint"];
  const { path } = await startSignIn(deps, {
    browser: cookies.browser(request, reply),
    application: { id: application.id, name: application.name },
    need: verdict.need,
    session: verdict.session,
    returnTo: `${paths.interaction}/${uid}`,
    targets: [targetOf(String(params["redirect_uri"]))],
    ...(typeof hint === "string" && { loginHint: hint.slice(0, 256) }),
  });
  return reply.redirect(path, 303);
}
