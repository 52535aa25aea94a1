/** The RADIUS server's sockets and what lives as long as they do; a packet's own way is in answer.ts. */

import { setMaxListeners } from "node:events";
import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { lookup } from "node:dns";
import { isIP } from "node:net";
import type { Deps } from "#actions/deps.ts";
import { radiusClientWarnings } from "#core/radius-client.ts";
import { loadRadiusClients, type RadiusClient } from "#actions/radius-clients.ts";
import { escapeText } from "#wire/radius/text.ts";
import { receive } from "./answer.ts";
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

export type Server = {
  deps: Deps;
  table: ClientTable;
  allow: (client: RadiusClient, begun: boolean) => boolean;
  seen: Repeats;
  dropped: Drops;
  ready: () => boolean;
  working: Working;
  stopping: AbortController;
  count: { received: number; answered: Record<number, number> };
};
export async function serveRadius(deps: Deps, { addresses, ready }: Options): Promise<RadiusServer> {
  const clients = await loadRadiusClients(deps);
  for (const client of clients) tellWarnings(deps, client);
  const server: Server = {
    deps,
    table: clientTable(clients),
    allow: rates(deps.clock),
    seen: repeats(),
    dropped: drops(deps.log),
    ready,
    working: working(),
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
    stats: () => ({ ...server.count, dropped: server.dropped.counts(), pending: server.working.count() }),
    stop: async () => {
      clearInterval(age);
      for (const socket of sockets) socket.removeAllListeners("message");
      // what is due later goes now, and what is under way is waited for
      server.stopping.abort();
      await server.working.over();
      // a socket sends in the next turn, and one that is closed forgets what it was given
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(sockets.map(async (socket) => await socket[Symbol.asyncDispose]()));
    },
  };
}

/** at every start, for as long as it stands. */
function tellWarnings({ log }: Deps, client: RadiusClient): void {
  const warnings = radiusClientWarnings(client).join(" ");
  if (warnings !== "") log.warn("a RADIUS client is not well protected", { client: escapeText(client.name), warnings });
}

async function open(server: Server, { host, port }: { host: string; port: number }): Promise<Socket> {
  const type = host.includes(":") ? "udp6" : "udp4";
  const socket = createSocket({ type, recvBufferSize: 4_194_304, lookup: lookupName });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address: host, port, exclusive: true }, () => resolve());
  });
  socket.removeAllListeners("error").on("error", () => server.dropped.count("-", "a socket failed"));
  socket.on("message", (datagram, from) => {
    try {
      receive(server, datagram, { socket, to: host, from, at: server.deps.clock.now() });
    } catch {
      // whatever a packet does, it ends no more than itself
      server.dropped.countStranger(from.address, "could not be read");
    }
  });
  return socket;
}

/** How many answers are under way; `over` waits for the last. Counted: a set of them is made anew in old memory all the time. */
type Working = { begin(): void; end(): void; count(): number; over(): Promise<void> };
function working(): Working {
  let count = 0;
  let last: () => void = () => undefined;
  return {
    begin: () => {
      count += 1;
    },
    end: () => {
      count -= 1;
      if (count === 0) last();
    },
    count: () => count,
    over: async () => {
      if (count > 0) await new Promise<void>((resolve) => (last = resolve));
    },
  };
}

/** A reply goes to an address, and to have Node find out that it is one costs a third of sending. */
const lookupName: SocketOptions["lookup"] = (name, options, done) => {
  const family = isIP(name);
  if (family > 0) done(null, name, family);
  else lookup(name, options, done);
};
