import type { RemoteInfo, Socket } from "node:dgram";
import type { RadiusClient } from "#actions/radius-clients.ts";
import { attributeType, code } from "#wire/radius/codes.ts";
import { encodeReply, type Packet } from "#wire/radius/packet.ts";
import type { Server } from "./server.ts";

/** A datagram and the way back. `to`: the address that was asked; two of ours may be asked from one port with one Identifier. */
export type Incoming = { socket: Socket; to: string; from: RemoteInfo; at: number };
export type Received = { packet: Packet; incoming: Incoming };

/**
 * What is left of a packet while it waits for its answer: of its attributes those that go back with it. `authenticator`: one octet
 * a character, since a Buffer of them is twenty times as large.
 */
export type Answered = Pick<Packet, "identifier" | "attributes"> & { authenticator: string };
export const toAnswer = ({ identifier, authenticator, attributes }: Packet): Answered => ({
  identifier,
  authenticator: authenticator.toString("latin1"),
  attributes: attributes.filter(({ type }) => type === attributeType.proxyState),
});

/** the answer says that this node can authenticate; one that cannot is silent. */
export function status(server: Server, client: RadiusClient, { packet, incoming }: Received): void {
  if (server.ready())
    send(server, encodeReply({ code: code.accessAccept, attributes: [] }, packet, client.secret), incoming);
}

export function send(server: Server, bytes: Buffer, { socket, from }: Incoming): undefined {
  server.count.answered[bytes[0]!] = (server.count.answered[bytes[0]!] ?? 0) + 1;
  socket.send(bytes, from.port, from.address);
}

/** a refusal leaves this long after its request, whatever refused it. */
const rejectDelayMs = 1000;
const rejectJitterMs = 200;
export async function refusalDue({ deps, stopping }: Server, { at }: Incoming): Promise<void> {
  const delay = rejectDelayMs + deps.random.int(rejectJitterMs);
  // never longer, or a clock that is set back meanwhile would keep the client waiting
  await deps.clock.sleep(Math.min(delay, Math.max(0, at + delay - deps.clock.now())), stopping.signal);
}
