import ipaddr from "ipaddr.js";

/**
 * How much one address may ask of what anybody may ask for and the database has to keep: sign-ins under way, challenges for
 * passkeys, requests of applications. Must stay true: whatever is sent, it takes bounded memory.
 */

/** An office behind one address signs in at nine; a person takes some ten requests. */
const atOnce = 600;
const perSecond = 30;
/** Two generations of so many addresses: who has been silent for longest is forgotten first. */
const generation = 25_000;

/** Says whether one more is allowed, and takes it. `now` in epoch ms. */
export type Allow = (address: string, now: number) => boolean;

export function newCrowd(): Allow {
  type Left = Map<string, { tokens: number; at: number }>;
  let left: Left = new Map();
  let before: Left = new Map();
  return (address, now) => {
    const site = siteOf(address);
    const { tokens, at } = left.get(site) ?? before.get(site) ?? { tokens: atOnce, at: now };
    const filled = Math.min(atOnce, tokens + (Math.max(0, now - at) * perSecond) / 1000);
    const isAllowed = filled >= 1;
    left.set(site, { tokens: isAllowed ? filled - 1 : filled, at: now });
    if (left.size >= generation) [before, left] = [left, new Map()];
    return isAllowed;
  };
}

/** Of IPv6 the first 48 bits, which are one customer's, as an IPv4 address is. */
export function siteOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const read = ipaddr.IPv6.parse(address);
  return read.isIPv4MappedAddress() ? read.toIPv4Address().toString() : read.parts.slice(0, 3).join(":");
}

/** The same of an address of the Internet; undefined for one's own networks, and for what is no address. */
export function publicSite(address: string | undefined): string | undefined {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  const read = ipaddr.process(address);
  return read.range() === "unicast" ? siteOf(read.toString()) : undefined;
}
