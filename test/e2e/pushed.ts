// A browser whose push service is the test's own: what the server sends is opened there and handed to the service worker as
// Chromium's own push service would. The browsers of tests have none.
import { expect, type Page } from "@playwright/test";
import { startPushService, type Note } from "../support/vendors/push-service.ts";
import type { Server } from "./server.ts";

type Registration = { registrationId: string; scopeURL: string };

export async function withPush(page: Page, server: Server) {
  const service = await startPushService();
  await server.node.tell("settings set", { name: "push.own-services", text: JSON.stringify([service.host]) });
  const facts = (await (await fetch(`${server.node.url}/device/v1/server`)).json()) as { vapidPublicKey: string };
  const subscriber = service.subscribe(facts.vapidPublicKey);
  await page.context().grantPermissions(["notifications"], { origin: server.baseUrl });
  await page.addInitScript(
    ({ endpoint, keys, vapidPublicKey }) => {
      const octets = atob(vapidPublicKey.replaceAll("-", "+").replaceAll("_", "/"));
      const applicationServerKey = Uint8Array.from(octets, (octet) => octet.charCodeAt(0)).buffer;
      const given = { endpoint, options: { applicationServerKey }, toJSON: () => ({ endpoint, keys }) };
      let subscribed = false;
      PushManager.prototype.getSubscription = async () => (subscribed ? (given as unknown as PushSubscription) : null);
      PushManager.prototype.subscribe = async () => {
        subscribed = true;
        return given as unknown as PushSubscription;
      };
    },
    { ...subscriber.subscription, ...facts },
  );

  const client = await page.context().newCDPSession(page);
  let registrationId: string | undefined;
  client.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }: { registrations: Registration[] }) => {
    registrationId = registrations.find(({ scopeURL }) => scopeURL.endsWith("/authenticator/"))?.registrationId;
  });
  await client.send("ServiceWorker.enable");
  /** Hands it to the service worker. */
  const hand = async (note: Note): Promise<void> => {
    await expect.poll(() => registrationId).toBeDefined();
    const data = JSON.stringify(note);
    const message = { origin: server.baseUrl, registrationId: registrationId!, data };
    await client.send("ServiceWorker.deliverPushMessage", message);
  };
  return {
    hand,
    /** Waits for the server's next message of that kind and hands it over. */
    deliver: async (type: string): Promise<Note> => {
      const { note } = await subscriber.take(type);
      await hand(note);
      return note;
    },
    stop: async () => {
      await server.node.tell("settings unset", { name: "push.own-services" });
      await service.stop();
    },
  };
}

/** What stands on the screen of the device. */
export const notifications = async (page: Page) =>
  await page.evaluate(async () => {
    const worker = await navigator.serviceWorker.getRegistration("/authenticator/");
    const shown = await worker!.getNotifications();
    return shown.map(({ title, body, tag, ...more }) => {
      const { actions = [] } = more as { actions?: unknown[] };
      return { title, body, tag, actions: actions.length };
    });
  });
