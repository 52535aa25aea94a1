/**
 * A message on its way to a gateway, and to the next one when the first says no. Must stay true: at most two attempts,
 * with the same code and under the same id; each is on record before the vendor hears of it, so that whoever takes over after
 * a crash counts it; a second one follows a definite no, or ten seconds.
 */

import { failed, sound, trying } from "#core/breaker.ts";
import { countryOf } from "#core/phone.ts";
import { senderFor } from "#core/routing.ts";
import { Undelivered, type Sent } from "#delivery/gateway.ts";
import { textGateways } from "#delivery/sms/index.ts";
import { attemptLimit, listAttempts, openDelivery, saveResult } from "#store/deliveries.ts";
import type { Waiting } from "#store/outbox.ts";
import type { Deps } from "./deps.ts";
import { setBreaker, usable, type Opened } from "./gateways-open.ts";

export type Payload = { to: string; text: string };
type Carrying = { waiting: Waiting; payload: Payload; gateways: Opened[] };

const patienceMs = 10_000;

/** Says whether a vendor has taken it. */
export async function carry(deps: Deps, { waiting, payload, gateways }: Carrying): Promise<boolean> {
  const channel = "sms";
  const asked = await listAttempts(deps.db, waiting.id);
  for (let again = true; asked.length < attemptLimit; again = false) {
    const able = usable(gateways, { channel, to: payload.to, now: deps.clock.now() });
    // the same one again only after the outbox's ten seconds
    const gateway = able.find(({ id }) => !asked.includes(id)) ?? (again ? able[0] : undefined);
    if (!gateway) {
      if (able.length === 0) await tellNone(deps, { waiting, payload });
      return false;
    }
    const attempt = { waiting, payload, gateway, attempt: asked.length + 1 };
    const end = await hand(deps, attempt);
    if (end !== "refused") return end === "sent";
    asked.push(gateway.id);
  }
  return false;
}

async function tellNone(deps: Deps, { waiting, payload }: Omit<Carrying, "gateways">): Promise<void> {
  const country = await countryOf(payload.to);
  deps.log.warn("no gateway can carry a message now", { message: waiting.id, channel: waiting.channel, country });
}

type Attempt = { waiting: Waiting; payload: Payload; gateway: Opened; attempt: number };

async function hand(
  deps: Deps,
  { waiting, payload, gateway, attempt }: Attempt,
): Promise<"sent" | "refused" | "unsure"> {
  const { to } = payload;
  const id = deps.random.id("dlv_");
  const sender = senderFor(to, gateway);
  const mine = await openDelivery(deps.db, {
    id,
    messageId: waiting.id,
    attempt,
    challengeId: waiting.challengeId,
    userId: waiting.userId,
    gateway,
    country: await countryOf(to),
    toMac: numberMac(deps, to),
    sender,
    at: deps.clock.now(),
  });
  if (!mine) return "unsure";
  setBreaker(deps, gateway.id, trying(gateway.breaker(), deps.clock.now()));
  const result = await send(deps, gateway, { messageId: waiting.id, deliveryId: id, from: sender, ...payload }).then(
    (sent) => ({ ...sent, state: "sent" as const, messageOnly: false }),
    (error: unknown) => {
      const { sure, messageOnly, message } = error instanceof Undelivered ? error : unread;
      return { state: sure ? ("refused" as const) : ("unsure" as const), messageOnly, reason: message };
    },
  );
  if (result.state === "sent") setBreaker(deps, gateway.id, sound);
  else {
    if (!result.messageOnly) setBreaker(deps, gateway.id, failed(gateway.breaker(), deps.clock.now()));
    const { reason } = result;
    deps.log.warn("a gateway did not carry a message", { gateway: gateway.name, message: waiting.id, reason });
  }
  await saveResult(deps.db, id, { ...result, at: deps.clock.now() });
  return result.state;
}
/** Whatever else goes wrong may have gone wrong after the vendor had it; what it says may hold a secret. */
const unread = new Undelivered("its answer could not be understood", { sure: false });

type Outgoing = Payload & { messageId: string; deliveryId: string; from: string };

/** Asks the vendor; ten seconds are all it has. */
async function send(deps: Deps, gateway: Opened, outgoing: Outgoing): Promise<Sent> {
  const { messageId, deliveryId, to, from, text } = outgoing;
  const vendor = textGateways.get(gateway.vendor);
  if (!vendor) throw new Undelivered("this version knows no such vendor", { sure: true });
  const account = gateway.account();
  const over = new AbortController();
  const done = new AbortController();
  void deps.clock.sleep(patienceMs, done.signal).then(() => over.abort());
  try {
    const reportUrl = `${account.callbackUrl}&delivery=${deliveryId}`;
    return await vendor.send(account, { id: messageId, to, from, text, reportUrl, signal: over.signal });
  } finally {
    done.abort();
  }
}

/** A number is not kept with its deliveries: it is recognised. */
export const numberMac = (deps: Deps, number: string): Buffer => deps.keys.mac("gateway", "number", number);
