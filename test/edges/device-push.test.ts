// A device that notifications reach: its server, its browser's push service and the person, over real listeners.
import tls from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { addPerson } from "#actions/people.ts";
import { askVendor } from "#delivery/ask.ts";
import { claim, confirm, look } from "../../examples/device/device.ts";
import { startPushService, type PushService, type Subscriber } from "../support/vendors/push-service.ts";
import { trustVendors } from "../support/vendors/stand-in.ts";
import { httpWorld } from "./http-caller.ts";

const roots = tls.getCACertificates("default");
const h = httpWorld();
let service: PushService;

beforeAll(async () => {
  await trustVendors();
  service = await startPushService({ now: () => h.w.clock.at });
});
beforeEach(() => {
  service.clear();
  h.w.deps.net = askVendor;
  h.w.set({ "push.own-services": [service.host] });
});
afterAll(async () => {
  await service.stop();
  tls.setDefaultCACertificates(roots);
});

const url = () => `http://127.0.0.1:${h.server.people!.port}`;

/** As an app does: the browser subscribes with the server's key, and what is bound counts when a notification came. */
async function bind(username: string) {
  await addPerson(h.w.deps, "cli", { username, display_name: username });
  const { vapidPublicKey } = (await (await fetch(`${url()}/device/v1/server`)).json()) as { vapidPublicKey: string };
  const browser = service.subscribe(vapidPublicKey);
  const invited = await inviteByName(h.w.deps, "cli", { username });
  const kept = await claim(invited, { url: url(), subscription: browser.subscription });
  return { kept, browser };
}
const prove = async ({ kept, browser }: { kept: Parameters<typeof look>[0]; browser: Subscriber }) =>
  await confirm(kept, (await browser.take("validate")).note.id);

test("a device is bound by what its notification has brought, and by nothing else", async () => {
  const bound = await bind("ada");
  expect((await look(bound.kept)).validate).toBeUndefined();
  await expect(confirm(bound.kept, "act_guessed")).rejects.toMatchObject({ status: 400 });
  await prove(bound);
  expect((await look(bound.kept)).account).toMatchObject({ state: "active", push: "web" });
});
