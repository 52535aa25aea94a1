/**
 * The evaluation's second sample: a site that knows nothing of signing in, behind a reverse proxy that asks Countersign about
 * every request, as Caddy's forward_auth and Traefik's ForwardAuth do. Both in one file; examples/ has the real ones.
 */

import {
  createServer,
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { list, page, pageHeaders } from "./sample-page.ts";

type Upstream = { host: string; port: number };

/** `register` makes the site known under the host at which it is served. */
export async function serveSampleSite(options: {
  host: string;
  port: number;
  countersign: Upstream;
  register: (host: string) => Promise<void>;
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const { host, countersign } = options;
  const server = createServer((request, response) => {
    proxy(countersign, request, response).catch(() => response.writeHead(502).end("Countersign does not answer."));
  });
  const listen = async (port: number) =>
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  await listen(options.port).catch(async () => await listen(0));
  // a host of its own: cookies do not tell ports apart, and a protected site never sees Countersign's own
  const name = `intranet.localhost:${(server.address() as AddressInfo).port}`;
  await options.register(name);
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://${name}`, stop };
}

async function proxy(countersign: Upstream, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? "/";
  if (url.startsWith("/.countersign/")) return pass(await ask(countersign, request, url), response);
  const verdict = await ask(countersign, request, "/forward-auth");
  if (verdict.statusCode === undefined || verdict.statusCode >= 300) return pass(verdict, response);
  verdict.resume();
  response.writeHead(200, pageHeaders).end(site(verdict.headers));
  return undefined;
}

/** What the proxy says of the request stands in its own headers; what the visitor says under these names is dropped. */
async function ask(countersign: Upstream, request: IncomingMessage, path: string): Promise<IncomingMessage> {
  const own = Object.entries(request.headers).filter(
    ([name]) => !/^(?:x-|remote|connection$|content-length$)/.test(name),
  );
  const headers = {
    ...Object.fromEntries(own),
    "x-forwarded-method": request.method,
    "x-forwarded-proto": "http",
    "x-forwarded-host": request.headers.host,
    "x-forwarded-uri": request.url,
    "x-forwarded-for": request.socket.remoteAddress,
  };
  return await new Promise((resolve, reject) => {
    send({ ...countersign, path, method: "GET", headers }, resolve)
      .once("error", reject)
      .end();
  });
}

function pass(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}

/** The site itself: it believes the headers, since nobody but its proxy reaches it. */
function site(headers: IncomingHttpHeaders): string {
  const person = Object.entries(headers).filter(([name]) => name.startsWith("remote-"));
  return page(
    "Sample intranet",
    `<h1>Sample intranet</h1><p>This page was let through with these headers:</p>${list(Object.fromEntries(person) as Record<string, string>)}`,
  );
}
