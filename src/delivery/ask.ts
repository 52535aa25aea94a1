/**
 * An exchange with whoever carries texts, calls and notifications. Must stay true: over TLS with a certificate that is verified,
 * to the very address that was checked, never the link's own, where clouds keep their machines' credentials (R-176), and none of
 * the own network where a device named the address (R-062); a redirection is not followed, and no more is read than an answer
 * needs.
 */

import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { Undelivered, type Ask } from "./gateway.ts";
import { guarded, isAllowed } from "./post-form.ts";

const mostOctets = 65_536;
type Reach = "public" | "any";
/** An organisation may have its own gateway in its own network. */
const rules = { public: { intranet: false }, any: { intranet: true } };
/** Connections that are kept, those that were opened under one rule apart from those of the other. */
const keeping = { keepAlive: true, maxSockets: 32, maxFreeSockets: 32, timeout: 30_000 };
const agents: Record<Reach, Agent> = { public: new Agent(keeping), any: new Agent(keeping) };

type Asked = Parameters<Ask>[0];

export const askVendor: Ask = async (asked) => {
  const { url: target, publicOnly = false } = asked;
  const url = new URL(target);
  const reach = publicOnly ? "public" : "any";
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  if (url.protocol !== "https:") throw new Undelivered("the address is not https", { sure: true });
  if (isIP(host) !== 0 && !isAllowed(host, rules[reach]))
    throw new Undelivered("the address is not allowed", { sure: true });
  return await exchange(url, asked, { reach, agent: asked.keep ? agents[reach] : false });
};

type Line = { reach: Reach; agent: Agent | false };

async function exchange(url: URL, asked: Asked, line: Line): ReturnType<Ask> {
  const { method, headers, signal } = asked;
  const body = asked.octets ?? asked.body;
  // until then nothing was said that the vendor could have acted on
  let reached = false;
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Undelivered(reason, { sure: !reached }));
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const about = { method, headers: { ...headers, ...length }, signal, lookup: guarded(rules[line.reach]) };
    const asking = request(url, { ...about, agent: line.agent }, (response) => read(response, { resolve, fail }));
    asking.once("socket", (socket) => {
      // a kept one is connected, also where it was handed on without a rest
      reached = (socket as TLSSocket).authorized;
      if (!reached) socket.once("secureConnect", () => (reached = true));
    });
    asking.once("error", (error: NodeJS.ErrnoException) => {
      // the other side ended a kept connection just then
      if (asking.reusedSocket && error.code === "ECONNRESET")
        return resolve(exchange(url, asked, { ...line, agent: false }));
      fail(signal.aborted ? "no answer in time" : `no answer (${error.code ?? "refused"})`);
    });
    asking.end(body);
  });
}

type Answer = Awaited<ReturnType<Ask>>;

function read(
  response: IncomingMessage,
  { resolve, fail }: { resolve: (answer: Answer) => void; fail: (why: string) => void },
) {
  const chunks: Buffer[] = [];
  let octets = 0;
  response.on("data", (chunk: Buffer) => {
    octets += chunk.length;
    chunks.push(chunk);
    if (octets > mostOctets) response.destroy(new Error("too long"));
  });
  response.once("error", () => fail("the answer broke off"));
  response.once("end", () => {
    const { statusCode: status = 0, headers } = response;
    resolve({ status, body: Buffer.concat(chunks).toString(), retryAfter: headers["retry-after"] });
  });
}
