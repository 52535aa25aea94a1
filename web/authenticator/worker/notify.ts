// What the service worker does with a push message. Must stay true: the notification says nothing about who signs in, where or to
// what: whoever sees the screen reads it too. It has no button that answers.
import { confirm } from "../activate.ts";
import { listAccounts, readChoice } from "../keep.ts";
import { languageOf, sayIn, type Word } from "../words.ts";

type Message = { v: number; type: "request" | "over" | "validate"; id: string };
const place = "/authenticator/";

async function openPages(worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> {
  const windows = await worker.clients.matchAll({ type: "window" });
  return windows.filter(({ url }) => new URL(url).pathname === place);
}

type Words = { title: Word; body?: Word };
const words: Record<Message["type"], Words> = {
  request: { title: "notification", body: "notification.next" },
  over: { title: "notification.over", body: "notification.over.about" },
  validate: { title: "notification.ready" },
};

/** The server lets no request wait longer. */
const longestMs = 600_000;

/** Gives the one that is shown now. */
async function show({ registration }: ServiceWorkerGlobalScope, { type, id }: Message): Promise<{ tag: string }> {
  const language = languageOf(await readChoice("language"));
  const say = sayIn(language);
  const { title, body } = words[type];
  const asked = type === "request";
  const tag = type === "validate" ? "ready" : id;
  await registration.showNotification(say(title), {
    ...(body && { body: say(body) }),
    tag,
    requireInteraction: asked,
    silent: !asked,
    icon: `${place}icon-192.png`,
    badge: `${place}badge.png`,
    lang: language,
    data: { until: asked ? Date.now() + longestMs : 0 },
  });
  return { tag };
}

/** Those before it that ask for nothing any more; a request that ran out was told to nobody. */
async function clear({ registration }: ServiceWorkerGlobalScope, shown: { tag: string }): Promise<void> {
  for (const one of await registration.getNotifications())
    if (one.tag !== shown.tag && ((one.data as { until: number } | null)?.until ?? 0) < Date.now()) one.close();
}

/** Answers the proof of whichever account waits for it. */
async function prove(id: string): Promise<void> {
  const waiting = (await listAccounts()).filter(({ state }) => state === "proving");
  await Promise.allSettled(waiting.map((account) => confirm(account, id)));
}

/**
 * Every push shows something, and before anything else is waited for: Safari takes the subscription away after three that do not, also
 * while the app is on the screen. What the person sees in the app anyway is closed at once.
 */
export async function onPush(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const message = data?.json() as Message | undefined;
  if (message?.v !== 1) return;
  const shown = await show(worker, message);
  await clear(worker, shown);
  const pages = await openPages(worker);
  const watched = pages.some(({ visibilityState }) => visibilityState === "visible");
  if (watched && message.type !== "request")
    for (const notification of await worker.registration.getNotifications(shown)) notification.close();
  if (message.type === "validate") await prove(message.id);
  for (const page of pages) page.postMessage(message.type);
}

/** The app opens, and on what needs an answer. */
export async function onClick(worker: ServiceWorkerGlobalScope): Promise<void> {
  const [page] = await openPages(worker);
  if (page) await page.focus();
  else await worker.clients.openWindow(place);
}
