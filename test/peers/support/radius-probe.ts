// A RADIUS server that only watches: keeps each request, checks it with code that shares nothing with the product, and
// accepts one password. Another one it answers with a challenge.
import { createSocket } from "node:dgram";
import {
  accessAccept,
  accessChallenge,
  accessReject,
  attributeTypes,
  checkMessageAuthenticator,
  encodeReply,
  type Packet,
  readPacket,
  revealPassword,
} from "./radius-packets.ts";

export type Seen = {
  request: Packet;
  messageAuthenticator: "absent" | "right" | "wrong";
  proxyStates: number;
  password: string;
};

export async function startRadiusProbe(secret: string, passwords: { accepted: string; challenged: string }) {
  const key = Buffer.from(secret);
  const seen: Seen[] = [];
  const replyTo = (password: string) => {
    if (password === passwords.accepted) return { code: accessAccept };
    if (password !== passwords.challenged) return { code: accessReject };
    const attributes = [
      { type: attributeTypes.replyMessage, value: Buffer.from("Code: ") },
      { type: attributeTypes.state, value: Buffer.from("the same again") },
    ];
    return { code: accessChallenge, attributes };
  };
  const socket = createSocket("udp4", (bytes, from) => {
    const request = readPacket(bytes);
    const password = revealPassword(request, key);
    seen.push({
      request,
      messageAuthenticator: checkMessageAuthenticator(request, key),
      proxyStates: request.attributes.filter(({ type }) => type === attributeTypes.proxyState).length,
      password,
    });
    socket.send(encodeReply(replyTo(password), request, key), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: socket.address().port,
    secret,
    seen,
    stop: () => new Promise<void>((resolve) => socket.close(resolve)),
  };
}
