/**
 * The addresses that a RADIUS client asks from: one, or a network in CIDR form. Must stay true: what is read here means the
 * packets that it seems to mean; what is written in a way that programs read differently is refused with the reason.
 */

import ipaddr from "ipaddr.js";
import { AppError } from "./errors.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Range = [Address, number];

/** Of what is kept. */
export function rangeOf(text: string): Range {
  return text.includes("/") ? ipaddr.parseCIDR(text) : alone(ipaddr.process(text));
}
const alone = (address: Address): Range => [address, full(address)];
const full = (address: Address) => (address.kind() === "ipv4" ? 32 : 128);

/** Whether all of the second is in the first. */
export const holds = (wide: Range, [address, bits]: Range): boolean =>
  wide[0].kind() === address.kind() && wide[1] <= bits && address.match(wide);

/** As an administrator writes it, to what is kept; one address is kept without its length, which is not for choosing. */
export function readRange(text: string): string {
  const [address, bits] = unmapped(parse(text));
  if (bits === 0) throw new AppError("invalid", `address: ${text} would let the whole Internet ask`);
  if (bits === full(address)) return address.toString();
  const written = `${address.toString()}/${bits}`;
  const of = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = `${of.networkAddressFromCIDR(written).toString()}/${bits}`;
  if (network === written) return written;
  throw new AppError("invalid", `address: ${text} is no network; the one that it lies in is ${network}`);
}

/** Packets over IPv4 are looked up as such, whatever the socket: ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
function unmapped([address, bits]: Range): Range {
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [address.toIPv4Address(), bits - 96] : [address, bits];
}

function parse(text: string): Range {
  const before = text.split("/", 1)[0]!;
  try {
    // 10.1 and 010.0.0.1 are addresses to some programs, and not to all the same
    if (!before.includes(":") && !ipaddr.IPv4.isValidFourPartDecimal(before)) throw new Error("not four decimal parts");
    return text.includes("/") ? ipaddr.parseCIDR(text) : alone(ipaddr.parse(text));
  } catch (error) {
    throw new AppError("invalid", `address: ${text} is neither an IP address nor a range like 10.0.0.0/8`, error);
  }
}
