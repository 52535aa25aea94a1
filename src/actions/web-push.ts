/**
 * Notifications to people's devices by their browsers' push services. Must stay true: they tell that something waits and never
 * what (R-057); an address that a device names is connected to only where the settings allow it (R-062); a service that fails again and
 * again rests.
 */

import { failed, rests, sound, trying } from "#core/breaker.ts";
import { areKeys } from "#delivery/push/encryption.ts";
import { findService, type PushRules } from "#delivery/push/endpoint.ts";
import { sendPush, type Note, type PushResult, type Subscription } from "#delivery/push/send.ts";
import { vapidKey, type VapidKey } from "#delivery/push/vapid.ts";
import type { Subscribed } from "#store/notified.ts";
import type { Deps } from "./deps.ts";
import { breakerOf, setBreaker } from "./gateways-open.ts";

/** Made from a data key, so that it is the same on all nodes, after every start and in a restored backup. */
const keys = new WeakMap<object, VapidKey>();
function keyOf({ keys: dataKeys }: Deps): VapidKey {
  const key = keys.get(dataKeys) ?? vapidKey(dataKeys.mac("push", "vapid"));
  keys.set(dataKeys, key);
  return key;
}

/** What browsers bind their subscriptions to, so that nobody else can send to them. */
export const vapidPublicKey = (deps: Deps): string => keyOf(deps).publicKey;

function rulesOf(deps: Deps): PushRules {
  const settings = deps.settings.values();
  return { services: settings["push.services"], ownServices: settings["push.own-services"] };
}

const place = (deviceId: string) => ({ table: "device", column: "sealed_subscription", row: deviceId });

/** Where notifications to a device go from now on: nowhere where it names what is no push service here (R-062). */
export function subscribe(
  deps: Deps,
  { deviceId, subscription }: { deviceId: string; subscription: Subscription | null },
): { push: "web" | "none"; sealedSubscription: Buffer | null } {
  const refusal = subscription && refusalOf(deps, subscription);
  if (refusal !== null) deps.log.warn("a device cannot be notified by what it has sent", { device: deviceId, refusal });
  if (!subscription || refusal !== null) return { push: "none", sealedSubscription: null };
  const sealed = deps.keys.seal("device", Buffer.from(JSON.stringify(subscription)), place(deviceId));
  return { push: "web", sealedSubscription: sealed };
}

function refusalOf(deps: Deps, { endpoint, keys: theirs }: Subscription): string | null {
  if (!findService(endpoint, rulesOf(deps))) return "no service of push.services has its address";
  return areKeys(theirs) ? null : "nothing can be encrypted to its keys";
}

/** `service`: which one it is, for the figures. */
export function openSubscription(deps: Deps, { deviceId, sealedSubscription }: Subscribed) {
  const opened = deps.keys.unseal("device", sealedSubscription, place(deviceId)).toString();
  const subscription = JSON.parse(opened) as Subscription;
  return { subscription, service: findService(subscription.endpoint, rulesOf(deps))?.listed ?? "-" };
}

type Notice = { subscription: Subscription; note: Note; ttlMs: number };

/** Tells one device; the result says nothing about whether anybody has seen it. */
export async function notify(deps: Deps, { subscription, note, ttlMs }: Notice): Promise<PushResult> {
  const result = await ask(deps, { subscription, note, ttlMs });
  counts(deps)[result.state]! += 1;
  return result;
}

async function ask(deps: Deps, { subscription, note, ttlMs }: Notice): Promise<PushResult> {
  const [now, rules] = [deps.clock.now(), rulesOf(deps)];
  const breaker = `push ${findService(subscription.endpoint, rules)?.host}`;
  if (rests(breakerOf(deps, breaker), now)) return { state: "down", reason: "its push service does not work" };
  setBreaker(deps, breaker, trying(breakerOf(deps, breaker), now));
  const sender = { ask: deps.net, rules, key: keyOf(deps), subject: subjectOf(deps), now };
  const result = await sendPush(sender, { subscription, note, ttlMs, topic: topicOf(deps, note) });
  setBreaker(deps, breaker, result.state === "down" ? failed(breakerOf(deps, breaker), deps.clock.now()) : sound);
  return result;
}

/** What is told of one request replaces what was told of it before. */
const topicOf = (deps: Deps, { id }: Note): string => deps.keys.mac("push", "topic", id).toString("base64url", 0, 24);

/** RFC 8292 2.1: whom a push service writes to; some refuse a sender without. */
function subjectOf(deps: Deps): string {
  const { "support.email": email } = deps.settings.values();
  return `mailto:${email || `postmaster@${new URL(deps.db.node.publicUrl).hostname}`}`;
}

type Counts = Record<PushResult["state"], number>;
const counted = new WeakMap<object, Counts>();
const counts = ({ db }: Deps): Counts => {
  const known = counted.get(db) ?? { sent: 0, gone: 0, busy: 0, down: 0, refused: 0 };
  counted.set(db, known);
  return known;
};

/** How many notifications this node has sent, by what became of them. */
export const pushCounts = (deps: Deps): Readonly<Record<string, number>> => counts(deps);
