/**
 * A listener with the limits every listener has: slow, large and many requests end early, whoever sends them.
 * Must stay true: every response bears the security headers and a correlation id of ours.
 */

import fastify, { type FastifyInstance } from "fastify";
import type { Socket } from "node:net";
import type { z } from "zod";
import type { Deps } from "#actions/deps.ts";
import { tlsOptions, type Certificate } from "./certificate.ts";
import { proxyRule, tellClientIp } from "./client-ip.ts";
import { securityHeaders } from "./headers.ts";
import { errorHandler, invalid, sendProblem } from "./problem.ts";

const bodyLimit = 65_536;
const connectionsPerAddress = 1024;
/** A proxy of ours stands for all people, ten thousand of whom may wait at once. */
const connectionsPerProxy = 16_384;

const serverLimits = { headersTimeout: 10_000, maxHeaderSize: 16_384, connectionsCheckingInterval: 2_000 };

/** A contract's schemas are Zod's, and what is sent was typed by it when it was compiled. */
function readByContract(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema }) => {
    const checked = schema as z.ZodType;
    return (data: unknown) => {
      const result = checked.safeParse(data);
      return result.success ? { value: result.data } : { error: invalid(result.error) };
    };
  });
  app.setSerializerCompiler(() => JSON.stringify);
}

/** Without compilers in its place the framework loads its own (Ajv), 100 files that nothing here would ever use. */
const unused = (): never => {
  throw new Error("a listener reads by its contracts");
};

export type Listening = {
  publicUrl: string;
  trustedProxies: readonly string[];
  ready: () => boolean;
  /** what is amiss; told to operators alone */
  reasons: () => readonly string[];
  internal: boolean;
  /** none: plain HTTP */
  certificate?: Certificate | undefined;
};

export function listener(deps: Deps, options: Listening): FastifyInstance {
  const { publicUrl, trustedProxies, certificate } = options;
  const always = securityHeaders(publicUrl);
  const onError = errorHandler(deps);
  const app = fastify({
    bodyLimit,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    // a user name of 256 characters, each of them escaped
    routerOptions: { maxParamLength: 3072 },
    ...(certificate
      ? { https: { ...serverLimits, ...tlsOptions, handshakeTimeout: 10_000, ...certificate } }
      : { http: serverLimits }),
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
    genReqId: () => deps.random.id("cor_"),
    // a path that does not decode never reaches the hooks
    frameworkErrors: (error, request, reply) => {
      void reply.headers(always).header("x-correlation-id", request.id);
      onError(error, request, reply);
    },
    clientErrorHandler: ({ code }, socket) =>
      refuseUnread(socket, code === "ERR_HTTP_REQUEST_TIMEOUT" ? undefined : always),
  });
  readByContract(app);
  limitConnections(app, proxyRule(trustedProxies));
  tellClientIp(app, trustedProxies);
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(always).header("x-correlation-id", request.id);
    done();
  });
  app.setErrorHandler(onError);
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 404));
  tellHealth(app, options);
  return app;
}

function tellHealth(app: FastifyInstance, { ready, reasons, internal }: Listening): void {
  app.get("/health/live", () => ({ status: "live" }));
  app.get("/health/ready", (_request, reply) => {
    const amiss = reasons();
    const status = !ready() ? "not ready" : amiss.length > 0 ? "degraded" : "ready";
    return reply.code(status === "not ready" ? 503 : 200).send({ status, ...(internal && { reasons: amiss }) });
  });
}

function limitConnections({ server }: FastifyInstance, isProxy: (peer: string) => boolean): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (open.get(address) ?? 0) + 1;
    if (count > (isProxy(address) ? connectionsPerProxy : connectionsPerAddress)) return socket.destroy();
    open.set(address, count);
    return socket.once("close", () => {
      const left = open.get(address)! - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

/**
 * What is not HTTP, or too much of it, gets the least there is; who sends no request in time gets nothing: a browser opens
 * connections in advance, and would show what waits on one as the answer to what it asks there next.
 */
function refuseUnread(socket: Socket, always: Record<string, string> | undefined): void {
  if (!always || !socket.writable) return void socket.destroy();
  const lines = Object.entries(always).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join("")}content-length: 0\r\nconnection: close\r\n\r\n`);
}
