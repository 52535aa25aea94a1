/**
 * The RADIUS server's sockets: datagrams in, one verification each, replies out from the address that was asked. Must stay
 * true: nothing is done for a packet whose Message-Authenticator did not hold, and a repetition is never verified twice.
 */

import { setMaxListeners } from "node:events";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Deps } from "#actions/deps.ts";
import { loadRadiusClients, pinClient, type RadiusClient } from "#actions/radius-clients.ts";
import type { Verified } from "#actions/asked.ts";
import { begin, respond } from "#actions/verify.ts";
import {
  attributeType as type,
  checkMessageAuthenticator,
  code,
  decode,
  encodeReply,
  first,
  type Packet,
} from "#wire/radius/packet.ts";
import { read, reject, render, type Reply } from "./answer.ts";
import { clientTable, type ClientTable } from "./clients.ts";
import { drops, type Drops } from "./drops.ts";
import { rates } from "./rates.ts";
import { repeats, type Repeats } from "./repeats.ts";

export type RadiusServer = {
  reload(): Promise<void>;
  stats(): {
    received: number;
    answered: Record<number, number>;
    dropped: Record<string, number>;
    pending: number;
  };
  stop(): Promise<void>;
};
type Options = { addresses: { host: string; port: number }[]; ready: () => boolean };

/** above four fifths of this, only conversations that have begun go on. */
const outstandingLimit = 16_384;
/** a refusal leaves this long after its request, whatever refused it. */
const rejectDelayMs = 1000;
const rejectJitterMs = 200;

type Server = {
  deps: Deps;
  table: ClientTable;
  allow: (client: RadiusClient) => boolean;
  seen: Repeats;
  dropped: Drops;
  ready: () => boolean;
  working: Set<Promise<void>>;
  stopping: AbortController;
  count: { received: number; answered: Record<number, number> };
};
/** `to`: the address that was asked; two of ours may be asked from one port with one Identifier. */
type Incoming = { socket: Socket; to: string; from: RemoteInfo; at: number };

export async function serveRadius(deps: Deps, { addresses, ready }: Options): Promise<RadiusServer> {
  const server: Server = {
    deps,
    table: clientTable(await loadRadiusClients(deps)),
    allow: rates(deps.clock),
    seen: repeats(),
    dropped: drops(deps.log),
    ready,
    working: new Set(),
    stopping: new AbortController(),
    count: { received: 0, answered: {} },
  };
  setMaxListeners(0, server.stopping.signal); // one for each refusal that waits for its time
  // One socket an address: a socket on a wildcard answers from whichever address the system likes.
  const sockets = await Promise.all(addresses.map((address) => open(server, address)));
  const age = setInterval(() => {
    server.seen.age();
    server.dropped.flush();
  }, 30_000);
  return {
    reload: async () => {
      server.table = clientTable(await loadRadiusClients(deps));
    },
    stats: () => ({ ...server.count, dropped: server.dropped.counts(), pending: server.seen.pending() }),
    stop: async () => {
      clearInterval(age);
      for (const socket of sockets) socket.removeAllListeners("message");
      // what is due later goes now, and what is under way is waited for
      server.stopping.abort();
      await Promise.all(server.working);
      // a socket sends in the next turn, and one that is closed forgets what it was given
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(sockets.map(async (socket) => await socket[Symbol.asyncDispose]()));
    },
  };
}

async function open(server: Server, { host, port }: { host: string; port: number }): Promise<Socket> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: 4_194_304 });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address: host, port, exclusive: true }, () => resolve());
  });
  socket.removeAllListeners("error").on("error", () => server.dropped.count("-", "a socket failed"));
  socket.on("message", (datagram, from) =>
    receive(server, datagram, { socket, to: host, from, at: server.deps.clock.now() }),
  );
  return socket;
}

/** Everything that can be said about a packet without the database. */
function receive(server: Server, datagram: Buffer, incoming: Incoming): void {
  server.count.received += 1;
  const client = server.table.find(incoming.from.address);
  if (!client) return server.dropped.count(incoming.from.address, "unknown client");
  const decoded = decode(datagram);
  const refusal = decoded.ok ? untrusted(decoded.packet, client) : `malformed: ${decoded.reason}`;
  if (!decoded.ok || refusal !== undefined) return server.dropped.count(client.name, refusal!);
  const { packet } = decoded;
  if (packet.code === code.statusServer) return status(server, client, { packet, incoming });
  pin(server, client, packet);
  const busy = serveOnce(server, client, { packet, incoming });
  if (busy !== undefined) server.dropped.count(client.name, busy);
}

/** `auto` only tightens: one good Message-Authenticator, and it is required from now on. */
function pin(server: Server, client: RadiusClient, packet: Packet): void {
  if (client.requiresMessageAuthenticator || client.options.requireMessageAuthenticator !== "auto") return;
  if (!first(packet, type.messageAuthenticator) || first(packet, type.eapMessage)) return;
  void pinClient(server.deps, client).catch(() => server.dropped.count(client.name, "could not be pinned"));
}

/** Starts the answer, unless it was given, is under way or would be too much; says why not. */
function serveOnce(server: Server, client: RadiusClient, { packet, incoming }: Received): string | undefined {
  const peer = `${incoming.to}>${claimed(client, { packet, incoming })}`;
  const before = server.seen.find(peer, packet.authenticator);
  if (before === "pending") return "repeated while under way";
  if (before !== "new") return send(server, before, incoming);
  if (!server.ready()) return "this node cannot decide now";
  if (!server.allow(client)) return "over its rate";
  const pending = server.seen.pending();
  const begun = first(packet, type.state) !== undefined;
  if (pending >= outstandingLimit || (pending > outstandingLimit * 0.8 && !begun)) return "overload";
  server.seen.start(peer, packet.authenticator);
  const work = answer(server, client, { packet, peer, incoming });
  server.working.add(work);
  void work.then(() => server.working.delete(work));
  return undefined;
}
type Received = { packet: Packet; incoming: Incoming };
/** What all nodes know a request by: each of them is asked at an address of its own. */
const claimed = (client: RadiusClient, { packet, incoming: { from } }: Received) =>
  `${client.id}:${from.address}:${from.port}:${packet.identifier}`;

/** Why a packet is not to be believed; nothing changes because of it (R-106…R-108). */
function untrusted(packet: Packet, client: RadiusClient): string | undefined {
  if (packet.code !== code.accessRequest && packet.code !== code.statusServer)
    return `code ${packet.code} is not served`;
  const verdict = checkMessageAuthenticator(packet, client.secret);
  if (verdict === "valid") return undefined;
  if (verdict === "wrong") return "wrong Message-Authenticator: is the shared secret right?";
  if (client.requiresMessageAuthenticator || packet.code === code.statusServer) return "no Message-Authenticator";
  if (first(packet, type.eapMessage)) return "EAP-Message without Message-Authenticator";
  if (client.options.limitProxyState && first(packet, type.proxyState))
    return "Proxy-State without Message-Authenticator";
  return undefined;
}

type Work = Received & { peer: string };

async function answer(server: Server, client: RadiusClient, { packet, peer, incoming }: Work): Promise<void> {
  const { deps, seen } = server;
  try {
    const asked = read(packet, client, claimed(client, { packet, incoming }));
    let reply: Reply | undefined = reject;
    if ("reject" in asked) server.dropped.count(client.name, asked.reject);
    else reply = render(await verified(deps, asked), client);
    if (!reply) return seen.forget(peer, packet.authenticator);
    const bytes = encodeReply(reply, packet, client.secret);
    if (reply.code === code.accessReject)
      await due(server, incoming.at + rejectDelayMs + deps.random.int(rejectJitterMs));
    if (seen.finish(peer, packet.authenticator, bytes)) send(server, bytes, incoming);
  } catch (error) {
    // Fail closed and silent: the client repeats, or asks another server.
    seen.forget(peer, packet.authenticator);
    server.dropped.count(client.name, "could not be answered");
    deps.log.debug("a request could not be answered", {
      client: client.name,
      reason: error instanceof Error ? error.message : "unknown",
    });
  }
}

async function verified(deps: Deps, asked: Exclude<ReturnType<typeof read>, { reject: string }>): Promise<Verified> {
  return "begin" in asked ? await begin(deps, asked.begin) : await respond(deps, asked.respond);
}

const due = async ({ deps, stopping }: Server, at: number) =>
  await deps.clock.sleep(Math.max(0, at - deps.clock.now()), stopping.signal);

/** the answer says that this node can authenticate; one that cannot is silent. */
function status(server: Server, client: RadiusClient, { packet, incoming }: Received): void {
  if (server.ready())
    send(server, encodeReply({ code: code.accessAccept, attributes: [] }, packet, client.secret), incoming);
}

function send(server: Server, bytes: Buffer, { socket, from }: Incoming): undefined {
  server.count.answered[bytes[0]!] = (server.count.answered[bytes[0]!] ?? 0) + 1;
  socket.send(bytes, from.port, from.address);
}
