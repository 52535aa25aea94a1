// The service worker: the app without a network, its notifications, and the address by which it is woken.
import { renewSubscription } from "../subscription.ts";
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

worker.addEventListener("pushsubscriptionchange", (event) => {
  (event as ExtendableEvent).waitUntil(renewSubscription(worker.registration));
});
