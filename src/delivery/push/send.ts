/**
 * One notification to one browser's push service (RFC 8030). Must stay true: it carries an opaque id and nothing else
 * it goes to a listed service, nowhere a redirection points; what the service says of a subscription that is gone is told
 * apart from what may be tried again.
 */

import { Undelivered, type Ask } from "../gateway.ts";
import { encrypt, type SubscriptionKeys } from "./encryption.ts";
import { findService, type PushRules } from "./endpoint.ts";
import { authorization, type VapidKey } from "./vapid.ts";

export type Subscription = { endpoint: string; keys: SubscriptionKeys };

/** All that a notification says; the bound device fetches what it is about. */
export type Note = { type: "request" | "over" | "validate"; id: string };

export type Push = {
  subscription: Subscription;
  note: Note;
  /** how long the service may keep it for a device that it cannot reach */
  ttlMs: number;
  /** of two with one topic the service keeps the newer; it tells nothing of what it stands for */
  topic: string;
};
export type Sender = { ask: Ask; rules: PushRules; key: VapidKey; subject: string; now: number };

/**
 * `gone`: there is no such subscription any more; `busy`: too much for this one, `down`: the service does not work, and either
 * may be tried again; `refused`: it would be said again.
 */
export type PushResult =
  | { state: "sent" | "gone" }
  | { state: "busy" | "down"; reason: string; afterMs?: number }
  | { state: "refused"; reason: string };

const patienceMs = 5000;

export async function sendPush({ ask, rules, key, subject, now }: Sender, push: Push): Promise<PushResult> {
  const { endpoint, keys } = push.subscription;
  const service = findService(endpoint, rules);
  if (!service) return { state: "refused", reason: "its push service is not on the list" };
  const octets = encrypt(Buffer.from(JSON.stringify({ v: 1, ...push.note })), keys);
  const headers = {
    authorization: authorization(key, { endpoint, subject, now }),
    "content-type": "application/octet-stream",
    "content-encoding": "aes128gcm",
    ttl: String(Math.max(0, Math.ceil(push.ttlMs / 1000))),
    urgency: push.note.type === "over" ? "normal" : "high",
    topic: push.topic,
  };
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await ask({ method: "POST", url: endpoint, headers, octets, signal, ...toService(service) });
    return read(answer, now);
  } catch (error) {
    return { state: "down", reason: error instanceof Undelivered ? error.message : "no answer" };
  }
}

const toService = ({ own }: { own: boolean }) => ({ keep: true, publicOnly: !own });

function read({ status, retryAfter }: { status: number; retryAfter?: string | undefined }, now: number): PushResult {
  if (status >= 200 && status <= 299) return { state: "sent" };
  if (status === 404 || status === 410) return { state: "gone" };
  const reason = `refused with HTTP ${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { state: "refused", reason };
  const afterMs = waitOf(retryAfter, now);
  return { state: status === 429 ? "busy" : "down", reason, ...(afterMs !== undefined && { afterMs }) };
}

/** Longer than anybody waits for a notification; what is put off for years would never be removed either. */
const longestWaitMs = 3_600_000;

/** RFC 9110 10.2.3: seconds, or a date. */
function waitOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), longestWaitMs) : undefined;
}
