/**
 * The built pages and the files they load, read once at the start: a request never names a path of the disk. Each page
 * gets a fresh nonce in its policy and in its markup.
 */

import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { AppError } from "#core/errors.ts";
import { pagePolicy } from "./headers.ts";

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** `gzipped`: made when it is first asked for, so that no start waits for it. */
type Asset = { type: string; body: Buffer; gzipped: Promise<Buffer> | undefined };
const compress = promisify(gzip);

/** Files with a hash in their name: what one name holds never changes. */
export function assetRoutes(app: FastifyInstance, webDist: URL): void {
  const folder = new URL("assets/", webDist);
  const files = new Map(
    readdirSync(folder).flatMap((name) => {
      const type = types[extname(name)];
      if (type === undefined) return [];
      const file: Asset = { type, body: readFileSync(new URL(name, folder)), gzipped: undefined };
      return [[name, file] as const];
    }),
  );
  app.get<{ Params: { name: string } }>("/assets/:name", async (request, reply) => {
    const file = files.get(request.params.name);
    if (!file) return reply.callNotFound();
    const { type, body } = file;
    reply.type(type).header("cache-control", "public, max-age=31536000, immutable").header("vary", "accept-encoding");
    if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return reply.send(body);
    file.gzipped ??= compress(body, { level: 9 });
    return reply.header("content-encoding", "gzip").send(await file.gzipped);
  });
}

type Built = {
  path: string;
  file: URL;
  /** answers in the page's place those who may not have it */
  guard?: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
};

export function pageRoute(app: FastifyInstance, deps: Deps, { path, file, guard }: Built): void {
  const markup = readFileSync(file, "utf8").split("{{nonce}}");
  if (markup.length < 2)
    throw new AppError("start_refused", `The page ${path} is not built as it should be: it has no place for a nonce.`);
  app.get(path, { ...(guard && { preHandler: guard }) }, (_request, reply) => {
    const nonce = deps.random.bytes(16).toString("base64");
    return reply
      .header("content-security-policy", pagePolicy(nonce))
      .type("text/html; charset=utf-8")
      .send(markup.join(nonce));
  });
}
