// Requests to approve, from the sign-in that asks to the device that answers over a real listener, on both databases.
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { collect } from "#actions/collect.ts";
import { decideRequest } from "#actions/decisions.ts";
import { blockDevice } from "#actions/devices.ts";
import { setPin } from "#actions/pins.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { findDevice } from "#store/devices.ts";
import { codeNow, decide, events, look, send, sign } from "../../examples/device/device.ts";
import { flag, makeAuthenticator } from "../support/authenticator.ts";
import { addDevices } from "../support/device.ts";
import { kinds, world } from "../support/world.ts";
import { asker, portal } from "./asked-in-app.ts";
import { httpWorld } from "./http-caller.ts";

const silent: Application = { ...portal, id: "rcl_old", canChallenge: false };
const minute = 60_000;

describe.each(kinds)("a request in the app, on %s,", (kind) => {
  const h = httpWorld(kind);
  const { bind, adaWith, asking, asked, only, records, changes } = asker(h);

  test("is approved by the number that the page shows, and lets whoever waits in, once", async () => {
    const kept = await adaWith();
    const { number, prompt, came, id } = await asked();
    expect(prompt).toMatchObject({ kind: "wait", method: "push", number: expect.stringMatching(/^\d{6}$/) });
    const request = await only(kept);
    expect(request).toMatchObject({ id, user: "ada", address: "203.0.113.9", mode: "number", digits: 6 });
    expect(await (await send(kept, `/requests/${id}`)).json()).toEqual(request);
    const waiting = came(minute);
    expect(await decide(kept, request, { decision: "approve", number })).toEqual({ result: "approved" });
    expect(await waiting).toMatchObject({ kind: "allow", methods: ["push"] });
    expect(await came()).toMatchObject({ kind: "deny", code: "code_duplicate" });
    // its answer was lost on the way
    expect(await decide(kept, request, { decision: "approve", number })).toEqual({ result: "approved" });
    await expect(send(kept, `/requests/${id}`)).rejects.toMatchObject({ status: 404, code: "request_over" });
    const device = { id: kept.deviceId, kind: "other", appVersion: "1", fetched: true, usedCheck: true };
    expect((await records()).slice(0, 3)).toMatchObject([
      ["SUCCESS_PHONE_APP_PENDING", 0, null],
      ["SUCCESS_PHONE_APP_AUTHENTICATED", 0, [{ ...device, result: "approve" }]],
      ["SUCCESS_PHONE_APP_AUTHENTICATED", 1, [{ ...device, result: "approve" }]],
    ]);
  });

  test("is over after one wrong number, which costs an attempt; the method locks like any other", async () => {
    const kept = await adaWith();
    h.w.set({ "push.unanswered": 20 });
    for (let round = 0; round < 10; round++) {
      const { number, came } = await asked();
      const request = await only(kept);
      const wrong = String((Number(number) + 1) % 1_000_000).padStart(6, "0");
      expect(await decide(kept, request, { decision: "approve", number: wrong })).toEqual({ result: "wrong_number" });
      expect(await decide(kept, request, { decision: "approve", number })).toEqual({ result: "wrong_number" });
      expect(await came()).toMatchObject({ kind: "deny", code: "too_many_tries" });
      h.w.clock.at += 11 * minute;
    }
    expect(h.w.deps.settings.values()["lockout.after"]).toBe(10);
    expect(await asking(portal, { method: "push" })).toMatchObject({ prompt: { method: "totp" } });
  });

  test("is denied, and an approval that nobody has used yet is too", async () => {
    const [kept, other] = [await adaWith(), await bind()];
    const first = await asked();
    expect(await decide(kept, await only(kept), { decision: "deny" })).toEqual({ result: "denied" });
    expect(await first.came()).toMatchObject({ kind: "deny", code: "declined" });
    const second = await asked();
    const [mine, theirs] = [await only(kept), await only(other)];
    const yes = { decision: "approve", number: second.number } as const;
    expect(await decide(kept, mine, yes)).toEqual({ result: "approved" });
    expect(await decide(other, theirs, { decision: "deny" })).toEqual({ result: "denied" });
    expect(await second.came()).toMatchObject({ kind: "deny", code: "declined" });
    const third = await asked();
    const again = [await only(kept), await only(other)] as const;
    await decide(kept, again[0], { decision: "approve", number: third.number });
    expect(await third.came()).toMatchObject({ kind: "allow" });
    expect(await decide(other, again[1], { decision: "deny" })).toEqual({ result: "over" });
    const fourth = await asked();
    const own = await only(kept);
    expect(await decide(kept, own, { decision: "approve", number: fourth.number })).toEqual({ result: "approved" });
    // the same device has thought better of it
    for (const _again of [1, 2]) expect(await decide(kept, own, { decision: "deny" })).toEqual({ result: "denied" });
    expect(await fourth.came()).toMatchObject({ kind: "deny", code: "declined" });
  });

  test("is over when its time is, and a late approval is on record and grants nothing", async () => {
    const kept = await adaWith();
    const { number, came } = await asked();
    const request = await only(kept);
    h.w.clock.at = request.expiresAt;
    expect((await look(kept)).requests).toEqual([]);
    expect(await decide(kept, request, { decision: "approve", number })).toEqual({ result: "over" });
    expect(await came()).toMatchObject({ kind: "deny", code: "no_answer" });
    expect(await changes()).toContain("DECISION_TOO_LATE");
    expect((await records()).at(-1)).toMatchObject(["FAILED_PHONE_APP_NO_RESPONSE", 0, [{ result: "over" }]]);
  });

  test("is good for its signed fields alone, and for no other request, device or key", async () => {
    const [kept, other] = [await adaWith(), await bind()];
    const earlier = await asked();
    const before = await only(kept);
    await decide(kept, before, { decision: "deny" });
    await earlier.came();
    const { number, came, id } = await asked();
    const request = await only(kept);
    const device = (await findDevice(h.w.deps.db, kept.deviceId))!;
    const yes = { decision: "approve", number } as const;
    const give = async (decision: string) =>
      await decideRequest(h.w.deps, device, { challengeId: id, decision, clientIp: "" });
    const bad = { refused: "bad_decision" };
    const changed = [
      { challenge: before.id },
      { nonce: before.nonce },
      { nonce: randomBytes(32).toString("base64url") },
      { user: "eve" },
      { application: "Bank" },
      { exp: request.expiresAt + 1 },
      { decision: "yes" as "approve" },
    ];
    for (const one of changed) expect(await give(sign(kept, request, { ...yes, ...one }))).toEqual(bad);
    expect(await give(sign(other, request, yes))).toEqual(bad);
    expect(await give(sign({ ...other, deviceId: kept.deviceId }, request, yes))).toEqual(bad);
    expect(await give(sign(kept, before, yes))).toEqual(bad);
    expect(await came()).toEqual({ kind: "waiting" });
    await expect(decide(other, request, yes)).rejects.toMatchObject({ status: 400, code: "bad_decision" });
    await expect(send(kept, "/requests/chl_none")).rejects.toMatchObject({ status: 404 });
    expect(await give(sign(kept, request, yes))).toEqual({ result: "approved" });
    expect(await came()).toMatchObject({ kind: "allow" });
  });

  test("comes once at a time; meanwhile, and after three that were not approved, other methods are asked for", async () => {
    h.w.set({ "notify.lockout": ["it@example.org"] });
    const kept = await adaWith();
    for (let round = 0; round < 3; round++) {
      const { came } = await asked();
      expect(await asking()).toMatchObject({ kind: "challenge", prompt: { method: "totp" } });
      expect(await decide(kept, await only(kept), { decision: "deny" })).toEqual({ result: "denied" });
      await came();
      h.w.clock.at += minute;
    }
    const instead = await asking();
    expect(instead).toMatchObject({ kind: "challenge", prompt: { method: "totp" } });
    await expect.poll(() => h.w.sent.filter(({ to }) => to === "it@example.org")).toHaveLength(1);
    expect(await changes()).toContain("PUSH_PAUSED");
    h.w.clock.at += 29 * minute;
    expect(await asking()).toMatchObject({ prompt: { method: "push" } });
  });

  test("from many places at once goes out once, and never a fourth time", async () => {
    await adaWith();
    const nodes = kind === "postgres" ? [h.w.deps, await h.w.node("node_b"), await h.w.node("node_c")] : [h.w.deps];
    const pushed = async () =>
      (await h.w.deps.db.q.selectFrom("outbox").select("id").where("channel", "=", "push").execute()).length;
    for (let wave = 1; wave <= 5; wave++) {
      await Promise.all(
        Array.from({ length: 12 }, async (_, turn) => {
          const source = { protocol: (["web", "rest", "radius"] as const)[turn % 3]! };
          await begin(nodes[turn % nodes.length]!, { application: portal, username: "ada", source });
        }),
      );
      expect(await pushed()).toBe(Math.min(wave, 3));
      h.w.clock.at += 2 * minute + 1;
    }
  });

  test("is asked of nobody whose devices are all blocked or gone", async () => {
    const kept = await adaWith();
    await h.w.deps.db.q.updateTable("device").set({ state: "blocked" }).execute();
    await expect(look(kept)).rejects.toMatchObject({ status: 401, code: "device_blocked" });
    expect(await asking()).toMatchObject({ prompt: { method: "totp" } });
    await h.w.deps.db.q.deleteFrom("factor").where("method", "=", "totp").execute();
    expect(await asking()).toMatchObject({ kind: "deny", code: "unreachable" });
    expect((await records()).at(-1)![0]).toBe("FAILED_PHONE_APP_ALL_DEVICES_BLOCKED");
  });

  test("that a stolen device has approved lets nobody in any more", async () => {
    const [kept, { number, came }] = [await adaWith(), await asked()];
    await decide(kept, await only(kept), { decision: "approve", number });
    await blockDevice(h.w.deps, "cli", { username: "ada", device: kept.deviceId });
    expect(await came()).toMatchObject({ kind: "deny", code: "cancelled" });
  });

  test("where no number can be shown there is none, but for a PIN that is wanted or an approval that is allowed", async () => {
    const kept = await adaWith();
    expect(await asking(silent)).toMatchObject({ kind: "deny", code: "no_method" });
    const plain = await asked({ ...silent, plainApproval: true });
    expect(plain.prompt.number).toBeUndefined();
    const request = await only(kept);
    expect(request).toMatchObject({ mode: "standard", digits: 0 });
    expect(await decide(kept, request, { decision: "approve" })).toEqual({ result: "approved" });
    expect(await plain.came()).toMatchObject({ kind: "allow" });
    h.w.set({ "pin.methods": ["push"] });
    await setPin(h.w.deps, "cli", { username: "ada", pin: "72943861" });
    const pin = await asked(silent);
    const second = await only(kept);
    expect(second.mode).toBe("pin");
    const say = async (said: object) => await decide(kept, second, { decision: "approve", ...said });
    // somebody else chose it
    expect(await say({ pin: "72943861" })).toEqual({ result: "pin_expired" });
    expect(await say({ pin: "72943861", newPin: "1111" })).toEqual({ result: "pin_refused", rule: "all_same" });
    expect(await say({ pin: "72943861", newPin: "50261847" })).toEqual({ result: "approved" });
    expect(await pin.came()).toMatchObject({ kind: "allow" });
    expect((await look(kept)).account).toMatchObject({ pinSet: true, pinMustChange: false });
    await asked(silent);
    const third = await only(kept);
    expect(await decide(kept, third, { decision: "approve", pin: "72943862" })).toEqual({ result: "wrong_pin" });
    expect(await decide(kept, third, { decision: "approve", pin: "50261847" })).toEqual({ result: "approved" });
  });

  test("where a page shows the number, a PIN that is wanted goes with it", async () => {
    const kept = await adaWith();
    h.w.set({ "pin.methods": ["push"] });
    await setPin(h.w.deps, "cli", { username: "ada", pin: "72943861" });
    const begun = await asked();
    const request = await only(kept);
    expect(request).toMatchObject({ mode: "number-pin", digits: 6 });
    const number = begun.prompt.number!;
    const say = async (said: object) => await decide(kept, request, { decision: "approve", ...said });
    expect(await say({ number, pin: "72943861" })).toEqual({ result: "pin_expired" });
    expect(await say({ number, pin: "72943861", newPin: "50261847" })).toEqual({ result: "approved" });
    expect(await begun.came()).toMatchObject({ kind: "allow" });
    const next = await asked();
    const second = await only(kept);
    const pinAlone = { decision: "approve", pin: "50261847" } as const;
    expect(await decide(kept, second, pinAlone)).toEqual({ result: "wrong_number_or_pin" });
    expect(await decide(kept, second, { ...pinAlone, number: next.prompt.number! })).toEqual({
      result: "wrong_number_or_pin",
    });
  });

  test("is told by the live stream when it comes and when it is over", async () => {
    const kept = await adaWith();
    const gone = new AbortController();
    const stream = events(kept, gone.signal);
    const first = stream.next();
    const { id, number } = await asked();
    expect((await first).value).toEqual({ event: "request", id });
    await decide(kept, await only(kept), { decision: "approve", number });
    expect((await stream.next()).value).toEqual({ event: "over", id, how: "approved" });
    gone.abort();
  });

  test("one device has four live streams, and a fifth ends the first", async () => {
    const kept = await adaWith();
    const bodies = [];
    for (let count = 0; count < 5; count++) bodies.push((await send(kept, "/events")).body!);
    const told = [];
    for await (const chunk of bodies[0]!) told.push(Buffer.from(chunk).toString());
    expect(told.join("")).toBe("retry: 2000\n\n");
    const last = bodies[4]!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await last.read()).value).toBe("retry: 2000\n\n");
    const { id } = await asked();
    expect((await last.read()).value).toContain(id);
    await Promise.all([last.cancel(), ...bodies.slice(1, 4).map((body) => body.cancel())]);
  });

  test("is approved behind the device's own lock where that is wanted, which a passkey proves for this very request", async () => {
    const kept = await adaWith();
    const authenticator = makeAuthenticator();
    const at = { rpId: "mfa.example.org", origin: "https://mfa.example.org" };
    const lock = async (challenge: string, by = authenticator) =>
      await send(kept, "/unlock", {
        method: "PUT",
        body: { attestation: JSON.parse(by.create({ ...at, challenge })) as object },
      });
    h.w.set({ "push.local-unlock": "required" });
    const { number, came } = await asked();
    const request = await only(kept);
    const yes = { decision: "approve", number } as const;
    const needed = { status: 403, code: "unlock_needed" };
    await expect(decide(kept, request, yes)).rejects.toMatchObject(needed);
    const own = Buffer.from(kept.deviceId).toString("base64url");
    await expect(lock(request.nonce)).rejects.toMatchObject({ status: 400, code: "bad_unlock" });
    const unverified = makeAuthenticator({ flags: flag.present });
    await expect(lock(own, unverified)).rejects.toMatchObject({ code: "bad_unlock" });
    await lock(own);
    await expect(lock(own, makeAuthenticator())).rejects.toMatchObject({ code: "bad_unlock" });
    expect((await look(kept)).account).toMatchObject({ localUnlock: "required", unlockSet: true });
    const by = (challenge: string, twist = {}) =>
      JSON.parse(authenticator.get({ ...at, challenge }, twist)) as { id: string };
    h.w.set({ "push.local-unlock": "offered" });
    for (const uv of [undefined, by(own), by(request.nonce, { flags: flag.present })])
      await expect(decide(kept, request, { ...yes, ...(uv && { uv }) })).rejects.toMatchObject(needed);
    expect(await decide(kept, request, { ...yes, uv: by(request.nonce) })).toEqual({ result: "approved" });
    expect(await came()).toMatchObject({ kind: "allow" });
    await asked();
    expect(await decide(kept, await only(kept), { decision: "deny" })).toEqual({ result: "denied" });
  });

  test("leaves the device's codes as they are, each good once", async () => {
    const kept = await adaWith();
    const code = codeNow(kept, h.w.clock.at);
    const more = { code };
    expect(await asking(portal, more)).toMatchObject({ kind: "allow", methods: ["totp"] });
    expect(await asking(portal, more)).toMatchObject({ kind: "deny" });
  });
});

const rounds = 10;
test("of a thousand approvals and denials at the same moment none that was denied lets anybody in", async () => {
  const w = await world();
  const counted = { denied: 0, over: 0, approved: 0 };
  const race = async (username: string) => {
    const { id: userId } = await w.person({ username });
    const [yes, no] = await addDevices(w.deps, userId, 2);
    const source = { protocol: "rest" } as const;
    for (let round = 0; round < rounds; round++) {
      const asked = await begin(w.deps, { application: portal, username, method: "push", source });
      if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
      const collecting = { application: portal, challengeId: asked.id, source, waitMs: 120_000 };
      const [, denied, outcome] = await Promise.all([
        yes!.say(asked.id, { decision: "approve", number: asked.prompt.number! }),
        no!.say(asked.id, { decision: "deny" }),
        collect(w.deps, collecting),
      ]);
      const { result } = denied as { result: "denied" | "over" };
      counted[result] += 1;
      if (outcome.kind === "allow") counted.approved += 1;
      expect([result, outcome.kind]).toEqual(result === "denied" ? ["denied", "deny"] : ["over", "allow"]);
      // what was not approved is counted against the app otherwise
      await w.deps.db.q.deleteFrom("challenge").where("id", "=", asked.id).execute();
    }
  };
  await Promise.all(Array.from({ length: 100 }, async (_, index) => await race(`person${index}`)));
  expect(counted.denied + counted.over).toBe(100 * rounds);
  expect(counted.approved).toBe(counted.over);
  await w.close();
}, 180_000);
