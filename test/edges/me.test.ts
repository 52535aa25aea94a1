// A person's own account: nobody else gets anything from it, and a session that was stolen changes nothing.
import { describe, expect, test } from "vitest";
import { addApiKey } from "#actions/api-keys.ts";
import { findSession, newToken, openSession, listSessions } from "#actions/sessions.ts";
import { begin } from "#actions/verify.ts";
import { kinds } from "../support/world.ts";
import { bodies, changes, next, ownWorld, password, routes, type RouteName, type Session } from "./own-world.ts";

const minute = 60_000;

describe.each(kinds)("on %s", (kind) => {
  const h = ownWorld(kind);
  const { ask, call, idOf, mails, methods, remembered, signIn } = h;

  test("nobody without a session of two steps gets anything, and no key does", async () => {
    const session = await signIn();
    const weak = await signIn(h.eva.id, 0, []);
    const key = await addApiKey(h.w.deps, "cli", { name: "shop", scopes: ["verify"] });
    const id = await idOf(session, "totp");
    const authorization = `Countersign-HMAC-SHA256 key=${key.id}, time=1, nonce=abcdefghijklmnop, signature=x`;
    for (const [name] of routes)
      for (const asked of [{}, { session: weak }, { session, headers: { authorization } }]) {
        const answer = await call(name, id, asked);
        expect([name, answer.status, answer.body["location"]]).toEqual([name, 401, undefined]);
      }
    expect((await methods(session)).map((one) => one.state)).toEqual(["ready", "ready"]);
  });

  test("a stolen session changes nothing: each change asks for a sign-in of the last five minutes", async () => {
    const session = await signIn(h.eva.id, 6 * minute);
    const id = await idOf(session, "totp");
    for (const [name, route] of changes) {
      const answer = await call(name, id, { session });
      if (!("config" in route)) continue;
      expect([name, answer.status, answer.body["type"]]).toEqual([name, 401, "insufficient_user_authentication"]);
      expect(answer.body["location"]).toMatch(/^\/sign-in\?flow=sgn_/);
    }
    const free = changes.filter(([, route]) => !("config" in route)).map(([name]) => name);
    // adding is proven on the pages that it leads to, and a token by its codes
    expect(free).toEqual(["addMethod", "addBackup", "resyncMethod", "setLanguage"]);
    expect((await methods(session)).map((one) => one.state)).toEqual(["ready", "ready"]);
  });

  test("what a remembered browser stood in for is no sign-in for a change", async () => {
    const at = h.w.clock.at;
    const proven = { passwordAt: at, proofs: [], rememberedAt: at };
    const browser = { clientIp: undefined, userAgent: undefined };
    const one = await h.w.deps.db.transaction((run) =>
      openSession(h.w.deps, run, { userId: h.eva.id, proven, browser }),
    );
    const { body, status } = await ask("GET", "/api/v1/me", { session: { ...one, csrf: "" } });
    expect(status).toBe(200);
    const session = { ...one, csrf: String(body["csrf"]) };
    expect((await call("renewCodes", "", { session })).status).toBe(401);
  });

  test("who has a passkey proves that, and not less; unless it is what was lost", async () => {
    const session = await signIn();
    const row = { id: "fac_key", user_id: h.eva.id, method: "passkey", state: "active", created_at: h.w.clock.at };
    await h.w.deps.db.q
      .insertInto("factor")
      .values({ ...row, parameters: "{}" } as never)
      .execute();
    expect((await call("renewCodes", "", { session })).status).toBe(401);
    expect((await call("removeMethod", "fac_key", { session })).status).toBe(401);
    expect((await call("loseMethod", "fac_key", { session })).status).toBe(204);
    expect((await methods(session)).find(({ id }) => id === "fac_key")?.state).toBe("lost");
    expect((await call("removeMethod", "fac_key", { session })).status).toBe(204);
    const strong = await signIn(h.eva.id, 0, ["totp", "passkey"]);
    expect((await call("renewCodes", "", { session: strong })).status).toBe(200);
  });

  test("a change comes from a page of that very session", async () => {
    const [session, other] = [await signIn(), await signIn()];
    const id = await idOf(session, "totp");
    for (const [name] of changes) {
      const foreign: Record<string, string>[] = [
        { "x-countersign-csrf": "" },
        { "x-countersign-csrf": other.csrf },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { origin: "https://evil.example" },
      ];
      for (const headers of foreign)
        expect([name, headers, (await call(name, id, { session, headers })).status]).toEqual([name, headers, 403]);
      if (bodies[name] === undefined) continue;
      const headers = { "content-type": "text/plain" };
      expect([name, (await call(name, id, { session, headers })).status]).toEqual([name, 415]);
    }
    expect((await methods(session)).map((one) => one.name)).toEqual([null, null]);
  });

  test("another person's methods, sessions and devices are not there", async () => {
    const bo = await h.w.person({ username: "bo", phone: "+46701234568" });
    const [session, his] = [await signIn(), await signIn(bo.id)];
    await remembered(bo.id);
    const { body } = await ask("GET", "/api/v1/me/devices", { session: his });
    const device = (body["devices"] as { id: string }[])[0]!.id;
    const method = await idOf(his, "totp");
    const ids: Partial<Record<RouteName, string>> = { endSession: his.id, forgetDevice: device };
    for (const [name, { url }] of changes) {
      if (!url.includes(":id")) continue;
      expect([name, (await call(name, ids[name] ?? method, { session })).status]).toEqual([name, 404]);
      expect([name, (await call(name, "fac_none", { session })).status]).toEqual([name, 404]);
    }
    expect((await methods(his)).map(({ state, name }) => [state, name])).toEqual([
      ["ready", null],
      ["ready", null],
    ]);
    expect(await findSession(h.w.deps, his.token)).toBeDefined();
  });

  test("a field that there is not, or a value that is none, is refused by name", async () => {
    const session = await signIn();
    const id = await idOf(session, "totp");
    const wrong: [RouteName, object][] = [
      ["renameMethod", { name: "x", colour: "red" }],
      ["renameMethod", { name: "  " }],
      ["renameMethod", { name: "a\nb" }],
      ["setLanguage", { language: "xx" }],
      ["changePassword", { current: password }],
    ];
    for (const [name, body] of wrong) {
      const answer = await call(name, id, { session, body });
      expect([name, answer.status]).toEqual([name, 400]);
      expect(JSON.stringify(answer.body)).not.toContain(password);
    }
    expect((await call("setFirst", "", { session, body: { kind: "passkey" } })).status).toBe(404);
    expect((await call("setFirst", "", { session, body: { kind: "recovery" } })).status).toBe(404);
  });

  test("a new password ends the other sessions and remembered browsers, and is told of", async () => {
    const person = h.w.deps.db.q.updateTable("person").set({ email: "eva@example.com" });
    await person.where("id", "=", h.eva.id).execute();
    const [session, other] = [await signIn(), await signIn()];
    await remembered();
    const change = async (current: string, wanted: string) =>
      (await call("changePassword", "", { session, body: { current, next: wanted } })).body["reason"];
    expect(await change("not my password", next)).toBe("wrong_password");
    expect(await change(password, "too short")).toBe("short");
    expect(await change(password, "my name is Eva")).toBe("name");
    expect(await change(password, "password1234")).toBe("common");
    expect(await findSession(h.w.deps, other.token)).toBeDefined();
    expect((await call("changePassword", "", { session })).status).toBe(204);
    expect(await findSession(h.w.deps, other.token)).toBeUndefined();
    expect(await findSession(h.w.deps, session.token)).toBeDefined();
    expect((await ask("GET", "/api/v1/me/devices", { session })).body["devices"]).toEqual([]);
    expect(await mails()).toEqual([expect.stringContaining("Your password was changed")]);
    expect(await change(password, "yet another sentence")).toBe("wrong_password");
    expect(await change(next, "yet another sentence")).toBe(undefined);
  });

  test("a PIN is chosen by the rules, replaced, and told of", async () => {
    h.w.set({ "pin.methods": ["voice"] });
    const session = await signIn();
    const has = async () => (await ask("GET", "/api/v1/me", { session })).body["pin"];
    const choose = async (pin: string) => {
      const { status, body } = await call("choosePin", "", { session, body: { pin } });
      return status === 204 || body["reason"];
    };
    expect(await has()).toEqual({ has: false, shortest: 4 });
    for (const [pin, reason] of [
      ["82a4", "form"],
      ["826", "length"],
      ["8222", "all_same"],
      ["7123", "sequential"],
      ["0123", "sequential"],
    ] as const)
      expect(await choose(pin)).toBe(`pin_${reason}`);
    expect(await choose("8264")).toBe(true);
    expect(await has()).toEqual({ has: true, shortest: 4 });
    expect(await choose("8264")).toBe("pin_history");
    expect(await choose("9153")).toBe(true);
  });

  test("wrong passwords are soon not looked at any more", async () => {
    const session = await signIn();
    const body = { current: "not my password", next };
    const statuses = [];
    for (let tries = 0; tries < 11; tries++)
      statuses.push((await call("changePassword", "", { session, body })).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429]);
  });

  test("a person of a directory has no password to change here", async () => {
    const bo = await h.w.person({ username: "bo" });
    const session = await signIn(bo.id);
    expect((await ask("GET", "/api/v1/me", { session })).body["hasPassword"]).toBe(false);
    expect((await call("changePassword", "", { session })).body["reason"]).toBe("no_password");
  });

  test("a new sheet of codes voids the old one, and counts in the verdict", async () => {
    const session = await signIn();
    const before = (await call("renewCodes", "", { session })).body["codes"] as string[];
    const codes = (await call("renewCodes", "", { session })).body["codes"] as string[];
    expect(codes).toHaveLength(10);
    expect(codes.some((code) => before.includes(code))).toBe(false);
    const { body } = await ask("GET", "/api/v1/me", { session });
    expect(body).toMatchObject({ username: "eva", protection: "fine", advice: "passkey", codesLeft: 10 });
    expect((await methods(session)).filter((one) => one.kind === "recovery")).toHaveLength(1);
    h.w.set({ "methods.recovery.enabled": false });
    expect((await call("renewCodes", "", { session })).status).toBe(403);
  });

  test("sessions and remembered browsers are shown and ended, one or all others", async () => {
    const [session, second, third] = [await signIn(), await signIn(), await signIn()];
    for (const _ of [1, 2, 3]) await remembered();
    const { body } = await ask("GET", "/api/v1/me/sessions", { session });
    const shown = body["sessions"] as { id: string; current: boolean; clientIp: string }[];
    expect(shown.filter(({ current }) => current).map(({ id }) => id)).toEqual([session.id]);
    expect(shown[0]).toMatchObject({ clientIp: "192.0.2.7", userAgent: "Test" });
    expect((await call("endSession", second.id, { session })).status).toBe(204);
    expect(await findSession(h.w.deps, second.token)).toBeUndefined();
    expect((await call("endSessions", "", { session })).status).toBe(204);
    expect(await findSession(h.w.deps, third.token)).toBeUndefined();
    expect((await listSessions(h.w.deps, h.eva.id)).map(({ id }) => id)).toEqual([session.id]);
    const devices = async () =>
      (await ask("GET", "/api/v1/me/devices", { session })).body["devices"] as { id: string }[];
    expect((await call("forgetDevice", (await devices())[0]!.id, { session })).status).toBe(204);
    expect(await devices()).toHaveLength(2);
    expect((await call("forgetDevices", "", { session })).status).toBe(204);
    expect(await devices()).toEqual([]);
  });

  test("sign-ins are told newest first, a page at a time, without questions that had no answer", async () => {
    const bo = await h.w.person({ username: "bo" });
    const application = { id: "app", name: "App", firstFactor: "none" as const, canChallenge: true };
    const source = { protocol: "web" as const, clientIp: "192.0.2.9" };
    const attempt = async (who: typeof h.eva, code: string | undefined) =>
      await begin(h.w.deps, {
        application: { ...application, allowWithoutMethodUntil: 0 },
        username: who.username,
        code,
        source,
      });
    await attempt(h.eva, undefined);
    await attempt(bo, h.w.code(bo));
    for (let times = 0; times < 21; times++) {
      h.w.clock.at += minute;
      await attempt(h.eva, h.w.code(h.eva));
    }
    h.w.clock.at += minute;
    await attempt(h.eva, "000000");
    const session = await signIn();
    const first = (await ask("GET", "/api/v1/me/history", { session })).body;
    const signIns = first["signIns"] as Record<string, unknown>[];
    expect(signIns).toHaveLength(20);
    expect(signIns[0]).toMatchObject({ outcome: "refused", reason: "code", clientIp: "192.0.2.9", application: null });
    expect(signIns[1]).toMatchObject({ outcome: "verified", reason: null, method: "totp" });
    const rest = (await ask("GET", `/api/v1/me/history?before=${String(first["next"])}`, { session })).body;
    expect(rest["signIns"]).toHaveLength(2);
    expect(rest["next"]).toBeNull();
  });

  test("the language is the person's from then on", async () => {
    const session = await signIn(h.eva.id, 10 * minute);
    expect((await call("setLanguage", "", { session })).status).toBe(204);
    expect((await ask("GET", "/api/v1/me", { session })).body["language"]).toBe("sv");
  });

  test("the page is for who has a session, and others are led to sign in", async () => {
    const page = async (session?: Session) => await ask("GET", "/account", { session });
    expect((await page()).headers.get("location")).toBe("/sign-in");
    expect((await page({ id: "", token: newToken(h.w.deps), csrf: "" })).status).toBe(303);
    const session = await signIn();
    expect((await page(session)).headers.get("content-type")).toMatch(/^text\/html/);
  });
});
