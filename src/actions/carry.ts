/**
 * A message on its way to a gateway, and to the next one when the first says no. Must stay true: at most two attempts,
 * with the same code and under the same id; each is on record before the vendor hears of it, so that whoever takes over after
 * a crash counts it; a second one follows a definite no, or ten seconds.
 */

import { failed, rests, sound, trying } from "#core/breaker.ts";
import { countryOf } from "#core/phone.ts";
import { senderFor } from "#core/routing.ts";
import { Undelivered, type Sent } from "#delivery/gateway.ts";
import { attemptLimit, listAttempts, openDelivery, saveResult, type Result } from "#store/deliveries.ts";
import type { Waiting } from "#store/outbox.ts";
import { placeCall, type CallPayload } from "./call-order.ts";
import type { Deps, Text } from "./deps.ts";
import { spendMoney } from "./outgoing.ts";
import { reportUrlOf, setBreaker, usable, vendors, type Opened } from "./gateways-open.ts";

export type Payload = Pick<Text, "to" | "text"> | CallPayload;
/** A message as it is attempted: `id` is the same for all attempts; without a text it is a call. */
export type Carried = Pick<Waiting, "id" | "challengeId" | "userId"> & CallPayload & { text?: string };

const patienceMs = 10_000;

/** `later`: it may be tried again, by whoever takes it next; `over`: it has had its attempts. */
export async function carry(
  deps: Deps,
  { waiting, payload, gateways }: { waiting: Waiting; payload: Payload; gateways: Opened[] },
): Promise<"sent" | "later" | "over"> {
  const channel = "text" in payload ? "sms" : "voice";
  const message = { ...waiting, ...payload };
  const attempts = await listAttempts(deps.db, waiting.id);
  // whoever took it before has died since, or its carrier has reported what it had not answered
  if (attempts.some(({ sent }) => sent)) return "sent";
  const asked = attempts.map(({ gatewayId }) => gatewayId);
  for (let again = true; asked.length < attemptLimit; again = false) {
    const able = usable(gateways, { channel, to: payload.to, now: deps.clock.now() });
    // the same one again only after the outbox's ten seconds
    const gateway = able.find(({ id }) => !asked.includes(id)) ?? (again ? able[0] : undefined);
    if (!gateway) {
      const country = await countryOf(payload.to);
      if (able.length === 0)
        deps.log.warn("no gateway can carry a message now", { message: waiting.id, channel, country });
      return "later";
    }
    const result = await attempt(deps, { message, gateway, attempt: asked.length + 1 });
    if (result?.state === "sent") return "sent";
    if (result?.state !== "refused") return "later";
    asked.push(gateway.id);
  }
  return "over";
}

type Attempt = { message: Carried; gateway: Opened; attempt: number };

/** Asks one gateway; nothing when somebody else has made this attempt, or the message is of no use to anybody any more. */
export async function attempt(deps: Deps, { message, gateway, attempt: nth }: Attempt): Promise<Attempted | undefined> {
  const id = deps.random.id("dlv_");
  const sender = senderFor(message.to, gateway);
  const mine = await openDelivery(deps.db, {
    id,
    messageId: message.id,
    attempt: nth,
    challengeId: message.challengeId,
    userId: message.userId,
    gateway,
    country: await countryOf(message.to),
    toMac: numberMac(deps, message.to),
    sender,
    at: deps.clock.now(),
  });
  if (!mine) return undefined;
  setBreaker(deps, gateway.id, trying(gateway.breaker(), deps.clock.now()));
  const result = await ask(deps, gateway, { message, from: sender, deliveryId: id });
  await saveResult(deps.db, id, { ...result, at: deps.clock.now() });
  if (result.state === "sent" && result.costMicros !== undefined) await spendMoney(deps, result.costMicros);
  return { id, ...result };
}
type Attempted = Result & { id: string };

type Asking = { message: Carried; from: string; deliveryId: string };

async function ask(deps: Deps, gateway: Opened, asking: Asking): Promise<Result> {
  try {
    const sent = await send(deps, gateway, asking);
    setBreaker(deps, gateway.id, sound);
    return { ...sent, state: "sent" };
  } catch (error) {
    const { sure, messageOnly, message: reason } = error instanceof Undelivered ? error : unread;
    const now = deps.clock.now();
    if (!messageOnly) setBreaker(deps, gateway.id, failed(gateway.breaker(), now));
    const resting = rests(gateway.breaker(), now);
    const about = { gateway: gateway.name, message: asking.message.id, reason, resting };
    deps.log.warn("a gateway did not carry a message", about);
    return { state: sure ? "refused" : "unsure", reason };
  }
}
/** Whatever else goes wrong may have gone wrong after the vendor had it; what it says may hold a secret. */
const unread = new Undelivered("its answer could not be understood", { sure: false });

async function send(deps: Deps, gateway: Opened, { message, from, deliveryId }: Asking): Promise<Sent> {
  const account = gateway.account();
  const over = new AbortController();
  const stopClock = deps.clock.after(patienceMs, () => over.abort());
  const reportUrl = reportUrlOf(account.callbackUrl, deliveryId);
  const out = { id: message.id, to: message.to, from, reportUrl, signal: over.signal };
  try {
    const { text } = message;
    if (text === undefined) return await placeCall(deps, { ...out, deliveryId, message, gateway, account });
    return await vendors.sms.get(gateway.vendor)!.send(account, { ...out, text });
  } finally {
    stopClock();
  }
}

/** A number is not kept with its deliveries: it is recognised. */
export const numberMac = (deps: Deps, number: string): Buffer => deps.keys.mac("gateway", "number", number);
