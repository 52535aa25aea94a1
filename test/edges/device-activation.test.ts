// Binding an authenticator app, by a device that speaks the protocol over a real listener, on both databases.
import { createECDH, createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { claimActivation, inviteByName, inviteDevice, waitForDevice } from "#actions/activations.ts";
import { blockDevice, listDevices, nameDevice, removeDevice, unblockDevice } from "#actions/devices.ts";
import { addPerson, removePerson, setState } from "#actions/people.ts";
import { listFactors } from "#store/factors.ts";
import { writeJws } from "#wire/device/jws.ts";
import { device } from "#wire/device/messages.ts";
import {
  activate,
  claim,
  codeNow,
  confirm,
  events,
  look,
  prove,
  send,
  type Kept,
} from "../../examples/device/device.ts";
import { browsers, systems } from "../../web/parts/browser-name.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const minute = 60_000;
const refused = { status: 400, code: "activation_refused" };
const unknown = { status: 401, code: "device_not_activated" };

test("the app in the browser says nothing of itself that the server does not take", () => {
  const said = { name: "Phone", kind: "phone", appVersion: "1", language: "en" };
  for (const [, browser] of browsers)
    for (const [, system] of systems)
      expect(device.parse({ ...said, platform: `${browser}, ${system}` }).platform).toBe(`${browser}, ${system}`);
});

describe.each(kinds)("binding a device, on %s,", (kind) => {
  const h = httpWorld(kind);
  const invite = async () => {
    const { deps } = h.w;
    await addPerson(deps, "cli", { username: "ada", display_name: "Ada", email: "ada@example.org" });
    return await inviteByName(deps, "cli", { username: "ada" });
  };
  const again = async () => await inviteByName(h.w.deps, "cli", { username: "ada" });
  const at = () => ({ url: `http://127.0.0.1:${h.server.people!.port}` });
  const methods = async () => {
    const row = await h.w.deps.db.q.selectFrom("person").select("id").where("username", "=", "ada").executeTakeFirst();
    return (await listFactors(h.w.deps.db, row ? [row.id] : [])).map(({ method }) => method).toSorted();
  };

  test("the link binds it; it counts once its channel is proven, and then its codes and approvals together", async () => {
    const { link, id } = await invite();
    expect(link).toMatch(/^https:\/\/mfa\.example\.org\/authenticator\/#activate=[0-9A-Z]{26}$/);
    const kept = await claim({ link }, at());
    expect(kept.account).toMatchObject({ username: "ada", displayName: "Ada", organisation: "Countersign" });
    expect(await methods()).toEqual([]);
    expect(await waitForDevice(h.w.deps, { id, waitMs: 0 })).toMatchObject({ state: "claimed" });
    const waiting = waitForDevice(h.w.deps, { id, waitMs: 60_000 });
    await prove(kept);
    expect(await waiting).toEqual({ state: "done", deviceId: kept.deviceId });
    expect(await methods()).toEqual(["push", "totp"]);
    expect((await look(kept)).account).toMatchObject({ state: "active", push: "none", pinSet: false });
    expect(codeNow(kept)).toMatch(/^\d{6}$/);
    await vi.waitFor(() => expect(h.w.sent.at(-1)).toMatchObject({ channel: "email", to: "ada@example.org" }));
  });

  test("the short code binds it with the name, and is gone after five guesses", async () => {
    const { code } = await invite();
    const wrong = `${code.slice(0, -1)}${code.endsWith("0") ? "1" : "0"}`;
    await expect(claim({ code, username: "eve" }, at())).rejects.toMatchObject(refused);
    await expect(claim({ code: wrong, username: "ada" }, at())).rejects.toMatchObject(refused);
    const kept = await activate({ code: code.toLowerCase(), username: "ADA" }, at());
    expect((await look(kept)).account.username).toBe("ada");
    const second = await again();
    for (let guess = 0; guess < 5; guess++)
      await expect(claim({ code: wrong, username: "ada" }, at())).rejects.toMatchObject(refused);
    await expect(claim({ code: second.code, username: "ada" }, at())).rejects.toMatchObject(refused);
  });

  test("a code is good once, for ten minutes, and until the next one", async () => {
    const first = await invite();
    const both = await Promise.allSettled([claim(first, at()), claim(first, at())]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const second = await again();
    const third = await again();
    await expect(claim(second, at())).rejects.toMatchObject(refused);
    h.w.clock.at += 10 * minute;
    await expect(claim(third, at())).rejects.toMatchObject(refused);
  });

  test("whose channel is not proven in time, or by another proof, stays nothing", async () => {
    const { link, id } = await invite();
    const kept = await claim({ link }, at());
    await expect(confirm(kept, "act_other")).rejects.toMatchObject(refused);
    const { validate = "" } = await look(kept);
    h.w.clock.at += 2 * minute;
    await expect(confirm(kept, validate)).rejects.toMatchObject(refused);
    expect(await methods()).toEqual([]);
    expect(await waitForDevice(h.w.deps, { id, waitMs: 0 })).toMatchObject({ state: "expired" });
  });

  test("a proof that comes by two ways at once, or again, binds it and takes nothing away", async () => {
    const kept = await claim(await invite(), at());
    const { validate = "" } = await look(kept);
    await Promise.all([1, 2, 3].map(() => confirm(kept, validate)));
    await confirm(kept, validate);
    expect((await look(kept)).account).toMatchObject({ state: "active" });
    expect(await methods()).toEqual(["push", "totp"]);
  });

  test("without notifications the live stream brings the proof", async () => {
    await invite();
    const keys = { p256dh: createECDH("prime256v1").generateKeys("base64url"), auth: "A".repeat(22) };
    const elsewhere = { endpoint: "https://push.example.org/1", keys };
    // no push service that may be asked: it has no notifications
    expect((await look(await claim(await again(), { ...at(), subscription: elsewhere }))).validate).toBeDefined();
    const subscription = { endpoint: "https://fcm.googleapis.com/fcm/send/1", keys };
    const kept = await claim(await again(), { ...at(), subscription });
    expect((await look(kept)).validate).toBeUndefined();
    await send(kept, "/activations/channel", { method: "POST", body: { channel: "stream" } });
    for await (const { event, id } of events(kept)) {
      expect(event).toBe("validate");
      await confirm(kept, id);
      break;
    }
    expect((await look(kept)).account).toMatchObject({ state: "active", push: "none" });
  });

  test("as many devices as the setting says, and nobody's who may not sign in", async () => {
    h.w.set({ "push.devices-per-person": 1 });
    const { link } = await invite();
    const second = await again();
    await expect(claim({ link }, at())).rejects.toMatchObject(refused);
    await activate(second, at());
    await expect(again()).rejects.toMatchObject({ code: "conflict" });
    h.w.set({ "push.devices-per-person": 2 });
    const third = await again();
    h.w.set({ "push.devices-per-person": 1 });
    await expect(claim(third, at())).rejects.toMatchObject({ status: 409, code: "too_many_devices" });
    h.w.set({ "push.devices-per-person": 2 });
    await setState(h.w.deps, "cli", { username: "ada", state: "disabled" });
    await expect(claim(third, at())).rejects.toMatchObject(refused);
  });

  test("whoever may not sign in any more when the channel is proven is bound nothing", async () => {
    const { link } = await invite();
    const kept = await claim({ link }, at());
    await setState(h.w.deps, "cli", { username: "ada", state: "disabled" });
    await expect(prove(kept)).rejects.toMatchObject(refused);
    await setState(h.w.deps, "cli", { username: "ada", state: "enabled" });
    await expect(look(kept)).rejects.toMatchObject(unknown);
    expect(await methods()).toEqual([]);
  });

  test("whoever guesses at one address of the own network stops nobody at another", async () => {
    const { link } = await invite();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const phone = { name: "Phone", kind: "phone", platform: "other", appVersion: "1", language: "en" } as const;
    const give = async (code: string, clientIp: string) =>
      await claimActivation(h.w.deps, {
        code,
        publicKey: { kty: "EC", crv: "P-256", x, y },
        device: phone,
        subscription: null,
        signature: writeJws("activation", { key: privateKey, payload: { code, aud: h.w.deps.db.node.publicUrl } }),
        clientIp,
      });
    const guess = async () => await give("0".repeat(26), "10.0.0.66");
    for (let guesses = 0; guesses < 60; guesses++) expect(await guess()).toEqual({ refused: refused.code });
    await expect(guess()).rejects.toMatchObject({ code: "busy" });
    expect(await give(link.split("=")[1]!, "10.0.0.7")).toMatchObject({ account: { username: "ada" } });
  });

  test("of two that the password alone began, the second finds that somebody has registered", async () => {
    const first = await invite();
    const { id: userId } = (await h.w.deps.db.q.selectFrom("person").select("id").executeTakeFirst())!;
    const bound = await claim(first, at());
    const alone = await inviteDevice(h.w.deps, "system", { userId, username: "ada", alone: true });
    const eve = await claim(alone, at());
    await prove(bound);
    await expect(prove(eve)).rejects.toMatchObject(refused);
    await expect(look(eve)).rejects.toMatchObject(unknown);
    expect(await methods()).toEqual(["push", "totp"]);
  });

  test("a device whose person is gone is of no account, and is told so", async () => {
    const kept = await activate(await invite(), at());
    await removePerson(h.w.deps, "cli", { username: "ada" });
    await expect(look(kept)).rejects.toMatchObject(unknown);
  });

  test("is named, changes its address and takes itself away, which is told and asks for another method", async () => {
    const kept = await activate(await invite(), at());
    await send(kept, "/name", { method: "POST", body: { name: "Work phone" } });
    const keys = { p256dh: createECDH("prime256v1").generateKeys("base64url"), auth: "A".repeat(22) };
    const put = async (endpoint: string) =>
      await send(kept, "/subscription", { method: "PUT", body: { subscription: { endpoint, keys } } });
    await put("https://fcm.googleapis.com/1");
    await put("https://fcm.googleapis.com/2");
    expect(await listDevices(h.w.deps, "ada")).toMatchObject([{ name: "Work phone", push: "web", state: "active" }]);
    await put("https://127.0.0.1:5432/");
    expect((await look(kept)).account.push).toBe("none");
    const log = h.w.deps.db.q.selectFrom("log").select("detail").where("result", "=", "DEVICE_TOKEN_CHANGED");
    const tokens = (await log.orderBy("seq").execute()).map(({ detail }) => JSON.parse(detail!) as { to: string });
    expect(tokens).toMatchObject([{ from: null }, { from: tokens[0]!.to }, { from: tokens[1]!.to, to: null }]);
    await send(kept, "/", { method: "DELETE" });
    await expect(look(kept)).rejects.toMatchObject(unknown);
    expect(await methods()).toEqual([]);
    const [row] = await h.w.deps.db.q.selectFrom("person").select("must_register").execute();
    expect(row!.must_register).toBe("help_desk");
  });

  test("changes something sixty times in ten minutes at most, and others are not in its way", async () => {
    const [kept, other] = [await activate(await invite(), at()), await activate(await again(), at())];
    const rename = async (by: Kept, name: string) => await send(by, "/name", { method: "POST", body: { name } });
    // one was its proof
    for (let times = 1; times < 60; times++) await rename(kept, `Phone ${times}`);
    await expect(rename(kept, "Phone")).rejects.toMatchObject({ status: 429, code: "too_many_requests" });
    await rename(other, "Tablet");
    expect((await look(kept)).account.state).toBe("active");
    h.w.clock.at += 10 * minute;
    const { skewMs } = kept;
    await rename({ ...kept, skewMs: skewMs + 10 * minute }, "Phone");
  });

  test("is blocked, let in again and removed by an administrator; the last one takes the method along", async () => {
    const kept = await activate(await invite(), at());
    const wanted = { username: "ada", device: kept.deviceId, reason: "lost" };
    await blockDevice(h.w.deps, "cli", wanted);
    await expect(look(kept)).rejects.toMatchObject({ status: 401, code: "device_blocked" });
    expect(await methods()).toEqual(["push"]);
    await expect(blockDevice(h.w.deps, "cli", wanted)).rejects.toMatchObject({ code: "conflict" });
    await unblockDevice(h.w.deps, "cli", wanted);
    expect(await methods()).toEqual(["push", "totp"]);
    const other = await activate(await again(), at());
    await nameDevice(h.w.deps, "cli", { ...wanted, name: "Old phone" });
    await removeDevice(h.w.deps, "cli", { username: "ada", device: "Old phone" });
    await expect(look(kept)).rejects.toMatchObject(unknown);
    expect(await methods()).toEqual(["push", "totp"]);
    await removeDevice(h.w.deps, "cli", { username: "ada", device: other.deviceId });
    expect(await methods()).toEqual([]);
  });

  test("the last two, taken away on two nodes at once, take the method along, and another is asked for", async () => {
    const nodes = [h.w.deps, kind === "postgres" ? await h.w.node("node_b") : h.w.deps];
    const both = [await activate(await invite(), at()), await activate(await again(), at())];
    await Promise.all(
      both.map(
        async ({ deviceId: device }, turn) => await removeDevice(nodes[turn]!, "cli", { username: "ada", device }),
      ),
    );
    expect(await methods()).toEqual([]);
    const [row] = await h.w.deps.db.q.selectFrom("person").select("must_register").execute();
    expect(row!.must_register).toBe("help_desk");
  });

  describe("a signed request", () => {
    const authorizationOf = async (kept: Kept, changes: object) => {
      const payload = {
        htm: "GET",
        htu: "https://mfa.example.org/device/v1/requests",
        iat: Math.floor(h.w.clock.at / 1000),
        jti: "A".repeat(22),
        bh: "",
        ...changes,
      };
      const key = createPrivateKey({ key: kept.key, format: "jwk" });
      return `Device ${writeJws("request", { key, kid: kept.deviceId, payload })}`;
    };
    const ask = async (authorization: string, init: RequestInit = {}) => {
      const response = await fetch(`${at().url}/device/v1/requests`, { ...init, headers: { authorization } });
      return { status: response.status, body: (await response.json()) as { code?: string; serverTime?: number } };
    };

    test("is for its address, method, body and minute, by the device's own key", async () => {
      const kept = await activate(await invite(), at());
      const other = await activate(await again(), at());
      expect(await ask(await authorizationOf(kept, {}))).toMatchObject({ status: 200 });
      const bad = { status: 401, body: { code: "bad_signature" } };
      for (const changes of [
        { htm: "POST" },
        { htu: "https://evil.example/device/v1/requests" },
        { bh: "A" },
        { x: 1 },
      ])
        expect(await ask(await authorizationOf(kept, changes))).toMatchObject(bad);
      expect(await ask(await authorizationOf({ ...kept, key: other.key }, {}))).toMatchObject(bad);
      for (const text of ["", "Device ", "Bearer x", `Device ${"a".repeat(15_000)}`].map((one) => ask(one)))
        expect((await text).status).toBeGreaterThanOrEqual(401);
      for (const away of [-61, 61]) {
        const iat = Math.floor(h.w.clock.at / 1000) + away;
        const late = await ask(await authorizationOf(kept, { iat }));
        expect(late).toMatchObject({ status: 401, body: { code: "bad_time", serverTime: h.w.clock.at } });
      }
    });
  });
});
