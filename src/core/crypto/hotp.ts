/** One-time passwords of a counter, RFC 4226; RFC 6238 makes the counter from the time. */

import { hmacKey, type HmacKey } from "./hmac.ts";

/** RFC 4226 §5.3: the HMAC of the counter, dynamically truncated to `digits` decimals. */
export function hotp(
  secret: Uint8Array,
  counter: number,
  { digits, algorithm }: { digits: number; algorithm: Parameters<typeof hmacKey>[0] },
): string {
  return codeAt(hmacKey(algorithm, secret), counter, digits);
}

const message = Buffer.alloc(8);

export function codeAt(key: HmacKey, counter: number, digits: number): string {
  message.writeUInt32BE(Math.floor(counter / 2 ** 32), 0);
  message.writeUInt32BE(counter % 2 ** 32, 4);
  const mac = key.latin1(message);
  const offset = mac.charCodeAt(mac.length - 1) & 0xf;
  const octet = (index: number) => mac.charCodeAt(offset + index);
  const number = ((octet(0) & 0x7f) << 24) | (octet(1) << 16) | (octet(2) << 8) | octet(3);
  return String(number % 10 ** digits).padStart(digits, "0");
}
