import { hash } from "node:crypto";
import type { Packet } from "./packet.ts";

/** What each block is hashed with: the secret, and 16 octets that change. Kept between packets, since there is one a login. */
let salted = Buffer.allocUnsafeSlow(0);

/** RFC 2865 §5.2. A wrong secret gives garbage, not undefined: undefined is only for an impossible length. */
export function revealPassword(packet: Packet, hidden: Buffer, secret: Buffer): Buffer | undefined {
  if (hidden.length < 16 || hidden.length > 128 || hidden.length % 16 !== 0) return undefined;
  if (salted.length !== secret.length + 16) salted = Buffer.allocUnsafeSlow(secret.length + 16);
  secret.copy(salted, 0);
  packet.authenticator.copy(salted, secret.length);
  const password = Buffer.allocUnsafe(hidden.length);
  for (let block = 0; block < hidden.length; block += 16) {
    const mask = hash("md5", salted, "latin1");
    for (let i = 0; i < 16; i++) password[block + i] = hidden[block + i]! ^ mask.charCodeAt(i);
    hidden.copy(salted, secret.length, block, block + 16);
  }
  let end = hidden.length;
  while (end > 0 && password[end - 1] === 0) end--;
  return password.subarray(0, end);
}
