/** The HTTP edge on a world of its own, and a caller that signs as the documents say, by its own code. */

import { createHmac, hash, randomBytes } from "node:crypto";
import { afterEach, beforeEach } from "vitest";
import { addApiKey, type NewApiKey } from "#actions/api-keys.ts";
import type { Deps } from "#actions/deps.ts";
import { serveHttp, type HttpOptions, type HttpServer } from "#edges/http/server.ts";
import { world, type Kind, type World } from "../support/world.ts";

export const path = "/api/v1/verifications";
const loopback = { host: "127.0.0.1", port: 0 };

type Key = { id: string; secret: string };
export type Call = {
  method?: string;
  target?: string;
  body?: string | object;
  headers?: Record<string, string>;
  time?: number;
  nonce?: string;
  /** what is signed instead of what is sent */
  signedBody?: string;
  to?: HttpServer;
};
type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** For each test a new world and a server on it; stopped and removed after it. */
export function httpWorld(kind: Kind = "sqlite") {
  const servers: HttpServer[] = [];
  const h = { ready: true, start, newKey, call, authorization } as {
    w: World;
    server: HttpServer;
    ready: boolean;
    start: typeof start;
    newKey: typeof newKey;
    call: typeof call;
    authorization: typeof authorization;
  };
  beforeEach(async () => {
    h.ready = true;
    h.w = await world({ kind });
    h.server = await start(h.w.deps);
  });
  afterEach(async () => {
    for (const one of servers.splice(0)) await one.stop();
    await h.w.close();
  });

  async function start(deps: Deps, changes: Partial<HttpOptions> = {}): Promise<HttpServer> {
    const one = await serveHttp(deps, {
      people: loopback,
      internal: loopback,
      publicUrl: "http://localhost:8080",
      trustedProxies: [],
      ready: () => h.ready,
      reasons: () => [],
      metrics: async () => "up 1\n",
      webDist: new URL("../../web/dist/", import.meta.url),
      ...changes,
    });
    servers.push(one);
    return one;
  }

  async function newKey(more: Partial<NewApiKey> = {}) {
    const name = `shop ${randomBytes(4).toString("hex")}`;
    return await addApiKey(h.w.deps, "cli", { name, scopes: ["verify"], ...more });
  }

  function authorization(key: Key, asked: Pick<Call, "method" | "target" | "time" | "nonce"> & { text: string }) {
    const { method = "POST", target = path, time = Math.floor(h.w.clock.at / 1000), text } = asked;
    const nonce = asked.nonce ?? randomBytes(16).toString("base64url");
    const lines = [method, target, time, nonce, hash("sha256", text)].join("\n");
    const signature = createHmac("sha256", key.secret).update(lines).digest("base64url");
    return `Countersign-HMAC-SHA256 key=${key.id}, time=${time}, nonce=${nonce}, signature=${signature}`;
  }

  async function call(key: Key | undefined, asked: Call = {}): Promise<Answer> {
    const { method = "POST", target = path, headers = {}, to = h.server } = asked;
    const body = typeof asked.body === "object" ? JSON.stringify(asked.body) : asked.body;
    const text = asked.signedBody ?? body ?? "";
    const response = await fetch(`http://127.0.0.1:${to.people!.port}${target}`, {
      method,
      redirect: "manual",
      headers: {
        ...(key && { authorization: authorization(key, { ...asked, text }) }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer["body"],
    };
  }
  return h;
}

/** What a verdict says, unchecked. */
export const payloadOf = (verdict: unknown) =>
  JSON.parse(Buffer.from(String(verdict).split(".")[1]!, "base64url").toString()) as Record<string, unknown>;
