// A floor to measure against: a bare UDP server that does for each login only what RADIUS itself costs (decode, check the
// Message-Authenticator, reveal the password, sign an Accept) with the product's own codec. No people, no store.
import { createSocket } from "node:dgram";
import { attributeType, code } from "#wire/radius/codes.ts";
import { checkMessageAuthenticator, decode, encodeReply, first } from "#wire/radius/packet.ts";
import { revealPassword } from "#wire/radius/password.ts";

const secret = Buffer.from(process.argv[2] ?? "");
const socket = createSocket({ type: "udp4", recvBufferSize: 4_000_000 }, (bytes, from) => {
  const decoded = decode(bytes);
  if (!decoded.ok || checkMessageAuthenticator(decoded.packet, secret) !== "valid") return;
  const hidden = first(decoded.packet, attributeType.userPassword);
  if (hidden === undefined || revealPassword(decoded.packet, hidden, secret)?.length !== 6) return;
  socket.send(
    encodeReply({ code: code.accessAccept, attributes: [] }, decoded.packet, secret),
    from.port,
    from.address,
  );
});
socket.bind(0, "127.0.0.1", () => console.log(`listening on ${socket.address().port}`));
