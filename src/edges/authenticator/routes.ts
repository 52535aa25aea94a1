/**
 * The authenticator app: its page, and the files beside it that have fixed names (service worker, manifest, icons), read once at
 * the start. Must stay true: the worker lies in the app's folder, so that it can answer for no other page of ours.
 */

import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Deps } from "#actions/deps.ts";
import { workerPolicy } from "../http/headers.ts";
import { pageRoute } from "../http/pages.ts";

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

export function authenticatorRoutes(app: FastifyInstance, deps: Deps, { webDist }: { webDist: URL }): void {
  const folder = new URL("authenticator/", webDist);
  pageRoute(app, deps, { path: "/authenticator/", file: new URL("index.html", folder) });
  app.get("/authenticator", (_request, reply) => reply.redirect("/authenticator/"));
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(new URL(name, folder));
    const policy = name === "sw.js" ? { "content-security-policy": workerPolicy } : {};
    app.get(`/authenticator/${name}`, (_request, reply) => reply.headers(policy).type(type).send(body));
  }
}
