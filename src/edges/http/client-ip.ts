/**
 * Where a request comes from. Must stay true: what stands in X-Forwarded-For is believed as far as our own proxies have
 * written it, and no further; anyone else's word about their address is not heard.
 */

import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import { addressRule } from "#core/api-key.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** the client's address, not a proxy's */
    clientIp: string;
  }
}

/** From the right, for each hop has added the one it heard from, up to the first that is no proxy of ours. */
export function clientIp(peer: string, forwarded: string, isProxy: (address: string) => boolean): string {
  let address = plain(peer);
  for (const hop of forwarded.split(",").toReversed()) {
    const next = plain(hop.trim());
    if (!isProxy(address) || isIP(next) === 0) break;
    address = next;
  }
  return address;
}

/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
const plain = (address: string) =>
  address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;

/** Whether a peer is a proxy of ours. */
export function proxyRule(trustedProxies: readonly string[]): (peer: string) => boolean {
  const rule = trustedProxies.length > 0 ? addressRule(trustedProxies) : () => false;
  return (peer) => rule(plain(peer));
}

export function tellClientIp(app: FastifyInstance, trustedProxies: readonly string[]): void {
  const isProxy = proxyRule(trustedProxies);
  app.decorateRequest("clientIp", "");
  app.addHook("onRequest", (request, _reply, done) => {
    const forwarded = [request.headers["x-forwarded-for"] ?? ""].flat().join(",");
    request.clientIp = clientIp(request.socket.remoteAddress ?? "", forwarded, isProxy);
    done();
  });
}
