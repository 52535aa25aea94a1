// The service worker: the app without a network, its notifications, and the address by which it is woken.
import { ask, askServer } from "../device.ts";
import { listAccounts } from "../keep.ts";
import { subscribe } from "../push.ts";
import { onClick, onPush } from "./notify.ts";
import { renewShell, shownFile, shownPage } from "./shell.ts";

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

worker.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([renewShell(), worker.skipWaiting()]));
});
worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === "/authenticator/") event.respondWith(shownPage());
  else if (pathname.startsWith("/assets/")) event.respondWith(shownFile(request));
});
worker.addEventListener("push", (event) => {
  event.waitUntil(onPush(worker, event.data));
});
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(onClick(worker));
});

/** The browser's push service has given this device another address, or none. */
async function resubscribe(): Promise<void> {
  const { vapidPublicKey } = await askServer();
  const subscription = await subscribe(worker.registration, vapidPublicKey);
  const accounts = (await listAccounts()).filter(({ channel }) => channel === "push");
  const put = { method: "PUT", path: "/subscription", body: { subscription } } as const;
  await Promise.allSettled(accounts.map((account) => ask(account, put)));
}
worker.addEventListener("pushsubscriptionchange", (event) => {
  (event as ExtendableEvent).waitUntil(resubscribe());
});
