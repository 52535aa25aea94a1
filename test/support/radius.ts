/** A RADIUS client on a socket of its own, as a VPN would be: sends, repeats nothing by itself, checks what comes back. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { checkReply, encodeRequest } from "#wire/radius/client.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { all, first, type NewAttribute, type Packet } from "#wire/radius/packet.ts";

export type Reply = {
  code: number;
  message: string;
  state: Buffer | undefined;
  packet: Packet;
  bytes: Buffer;
};
export type RadiusClient = Awaited<ReturnType<typeof radiusClient>>;

export async function radiusClient({
  port,
  secret,
  host = "127.0.0.1",
}: {
  port: number;
  secret: string;
  host?: string;
}) {
  const socket: Socket = createSocket("udp4").bind(0, host);
  await once(socket, "listening");
  const key = Buffer.from(secret);
  let identifier = 0;

  /** Sends these octets; undefined when nothing comes back in time. */
  async function exchange(bytes: Buffer, waitMs = 3000): Promise<Reply | undefined> {
    const reply = new Promise<Buffer | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), waitMs);
      const receive = (datagram: Buffer) => {
        if (datagram[1] !== bytes[1]) return;
        clearTimeout(timer);
        socket.off("message", receive);
        resolve(datagram);
      };
      socket.on("message", receive);
    });
    socket.send(bytes, port, host);
    const datagram = await reply;
    return datagram && read(datagram, bytes);
  }

  function read(datagram: Buffer, request: Buffer): Reply {
    const checked = checkReply(datagram, request, key);
    if (!checked.ok) throw new Error(`the reply does not verify: ${checked.reason}`);
    if (checked.messageAuthenticator !== "first") throw new Error("Message-Authenticator is not first (R-105)");
    const { packet } = checked;
    const message = Buffer.concat(all(packet, type.replyMessage)).toString();
    return { code: packet.code, message, state: first(packet, type.state), packet, bytes: datagram };
  }

  function request(
    username: string,
    password: string,
    more: { state?: Buffer; attributes?: NewAttribute[]; messageAuthenticator?: "first" | "absent" } = {},
  ): Buffer {
    identifier = (identifier + 1) % 256;
    const attributes = [{ type: type.userName, value: Buffer.from(username) }, ...(more.attributes ?? [])];
    if (more.state) attributes.push({ type: type.state, value: more.state });
    const { messageAuthenticator = "first" } = more;
    return encodeRequest(
      {
        code: code.accessRequest,
        identifier,
        attributes,
        password: Buffer.from(password),
        messageAuthenticator,
      },
      key,
    );
  }

  return {
    exchange,
    request,
    send: async (username: string, password: string, more = {}) => await exchange(request(username, password, more)),
    close: async () => await new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
