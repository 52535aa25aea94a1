// What the service worker does with a push message. Must stay true: the notification says nothing about who signs in, where or to
// what: whoever sees the screen reads it too. It has no button that answers.
import { confirm } from "../activate.ts";
import { listAccounts, readChoice } from "../keep.ts";
import { languageOf, sayIn } from "../words.ts";

type Message = { v: number; type: "request" | "over" | "validate"; id: string };
const place = "/authenticator/";

async function openPages(worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> {
  const windows = await worker.clients.matchAll({ type: "window" });
  return windows.filter(({ url }) => new URL(url).pathname === place);
}

async function show(worker: ServiceWorkerGlobalScope, { type, id }: Message): Promise<void> {
  const language = languageOf(await readChoice("language"));
  const say = sayIn(language);
  const asked = type === "request";
  await worker.registration.showNotification(say(asked ? "notification" : "notification.ready"), {
    ...(asked && { body: say("notification.next") }),
    tag: asked ? id : "ready",
    requireInteraction: asked,
    icon: `${place}icon-192.png`,
    badge: `${place}badge.png`,
    lang: language,
  });
}

/** Answers the proof of whichever account waits for it. */
async function prove(id: string): Promise<void> {
  const waiting = (await listAccounts()).filter(({ state }) => state === "proving");
  await Promise.allSettled(waiting.map((account) => confirm(account, id)));
}

export async function onPush(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const message = data?.json() as Message | undefined;
  if (message?.v !== 1) return;
  if (message.type === "validate") await prove(message.id);
  if (message.type === "over")
    for (const notification of await worker.registration.getNotifications({ tag: message.id })) notification.close();
  const pages = await openPages(worker);
  for (const page of pages) page.postMessage(message.type);
  const watched = pages.some(({ visibilityState }) => visibilityState === "visible");
  if (message.type === "request" || (message.type === "validate" && !watched)) await show(worker, message);
}

/** The app opens, and on what needs an answer. */
export async function onClick(worker: ServiceWorkerGlobalScope): Promise<void> {
  const [page] = await openPages(worker);
  if (page) await page.focus();
  else await worker.clients.openWindow(place);
}
