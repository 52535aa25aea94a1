// A device that notifications reach: its server, its browser's push service and the person, over real listeners.
import tls from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { deliverDue } from "#actions/deliver.ts";
import { addPerson } from "#actions/people.ts";
import { askVendor } from "#delivery/ask.ts";
import { claim, confirm, decide, look, send } from "../../examples/device/device.ts";
import type { DeviceRequest } from "#wire/device/messages.ts";
import { browser as openBrowser } from "../support/browser.ts";
import { startPushService, type PushService, type Subscriber } from "../support/vendors/push-service.ts";
import { trustVendors } from "../support/vendors/stand-in.ts";
import { radius } from "./drivers.ts";
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

const invited = async (username: string) => await inviteByName(h.w.deps, "cli", { username });

/** As an app does: the browser subscribes with the server's key, and what is bound counts when a notification came. */
async function claimed(username: string) {
  const { vapidPublicKey } = (await (await fetch(`${url()}/device/v1/server`)).json()) as { vapidPublicKey: string };
  const browser = service.subscribe(vapidPublicKey);
  const kept = await claim(await invited(username), { url: url(), subscription: browser.subscription });
  return { kept, browser };
}
async function bind(username: string) {
  const bound = await claimed(username);
  await confirm(bound.kept, (await bound.browser.take("validate")).note.id);
  return bound;
}
const requests = ({ received }: Subscriber) => received.filter(({ note }) => note.type === "request").length;

test("a device is bound by what its notification has brought, and by nothing else", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada" });
  const { kept, browser } = await claimed("ada");
  expect((await look(kept)).validate).toBeUndefined();
  await expect(confirm(kept, "act_guessed")).rejects.toMatchObject({ status: 400 });
  await confirm(kept, (await browser.take("validate")).note.id);
  expect((await look(kept)).account).toMatchObject({ state: "active", push: "web" });
});

test("a request reaches both devices; what one of them says is over on the other, and the record names both", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada" });
  const [phone, tablet] = [await bind("ada"), await bind("ada")];
  const key = await h.newKey();
  const begun = await h.call(key, { body: { username: "ada" } });
  expect(begun.status).toBe(202);
  const { note } = await phone.browser.take("request");
  expect((await tablet.browser.take("request")).note).toEqual(note);
  const asked = (await (await send(phone.kept, `/requests/${note.id}`)).json()) as DeviceRequest;
  expect(await decide(phone.kept, asked, { decision: "deny" })).toEqual({ result: "denied" });
  expect((await tablet.browser.take("over")).note.id).toBe(note.id);
  await expect(send(tablet.kept, `/requests/${note.id}`)).rejects.toMatchObject({ code: "request_over" });
  expect(phone.browser.received.map((one) => one.note.type)).toEqual(["validate", "request"]);
  const rows = await h.w.deps.db.q.selectFrom("request_device").select(["notify_result", "result"]).execute();
  expect(rows).toHaveLength(2);
  expect(rows).toEqual(
    expect.arrayContaining([
      { notify_result: "sent", result: "deny" },
      { notify_result: "sent", result: null },
    ]),
  );
});

test("a device that is bound while a request waits is not told of it and cannot answer it; it waits for the first", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada" });
  const phone = await bind("ada");
  service.control.mood = "failing";
  const begun = await h.call(await h.newKey(), { body: { username: "ada" } });
  const told = h.w.deps.db.q.selectFrom("request_device").select("notify_result");
  await vi.waitFor(async () => expect(await told.execute()).toEqual([{ notify_result: "down" }]));
  service.control.mood = "well";
  const tablet = await bind("ada");
  h.w.clock.at += 6000;
  await deliverDue(h.w.deps);
  const { id } = (await phone.browser.take("request")).note;
  const asked = (await (await send(phone.kept, `/requests/${id}`)).json()) as DeviceRequest;
  expect(requests(tablet.browser)).toBe(0);
  expect((await look(tablet.kept)).requests).toEqual([]);
  const over = { status: 404, code: "request_over" };
  await expect(send(tablet.kept, `/requests/${id}`)).rejects.toMatchObject(over);
  const { number } = begun.body["prompt"] as { number: string };
  await expect(decide(tablet.kept, asked, { decision: "approve", number })).rejects.toMatchObject(over);
  expect(await decide(phone.kept, asked, { decision: "approve", number })).toEqual({ result: "approved" });
});

test("a request for which another way was chosen at the sign-in page is over on the devices", async () => {
  const password = "correct horse battery";
  await addPerson(h.w.deps, "cli", { username: "ada", password });
  const { browser: device } = await bind("ada");
  const page = openBrowser(h.server.people!.port);
  await page.open("/sign-in");
  const asked = await page.submit("/sign-in/password", { username: "ada", password });
  const { note } = await device.take("request");
  await page.open(`/sign-in?flow=${asked.query.get("flow")}&other=1`);
  const { text } = await page.submit("/sign-in/other", { digit: "2" });
  expect(text).toContain("Enter the code from your app");
  await deliverDue(h.w.deps);
  expect((await device.take("over")).note.id).toBe(note.id);
  const outbox = await h.w.deps.db.q.selectFrom("outbox").select("state").where("state", "<>", "sent").execute();
  expect(outbox).toEqual([]);
});

test("R-059: whoever asks by three nodes and two protocols brings three requests to the phone, and no fourth", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada" });
  const { browser } = await bind("ada");
  const [second, third] = [await h.w.node("node_b"), await h.w.node("node_c")];
  for (const deps of [second, third]) deps.net = askVendor;
  const key = await h.newKey();
  const [here, there] = [h.server, await h.start(second)];
  const vpn = await radius(third, "none");
  const bombs = [
    async () => (await h.call(key, { to: here, body: { username: "ada" } })).status === 202,
    async () => (await h.call(key, { to: there, body: { username: "ada" } })).status === 202,
    async () => (await vpn.signIn({ username: "ada", code: "" })).verdict === "challenge",
  ];
  const storm = async () => await Promise.all(bombs.map(async (bomb) => await bomb()));
  for (let wave = 1; wave <= 3; wave++) {
    await storm();
    await browser.take("request");
    h.w.clock.at += 121_000;
  }
  // each is asked for something else
  expect(await storm()).toEqual([true, true, true]);
  // whatever is still on its way has gone out before this
  await deliverDue(second);
  expect(requests(browser)).toBe(3);
  await vpn.close();
});
