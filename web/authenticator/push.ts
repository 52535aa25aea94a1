// The browser's push service, through which the server wakes this device. Must stay true: what cannot be had within ten seconds is
// done without, since the person waits.
import { fromBase64url } from "./jws.ts";

const patienceMs = 10_000;

export type Subscription = { endpoint: string; keys: { p256dh: string; auth: string } };

const form = (subscription: PushSubscription): Subscription => {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint: endpoint!, keys: { p256dh: keys!["p256dh"]!, auth: keys!["auth"]! } };
};

async function subscribed(worker: ServiceWorkerRegistration, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const kept = await worker.pushManager.getSubscription();
  const keyOfKept = new Uint8Array(kept?.options.applicationServerKey ?? new ArrayBuffer(0));
  if (kept && keyOfKept.join() === key.join()) return kept;
  // made for a key that the server has no more
  await kept?.unsubscribe();
  return await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Those of requests that wait no more are of no use to anybody. */
export async function closeNotifications(waiting: readonly string[]): Promise<void> {
  const worker = await navigator.serviceWorker.getRegistration("/authenticator/");
  for (const notification of (await worker?.getNotifications()) ?? [])
    if (!waiting.includes(notification.tag)) notification.close();
}

/** Nothing: this browser gives none. */
export async function subscribe(
  worker: ServiceWorkerRegistration,
  vapidPublicKey: string,
): Promise<Subscription | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, patienceMs, null);
  try {
    const asked = subscribed(worker, fromBase64url(vapidPublicKey)).then(form);
    return await Promise.race([asked.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
