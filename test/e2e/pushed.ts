// A browser whose push service is the test's own: what the server sends is opened there and handed to the service worker as
// Chromium's own push service would. The browsers of tests have none.
import { expect, type Page, type Worker } from "@playwright/test";
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
  /**
   * Hands it to the service worker, and waits until that has shown something: whoever asks Chromium what it shows while it writes a
   * notification down, but does not show it yet, makes it forget that one.
   */
  const hand = async (note: Note): Promise<void> => {
    await expect.poll(() => registrationId).toBeDefined();
    const worker = await workerOf(page);
    const shown = await worker.evaluateHandle(() => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      const show = registration.showNotification.bind(registration);
      const done = new Promise<void>((resolve) => {
        registration.showNotification = async (...how) => {
          registration.showNotification = show;
          await show(...how);
          resolve();
        };
      });
      return { done };
    });
    const data = JSON.stringify(note);
    const message = { origin: server.baseUrl, registrationId: registrationId!, data };
    await client.send("ServiceWorker.deliverPushMessage", message);
    await shown.evaluate(({ done }) => done);
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

const isOurs = (worker: Worker): boolean => new URL(worker.url()).pathname.startsWith("/authenticator/");
async function workerOf(page: Page): Promise<Worker> {
  const context = page.context();
  return context.serviceWorkers().find(isOurs) ?? (await context.waitForEvent("serviceworker", isOurs));
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
