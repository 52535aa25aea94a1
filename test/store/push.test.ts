// Notifications from the outbox to all devices of a person: who is told, how often, and what is on record of it.
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tellOver } from "#actions/carry-push.ts";
import { deliverDue } from "#actions/deliver.ts";
import { readTelecomFigures } from "#actions/gateways.ts";
import { sealed } from "#actions/sealed.ts";
import { subscribe, vapidPublicKey } from "#actions/web-push.ts";
import { askVendor } from "#delivery/ask.ts";
import { post } from "#store/outbox.ts";
import { insertAsked } from "#store/push-requests.ts";
import { startPushService, type PushService, type Subscriber } from "../support/vendors/push-service.ts";
import { trustVendors } from "../support/vendors/stand-in.ts";
import { kinds, world, type World } from "../support/world.ts";

const roots = tls.getCACertificates("default");
beforeAll(trustVendors);
afterAll(() => tls.setDefaultCACertificates(roots));

describe.each(kinds)("a request for approval, on %s,", (kind) => {
  let w: World;
  let service: PushService;
  let userId: string;
  const challengeId = "chl_one";
  beforeEach(async () => {
    w = await world({ kind });
    w.deps.net = askVendor;
    service = await startPushService({ now: w.clock.now });
    w.set({ "push.own-services": [service.host] });
    ({ id: userId } = await w.person({ username: "ada" }));
  });
  afterEach(async () => {
    await service.stop();
    await w.close();
  });

  async function device(id: string, { state = "active", app = service.subscribe(vapidPublicKey(w.deps)) } = {}) {
    const { push, sealedSubscription } = subscribe(w.deps, { deviceId: id, subscription: app.subscription });
    const about = { name: id, kind: "phone", platform: "test", app_version: "1", language: null };
    const row = { id, user_id: userId, ...about, public_key: Buffer.alloc(1), state, push, created_at: w.clock.at };
    await w.deps.db.q
      .insertInto("device")
      .values({ ...row, sealed_subscription: sealedSubscription })
      .execute();
    return app;
  }

  async function ask() {
    const { id: factor_id } = (await w.deps.db.q.selectFrom("factor").select("id").executeTakeFirst())!;
    const at = w.clock.at;
    const of = { user_id: userId, factor_id, method: "push", application_id: "vpn", correlation_id: "cor" };
    const stands = { state: "pending", round: 1, tries: 0, offered: "[]", created_at: at, expires_at: at + 60_000 };
    await w.deps.db.q
      .insertInto("challenge")
      .values({ id: challengeId, ...of, ...stands } as never)
      .execute();
    await w.deps.db.transaction((run) => insertAsked(run, { id: challengeId, user_id: userId }));
    await queue({ type: "request", challengeId });
    await deliverDue(w.deps);
  }
  async function queue(about: { type: "request"; challengeId: string } | Validate) {
    const message = sealed(w.deps, { id: w.deps.random.id("msg_"), channel: "push", userId, ...about });
    const whose = { challenge_id: about.type === "request" ? challengeId : null, user_id: userId, at: w.clock.at };
    await w.deps.db.transaction((run) => post(run, [{ ...message, ...whose }]));
  }
  type Validate = { type: "validate"; deviceId: string; activationId: string };
  const results = async () => {
    const rows = await w.deps.db.q.selectFrom("request_device").select(["device_id", "notify_result"]).execute();
    return Object.fromEntries(rows.map((row) => [row.device_id, row.notify_result]));
  };
  const outbox = async () => await w.deps.db.q.selectFrom("outbox").select(["state", "attempts"]).execute();
  const types = (app: Subscriber) => app.received.map(({ note }) => `${note.type} ${note.id}`);

  test("reaches every device of the person once, and nobody else's", async () => {
    const [one, two] = [await device("dev_one"), await device("dev_two")];
    const others = [await device("dev_blocked", { state: "blocked" }), await device("dev_new", { state: "proving" })];
    await ask();
    w.clock.at += 30_000;
    await deliverDue(w.deps);
    expect([types(one), types(two)]).toEqual([[`request ${challengeId}`], [`request ${challengeId}`]]);
    expect(others.flatMap(types)).toEqual([]);
    expect(one.received[0]).toMatchObject({ ttl: 60, urgency: "high" });
    expect(await results()).toEqual({ dev_one: "sent", dev_two: "sent" });
    expect(await outbox()).toEqual([{ state: "sent", attempts: 1 }]);
  });

  test("a device that could not be told is told later; the others are not told again, and a later one not at all", async () => {
    const [one, two] = [await device("dev_one"), await device("dev_two")];
    const net = w.deps.net;
    w.deps.net = async (asked) => {
      if (asked.url === one.subscription.endpoint) throw new Error("no way there");
      return await net(asked);
    };
    await ask();
    expect(await results()).toEqual({ dev_one: "down", dev_two: "sent" });
    w.deps.net = net;
    const late = await device("dev_late");
    w.clock.at += 6000;
    await deliverDue(w.deps);
    await deliverDue(w.deps);
    expect([one, two, late].map(types)).toEqual([[`request ${challengeId}`], [`request ${challengeId}`], []]);
    expect(one.received[0]!.ttl).toBe(54);
    expect(await results()).toEqual({ dev_one: "sent", dev_two: "sent" });
  });

  test("a service that says when to come again is asked no sooner, and not when the request is over", async () => {
    const one = await device("dev_one");
    service.control.mood = "busy";
    service.control.retryAfter = "20";
    await ask();
    expect(await results()).toEqual({ dev_one: "busy" });
    service.control.mood = "well";
    w.clock.at += 19_000;
    await deliverDue(w.deps);
    expect(service.asked).toHaveLength(1);
    w.clock.at += 1000;
    await deliverDue(w.deps);
    expect(types(one)).toEqual([`request ${challengeId}`]);
    service.clear();
    await queue({ type: "request", challengeId });
    w.clock.at += 60_000;
    await deliverDue(w.deps);
    expect(service.asked).toEqual([]);
  });

  test("F-27: a service that is down is asked four times at most", async () => {
    await device("dev_one");
    service.control.mood = "failing";
    await ask();
    for (let second = 0; second < 120; second += 1) {
      w.clock.at += 1000;
      await deliverDue(w.deps);
    }
    expect(service.asked.length).toBeLessThanOrEqual(4);
    expect(await results()).toEqual({ dev_one: "down" });
  });

  test("F-27: a subscription that is gone is dropped, on record, and never asked for again", async () => {
    const gone = await device("dev_gone");
    const kept = await device("dev_kept");
    gone.unsubscribe();
    await ask();
    expect(types(kept)).toEqual([`request ${challengeId}`]);
    expect(await results()).toEqual({ dev_gone: "gone", dev_kept: "sent" });
    const about = await w.deps.db.q.selectFrom("device").select(["id", "push", "sealed_subscription"]).execute();
    expect(about.find(({ id }) => id === "dev_gone")).toMatchObject({ push: "none", sealed_subscription: null });
    expect(about.find(({ id }) => id === "dev_kept")).toMatchObject({ push: "web" });
    const entry = await w.deps.db.q
      .selectFrom("log")
      .select(["user_id", "detail"])
      .where("result", "=", "SUBSCRIPTION_GONE")
      .executeTakeFirst();
    expect(entry).toEqual({ user_id: userId, detail: JSON.stringify({ device: "dev_gone" }) });
    service.clear();
    await queue({ type: "request", challengeId });
    await deliverDue(w.deps);
    expect(service.asked).toEqual([]);
  });

  test("a device that has subscribed anew keeps that, though its old subscription is gone", async () => {
    const old = await device("dev_one");
    old.unsubscribe();
    const fresh = service.subscribe(vapidPublicKey(w.deps));
    const net = w.deps.net;
    w.deps.net = async (asked) => {
      const { sealedSubscription } = subscribe(w.deps, { deviceId: "dev_one", subscription: fresh.subscription });
      await w.deps.db.q.updateTable("device").set({ sealed_subscription: sealedSubscription }).execute();
      return await net(asked);
    };
    await ask();
    w.deps.net = net;
    const stands = await w.deps.db.q.selectFrom("device").select(["push", "sealed_subscription"]).executeTakeFirst();
    expect(stands).toMatchObject({ push: "web", sealed_subscription: expect.anything() });
  });

  test("that was answered is over on the devices that were told of it, and on them alone", async () => {
    const [one, two] = [await device("dev_one"), await device("dev_two")];
    await ask();
    const late = await device("dev_late");
    await tellOver(w.deps, { challengeId, except: "dev_one" });
    expect([types(one), types(two)]).toEqual([
      [`request ${challengeId}`],
      [`request ${challengeId}`, `over ${challengeId}`],
    ]);
    expect(two.received[1]!.topic).toBe(two.received[0]!.topic);
    expect(types(late)).toEqual([]);
  });

  test("is in the figures, by the service as it is listed", async () => {
    const gone = await device("dev_gone");
    await device("dev_one");
    gone.unsubscribe();
    await ask();
    const fetchedAt = w.clock.at + 1500;
    await w.deps.db.q
      .updateTable("request_device")
      .set({ fetched_at: fetchedAt })
      .where("device_id", "=", "dev_one")
      .execute();
    expect(await readTelecomFigures(w.deps)).toEqual([
      expect.objectContaining({
        gateway: service.host,
        channel: "push",
        attempts: 2,
        sent: 1,
        delivered: 1,
        p50: 1500,
      }),
    ]);
  });

  test("a device that binds itself shows that notifications reach it by what it is sent", async () => {
    const app = await device("dev_new", { state: "proving" });
    await queue({ type: "validate", deviceId: "dev_new", activationId: "act_one" });
    await deliverDue(w.deps);
    expect(types(app)).toEqual(["validate act_one"]);
    expect(await outbox()).toEqual([{ state: "sent", attempts: 1 }]);
  });
});
