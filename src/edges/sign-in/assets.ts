/** The files that the server's own pages load, read and joined at the start. */

import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const root = "../../../web/";

export function signInAssets(app: FastifyInstance): void {
  const files = [
    // one source of colours and sizes for these pages and the portals
    { name: "sign-in.css", type: "text/css", body: read(`${root}tokens.css`) + read("style.css") },
    { name: "passkey.js", type: "text/javascript", body: read("passkey.js") },
    { name: "copy.js", type: "text/javascript", body: read("copy.js") },
    { name: "waiting.js", type: "text/javascript", body: read("waiting.js") },
    { name: "mark.svg", type: "image/svg+xml", body: read(`${root}parts/mark.svg`) },
  ];
  for (const { name, type, body } of files)
    app.get(`/assets/${name}`, (_request, reply) =>
      reply.type(`${type}; charset=utf-8`).header("cache-control", "public, max-age=3600").send(body),
    );
}
