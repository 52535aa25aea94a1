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
  let number = ((octet(0) & 0x7f) << 24) | (octet(1) << 16) | (octet(2) << 8) | octet(3);
  // digit by digit: the engine keeps the text of a number that is turned into one at once
  let code = "";
  for (let place = 0; place < digits; place++) {
    code = String.fromCharCode(48 + (number % 10)) + code;
    number = Math.floor(number / 10);
  }
  return code;
}
