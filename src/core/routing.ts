/** Which gateways may carry something to a number, and as whom. Pure. */

type Routed = { prefixes: readonly string[]; place: number };

/** Those that are for the number: by the longest prefix that fits, then in the administrator's order. */
export function routes<G extends Routed>(gateways: readonly G[], number: string): G[] {
  return gateways
    .flatMap((gateway) => {
      const fit = longest(gateway.prefixes, number)?.length ?? (gateway.prefixes.length === 0 ? 0 : undefined);
      return fit === undefined ? [] : [{ gateway, fit }];
    })
    .toSorted((a, b) => b.fit - a.fit || a.gateway.place - b.gateway.place)
    .map(({ gateway }) => gateway);
}

/** Countries differ in what may stand as the sender, so it can be said by prefix. */
export function senderFor(number: string, { sender, senders }: { sender: string; senders: Record<string, string> }) {
  return senders[longest(Object.keys(senders), number) ?? ""] ?? sender;
}

const longest = (prefixes: readonly string[], number: string) =>
  prefixes.filter((prefix) => number.startsWith(prefix)).toSorted((a, b) => b.length - a.length)[0];
