// By which address the server wakes this device. Must stay true: whatever address the browser has now is the one that the server
// knows; browsers change it without saying so, and not all of them tell the service worker.
import { ask, askServer } from "./device.ts";
import { changeAccount, listAccounts, readChoice, saveChoice, type Account } from "./keep.ts";
import { subscribe, type Subscription } from "./push.ts";

async function send(account: Account, subscription: Subscription): Promise<void> {
  await ask(account, { method: "PUT", path: "/subscription", body: { subscription } });
  await changeAccount(account.deviceId, { channel: "push" });
}

/** The same for all accounts of the device. */
export async function renewSubscription(worker: ServiceWorkerRegistration): Promise<void> {
  const accounts = (await listAccounts()).filter(({ channel, state }) => channel === "push" && state === "active");
  if (accounts.length === 0) return;
  const now = await worker.pushManager.getSubscription();
  if (now && now.endpoint === (await readChoice("endpoint"))) return;
  const { vapidPublicKey } = await askServer();
  const subscription = await subscribe(worker, vapidPublicKey);
  if (!subscription) return;
  await Promise.all(accounts.map((account) => send(account, subscription)));
  await saveChoice("endpoint", subscription.endpoint);
}

/** For somebody who has just pressed a button: only then may the browser ask them. */
export async function allowNotifications(): Promise<boolean> {
  if (!("Notification" in globalThis) || !("PushManager" in globalThis)) return false;
  return (await Notification.requestPermission()) === "granted";
}

/** Nothing: this browser gives none. */
export async function newSubscription(vapidPublicKey: string): Promise<Subscription | null> {
  const subscription = await subscribe(await navigator.serviceWorker.ready, vapidPublicKey);
  if (subscription) await saveChoice("endpoint", subscription.endpoint);
  return subscription;
}

/** For an account that was set up without notifications. Gives whether there are any now. */
export async function turnOn(account: Account): Promise<boolean> {
  if (!(await allowNotifications())) return false;
  const { vapidPublicKey } = await askServer();
  const subscription = await newSubscription(vapidPublicKey);
  if (subscription) await send(account, subscription);
  return subscription !== null;
}
