// Notifications over the wire: what a push service gets, which addresses are never connected to, and what its answers mean.
import tls from "node:tls";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { notify, pushCounts, subscribe, vapidPublicKey } from "#actions/web-push.ts";
import { askVendor } from "#delivery/ask.ts";
import type { Subscription } from "#delivery/push/send.ts";
import { startPushService, type PushService, type Subscriber } from "../../support/vendors/push-service.ts";
import { startVendor, trustVendors } from "../../support/vendors/stand-in.ts";
import { world, type World } from "../../support/world.ts";

const roots = tls.getCACertificates("default");
let w: World;
let service: PushService;
let browser: Subscriber;

beforeAll(async () => {
  await trustVendors();
  w = await world();
  w.deps.net = askVendor;
  service = await startPushService({ now: w.clock.now });
});
beforeEach(() => {
  // whatever was found out about the service is long ago
  w.clock.at += 3_600_000;
  service.clear();
  w.set({ "push.own-services": [service.host], "support.email": "" });
  browser = service.subscribe(vapidPublicKey(w.deps));
});
afterAll(async () => {
  await service.stop();
  await w.close();
  tls.setDefaultCACertificates(roots);
});

const note = { type: "request", id: "chl_0123456789abcdef" } as const;
const tell = async (endpoint = browser.subscription.endpoint) =>
  await notify(w.deps, { subscription: { ...browser.subscription, endpoint }, note, ttlMs: 59_001 });

test("a device is told that something waits, and the push service learns nothing of it", async () => {
  w.set({ "support.email": "it@example.org" });
  expect(await tell()).toEqual({ state: "sent" });
  const [pushed] = browser.received;
  expect(pushed).toMatchObject({ note: { v: 1, ...note }, ttl: 60, urgency: "high", subject: "mailto:it@example.org" });
  expect(Object.keys(pushed!.note)).toEqual(["v", "type", "id"]);
  expect(pushed!.body.includes("chl_")).toBe(false);
  expect(pushed!.topic).not.toContain("0123456789abcdef");
});

test("what is over takes the place of what was asked, by the same topic", async () => {
  await tell();
  const subscription = browser.subscription;
  await notify(w.deps, { subscription, note: { type: "over", id: note.id }, ttlMs: 1000 });
  await notify(w.deps, { subscription, note: { type: "request", id: "chl_other" }, ttlMs: 1000 });
  const [asked, over, other] = browser.received.map(({ topic }) => topic);
  expect(over).toBe(asked);
  expect(other).not.toBe(asked);
  expect(browser.received.map(({ body }) => body.length)).toEqual(Array(3).fill(browser.received[0]!.body.length));
});

test("a connection serves many notifications, and one that the service has closed is no loss", async () => {
  const before = service.connections();
  for (let times = 0; times < 5; times += 1) expect(await tell()).toEqual({ state: "sent" });
  expect(service.connections() - before).toBeLessThanOrEqual(1);
  service.hangUp();
  expect(await tell()).toEqual({ state: "sent" });
});

test("what has waited for a kept connection leaves nothing on it", async () => {
  const warned: string[] = [];
  const noteDown = (warning: Error) => void warned.push(warning.name);
  process.on("warning", noteDown);
  const about = { method: "POST", url: browser.subscription.endpoint, keep: true } as const;
  const ask = async () => await askVendor({ ...about, signal: new AbortController().signal });
  // Node warns of the eleventh listener on one of 32 connections
  await Promise.all(Array.from({ length: 32 * 13 }, ask));
  process.off("warning", noteDown);
  expect(warned).toEqual([]);
});

test("a subscription that is gone is known from a service that cannot just now", async () => {
  service.control.mood = "busy";
  service.control.retryAfter = "7";
  expect(await tell()).toEqual({ state: "busy", reason: "refused with HTTP 429", afterMs: 7000 });
  service.control.retryAfter = "Fri, 31 Dec 9999 23:59:59 GMT";
  expect(await tell()).toMatchObject({ state: "busy", afterMs: 3_600_000 });
  service.control.mood = "failing";
  expect(await tell()).toEqual({ state: "down", reason: "refused with HTTP 503" });
  service.control.mood = "well";
  browser.unsubscribe();
  expect(await tell()).toEqual({ state: "gone" });
});

test("a redirection is not followed", async () => {
  service.control.mood = "moved";
  expect(await tell()).toEqual({ state: "refused", reason: "refused with HTTP 307" });
  expect(service.asked).toHaveLength(1);
});

test("a service that does not answer rests after three, and is tried again with one", async () => {
  service.control.mood = "failing";
  for (let times = 0; times < 10; times += 1) expect(await tell()).toMatchObject({ state: "down" });
  expect(service.asked).toHaveLength(3);
  w.clock.at += 30_001;
  await Promise.all([tell(), tell(), tell()]);
  expect(service.asked).toHaveLength(4);
  service.control.mood = "well";
  w.clock.at += 60_001;
  expect(await tell()).toEqual({ state: "sent" });
  expect(await tell()).toEqual({ state: "sent" });
});

test("one device that gets too much keeps no others from theirs", async () => {
  service.control.mood = "busy";
  for (let times = 0; times < 5; times += 1) expect(await tell()).toMatchObject({ state: "busy" });
  service.control.mood = "well";
  expect(await tell()).toEqual({ state: "sent" });
});

test("an address that is on no list is never connected to", async () => {
  w.set({ "push.own-services": [] });
  expect(await tell()).toEqual({ state: "refused", reason: "its push service is not on the list" });
  expect(service.asked).toHaveLength(0);
});

test("a listed name of the Internet that points inside is never connected to", async () => {
  // as a name that an attacker's DNS answers differently the second time, this one resolves to this machine
  const inside = await startVendor({
    refuse: () => undefined,
    read: () => ({ to: "", from: "", text: "", ref: "", reportUrl: undefined }),
    accept: () => ({ status: 201, body: {} }),
    moods: { failing: { status: 500, body: "" }, busy: { status: 429, body: "" }, refusing: { status: 400, body: "" } },
  });
  const { host } = new URL(inside.url);
  w.set({ "push.services": [host], "push.own-services": [] });
  expect(await tell(`${inside.url}/push/x`)).toEqual({ state: "down", reason: "no answer (refused)" });
  expect(inside.orders).toHaveLength(0);
  w.set({ "push.services": [], "push.own-services": [host] });
  expect(await tell(`${inside.url}/push/x`)).toEqual({ state: "sent" });
  await inside.stop();
});

test("a device may only name a push service, with keys that can be used", () => {
  const { endpoint, keys } = browser.subscription;
  const named = (subscription: Subscription) => subscribe(w.deps, { deviceId: "dev_a", subscription }).push;
  expect(named({ endpoint, keys })).toBe("web");
  for (const wrong of ["http://127.0.0.1:5432", "https://169.254.169.254/", "https://[::1]/", "https://evil.example/x"])
    expect(named({ endpoint: wrong, keys })).toBe("none");
  expect(named({ endpoint, keys: { ...keys, p256dh: "AAAA" } })).toBe("none");
});

test("the sender's key is the same on every node", async () => {
  const other = await w.node("node_b");
  expect(vapidPublicKey(other)).toBe(vapidPublicKey(w.deps));
  expect(Buffer.from(vapidPublicKey(other), "base64url")).toHaveLength(65);
});

test("what became of notifications is counted", async () => {
  const before = { ...pushCounts(w.deps) };
  await tell();
  browser.unsubscribe();
  await tell();
  expect(pushCounts(w.deps)).toEqual({ ...before, sent: before["sent"]! + 1, gone: before["gone"]! + 1 });
});
