/** The gateways that are set up, ready to be asked: their vendor's file, and its options with the secrets among them. */

import { rests, sound, type Breaker } from "#core/breaker.ts";
import { routes } from "#core/routing.ts";
import { Undelivered, type Account, type TextGateway, type VoiceGateway } from "#delivery/gateway.ts";
import { textGateways } from "#delivery/sms/index.ts";
import { voiceGateways } from "#delivery/voice/index.ts";
import { listGateways, type Channel, type GatewayRow } from "#store/gateways.ts";
import type { Deps } from "./deps.ts";

export type Opened = GatewayRow & { account: () => Account<unknown>; breaker: () => Breaker };

export const secretsPlace = (id: string) => ({ table: "gateway", column: "sealed_secrets", row: id });

export const gatewayChannels = ["sms", "voice"] as const satisfies Channel[];

/** How each node finds its gateways to be, by their ids. */
const breakers = new WeakMap<object, Map<string, Breaker>>();
const breakersOf = ({ db }: Deps): Map<string, Breaker> => {
  const known = breakers.get(db) ?? new Map<string, Breaker>();
  breakers.set(db, known);
  return known;
};
export const breakerOf = (deps: Deps, id: string): Breaker => breakersOf(deps).get(id) ?? sound;
export const setBreaker = (deps: Deps, id: string, breaker: Breaker): unknown =>
  breaker === sound ? breakersOf(deps).delete(id) : breakersOf(deps).set(id, breaker);

/** All of them, in the order in which they are tried. */
export async function findGateways(deps: Deps): Promise<Opened[]> {
  return (await listGateways(deps.db)).map((row) => opened(deps, row));
}

const opened = (deps: Deps, row: GatewayRow): Opened => ({
  ...row,
  breaker: () => breakerOf(deps, row.id),
  account: () => {
    const secrets = deps.keys.unseal("gateway", row.sealedSecrets, secretsPlace(row.id)).toString();
    const given = { ...(JSON.parse(row.options) as object), ...(JSON.parse(secrets) as object) };
    const options = vendors[row.channel].get(row.vendor)?.options.safeParse(given);
    if (!options?.success) throw new Undelivered("this version cannot read the gateway's options", { sure: true });
    return { options: options.data, ask: deps.net, callbackUrl: callbackUrl(deps, row), now: deps.clock.now() };
  },
});

export const vendors: {
  sms: ReadonlyMap<string, TextGateway>;
  voice: ReadonlyMap<string, VoiceGateway>;
} = {
  sms: textGateways,
  voice: voiceGateways,
};

/**
 * Where a gateway's carrier calls back. What it holds cannot be guessed, so that a vendor that signs nothing can be told from
 * others; one that signs does so beside it.
 */
export const callbackUrl = (deps: Deps, { id, name }: { id: string; name: string }): string =>
  `${new URL(deps.db.node.publicUrl).origin}/callbacks/${name}?token=${callbackToken(deps, id)}`;

/** The same for one attempt: what is told there is about it. */
export const reportUrlOf = (url: string, deliveryId: string): string => `${url}&delivery=${deliveryId}`;

export const callbackToken = (deps: Deps, id: string): string =>
  deps.keys.mac("gateway", "callback", id).toString("base64url");

/** Those that may carry to the number now, best first; a gateway that rests is left out. */
export const usable = (
  gateways: readonly Opened[],
  { channel, to, now }: { channel: Channel; to: string; now: number },
) =>
  routes(
    gateways.filter((one) => one.enabled && one.channel === channel && !rests(one.breaker(), now)),
    to,
  );

/** What verifications look at: read every few seconds, for these are many and gateways change seldom. */
const known = new WeakMap<object, Known>();
type Known = { at: number; gateways: Promise<Opened[]>; told: Set<Channel> };
const knownForMs = 3000;

function knownGateways(deps: Deps): Known {
  const now = deps.clock.now();
  const before = known.get(deps.db);
  if (before && before.at + knownForMs > now) return before;
  const fresh = { at: now, gateways: findGateways(deps), told: new Set<Channel>() };
  known.set(deps.db, fresh);
  fresh.gateways.catch(() => known.delete(deps.db));
  return fresh;
}
/** They have changed. */
export const forgetGateways = (deps: Deps): unknown => known.delete(deps.db);

const channels: Record<string, Channel> = { sms: "sms", "sms-reply": "sms", voice: "voice" };
export type Reached = { method: string; address: string | null };

/** Says of a factor whether a gateway must reach it and none can now: another method is offered then, and the log says why. */
export async function reachability(deps: Deps): Promise<(factor: Reached) => boolean> {
  const { gateways, told } = knownGateways(deps);
  const all = await gateways;
  return ({ method, address }) => {
    const channel = channels[method];
    if (!channel || address === null) return false;
    if (usable(all, { channel, to: address, now: deps.clock.now() }).length > 0) return false;
    if (!told.has(channel)) deps.log.warn("no gateway can reach a number now; another method is offered", { channel });
    told.add(channel);
    return true;
  };
}
