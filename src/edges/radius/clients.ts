import ipaddr from "ipaddr.js";
import type { RadiusClient } from "#actions/radius-clients.ts";
import { rangeOf } from "#core/address-range.ts";

/** Which client a source address is: the longest range that holds it, and the address alone. */
export type ClientTable = { find(address: string): RadiusClient | undefined };

/** Addresses seen are remembered up to here; a flood of forged ones must not grow memory. */
const rememberedLimit = 4096;

export function clientTable(clients: RadiusClient[]): ClientTable {
  const ranges = clients
    .flatMap((client) => client.addresses.map((text) => ({ client, range: rangeOf(text) })))
    .toSorted((a, b) => b.range[1] - a.range[1]);
  const known = new Map<string, RadiusClient | undefined>();
  const look = (from: string) => {
    // a link-local address comes with the name of an interface, which may be any
    const address = from.split("%")[0]!;
    if (!ipaddr.isValid(address)) return undefined;
    const parsed = ipaddr.process(address);
    return ranges.find(({ range }) => range[0].kind() === parsed.kind() && parsed.match(range))?.client;
  };
  return {
    find(address) {
      if (known.has(address)) return known.get(address);
      const client = look(address);
      if (known.size >= rememberedLimit) known.clear();
      known.set(address, client);
      return client;
    },
  };
}
