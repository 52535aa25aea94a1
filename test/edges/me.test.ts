// A person's own account: nobody else gets anything from it, and a session that was stolen changes nothing.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addApiKey } from "#actions/api-keys.ts";
import { deliverDue } from "#actions/deliver.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { findSession, newToken, openSession, rememberDevice, listSessions } from "#actions/sessions.ts";
import { begin } from "#actions/verify.ts";
import type { Proof } from "#core/strength.ts";
import { ownContract } from "#edges/me/contract.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { kinds, world, type World } from "../support/world.ts";

type Session = { id: string; token: string; csrf: string };
type Asked = { body?: object; session?: Session | undefined; headers?: Record<string, string> };
type Answer = { status: number; body: Record<string, unknown>; headers: Headers };
const minute = 60_000;
const password = "a sentence to remember";
const next = "another sentence of mine";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let server: HttpServer;
  let eva: Awaited<ReturnType<World["person"]>>;

  beforeEach(async () => {
    w = await world({ kind });
    server = await serveHttp(w.deps, {
      people: { host: "127.0.0.1", port: 0 },
      internal: undefined,
      publicUrl: "http://localhost:8080",
      ready: () => true,
      trustedProxies: [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    const passwordHash = await newPasswordHash(w.deps, password);
    eva = await w.person({ username: "eva", phone: "+46701234567", passwordHash });
  });
  afterEach(async () => {
    await server.stop();
    await w.close();
  });

  const ask = async (method: string, target: string, { body, session, headers }: Asked = {}): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${server.people!.port}${target}`, {
      method,
      redirect: "manual",
      headers: {
        ...(session && { cookie: `countersign=${session.token}`, "x-countersign-csrf": session.csrf }),
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, body: json ? (JSON.parse(text) as never) : {} };
  };

  const proof = (method: string, at: number, userVerified = false): Proof => ({ method, at, userVerified });
  const signIn = async (userId = eva.id, ago = 0, methods = ["totp"]): Promise<Session> => {
    const at = w.clock.at - ago;
    const proven = { passwordAt: at, proofs: methods.map((method) => proof(method, at)), rememberedAt: null };
    const browser = { clientIp: "192.0.2.7", userAgent: "Test" };
    const { id, token } = await w.deps.db.transaction((run) => openSession(w.deps, run, { userId, proven, browser }));
    const { body } = await ask("GET", "/api/v1/me", { session: { id, token, csrf: "" } });
    return { id, token, csrf: String(body["csrf"]) };
  };
  type Method = { id: string; kind: string; name: string | null; state: string; first: boolean; number: string | null };
  const methods = async (session: Session) => {
    const { body } = await ask("GET", "/api/v1/me/methods", { session });
    return body["methods"] as Method[];
  };
  const idOf = async (session: Session, kindOf: string) =>
    (await methods(session)).find((one) => one.kind === kindOf)!.id;
  const mails = async () => {
    w.sent.length = 0;
    await deliverDue(w.deps);
    return w.sent.map(({ text }) => text);
  };

  const remembered = async (userId = eva.id) =>
    await w.deps.db.transaction((run) =>
      rememberDevice(w.deps, run, { userId, browser: { clientIp: undefined, userAgent: "Other" }, days: 14 }),
    );

  /** What each route is sent when it is to work. */
  const bodies: Partial<Record<keyof typeof ownContract, object>> = {
    addMethod: {},
    renameMethod: { name: "Work phone" },
    loseMethod: {},
    findMethod: {},
    setFirst: { kind: "sms" },
    setLanguage: { language: "sv" },
    confirm: {},
    changePassword: { current: password, next },
    renewCodes: {},
    addBackup: {},
    choosePin: { pin: "8264" },
  };
  const routes = Object.entries(ownContract) as [keyof typeof ownContract, (typeof ownContract)["readMe"]][];
  const changes = routes.filter(([, { method }]) => (method as string) !== "GET");
  const call = async (name: keyof typeof ownContract, id: string, asked: Asked) => {
    const { method, url } = ownContract[name];
    const body = bodies[name];
    return await ask(method, url.replace(":id", id), { ...(body && { body }), ...asked });
  };

  test("nobody without a session of two steps gets anything, and no key does", async () => {
    const session = await signIn();
    const weak = await signIn(eva.id, 0, []);
    const key = await addApiKey(w.deps, "cli", { name: "shop", scopes: ["verify"] });
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
    const session = await signIn(eva.id, 6 * minute);
    const id = await idOf(session, "totp");
    for (const [name, route] of changes) {
      const answer = await call(name, id, { session });
      if (!("config" in route)) continue;
      expect([name, answer.status, answer.body["type"]]).toEqual([name, 401, "insufficient_user_authentication"]);
      expect(answer.body["location"]).toMatch(/^\/sign-in\?flow=sgn_/);
    }
    const free = changes.filter(([, route]) => !("config" in route)).map(([name]) => name);
    // adding is proven on the pages that it leads to
    expect(free).toEqual(["addMethod", "addBackup", "setLanguage"]);
    expect((await methods(session)).map((one) => one.state)).toEqual(["ready", "ready"]);
  });

  test("what a remembered browser stood in for is no sign-in for a change", async () => {
    const at = w.clock.at;
    const proven = { passwordAt: at, proofs: [], rememberedAt: at };
    const browser = { clientIp: undefined, userAgent: undefined };
    const one = await w.deps.db.transaction((run) => openSession(w.deps, run, { userId: eva.id, proven, browser }));
    const { body, status } = await ask("GET", "/api/v1/me", { session: { ...one, csrf: "" } });
    expect(status).toBe(200);
    const session = { ...one, csrf: String(body["csrf"]) };
    expect((await call("renewCodes", "", { session })).status).toBe(401);
  });

  test("who has a passkey proves that, and not less; unless it is what was lost", async () => {
    const session = await signIn();
    const row = { id: "fac_key", user_id: eva.id, method: "passkey", state: "active", created_at: w.clock.at };
    await w.deps.db.q
      .insertInto("factor")
      .values({ ...row, parameters: "{}" } as never)
      .execute();
    expect((await call("renewCodes", "", { session })).status).toBe(401);
    expect((await call("removeMethod", "fac_key", { session })).status).toBe(401);
    expect((await call("loseMethod", "fac_key", { session })).status).toBe(204);
    expect((await methods(session)).find(({ id }) => id === "fac_key")?.state).toBe("lost");
    expect((await call("removeMethod", "fac_key", { session })).status).toBe(204);
    const strong = await signIn(eva.id, 0, ["totp", "passkey"]);
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
    const bo = await w.person({ username: "bo", phone: "+46701234568" });
    const [session, his] = [await signIn(), await signIn(bo.id)];
    await remembered(bo.id);
    const { body } = await ask("GET", "/api/v1/me/devices", { session: his });
    const device = (body["devices"] as { id: string }[])[0]!.id;
    const method = await idOf(his, "totp");
    const ids: Partial<Record<keyof typeof ownContract, string>> = { endSession: his.id, forgetDevice: device };
    for (const [name, { url }] of changes) {
      if (!url.includes(":id")) continue;
      expect([name, (await call(name, ids[name] ?? method, { session })).status]).toEqual([name, 404]);
      expect([name, (await call(name, "fac_none", { session })).status]).toEqual([name, 404]);
    }
    expect((await methods(his)).map(({ state, name }) => [state, name])).toEqual([
      ["ready", null],
      ["ready", null],
    ]);
    expect(await findSession(w.deps, his.token)).toBeDefined();
  });

  test("a field that there is not, or a value that is none, is refused by name", async () => {
    const session = await signIn();
    const id = await idOf(session, "totp");
    const wrong: [keyof typeof ownContract, object][] = [
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

  test("methods are named, put first, and told with what is needed and no more", async () => {
    const session = await signIn();
    const [app, text] = await methods(session);
    expect(app).toMatchObject({ kind: "totp", name: null, number: null, state: "ready", first: false });
    expect(text).toMatchObject({ kind: "sms", number: "•• 67" });
    expect((await call("renameMethod", app!.id, { session })).status).toBe(204);
    expect((await call("setFirst", "", { session })).status).toBe(204);
    const after = await methods(session);
    expect(after.map((one) => [one.name, one.first])).toEqual([
      ["Work phone", false],
      [null, true],
    ]);
    const asked = await begin(w.deps, {
      application: { id: "app", name: "App", firstFactor: "none", canChallenge: true, allowWithoutMethodUntil: 0 },
      username: "eva",
      source: { protocol: "web" },
    });
    expect(asked).toMatchObject({ kind: "challenge", prompt: { method: "sms" } });
    expect((await call("setFirst", "", { session, body: { kind: null } })).status).toBe(204);
    expect((await methods(session)).some(({ first }) => first)).toBe(false);
  });

  test("a method that is taken away is told of, and the last that verifies stays, however it is tried", async () => {
    const [session, other] = [await signIn(), await signIn()];
    await remembered();
    const [app, text] = (await methods(session)).map(({ id }) => id);
    const both = await Promise.all([app, text].map(async (id) => await call("removeMethod", id!, { session })));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
    expect(both.find(({ status }) => status === 409)!.body["reason"]).toBe("last_method");
    expect(await findSession(w.deps, other.token)).toBeUndefined();
    const [left] = await methods(session);
    for (const name of ["removeMethod", "loseMethod"] as const)
      expect((await call(name, left!.id, { session })).body["reason"]).toBe("last_method");
    expect((await ask("GET", "/api/v1/me/devices", { session })).body["devices"]).toEqual([]);
    expect((await call("renewCodes", "", { session })).status).toBe(200);
    expect((await call("removeMethod", left!.id, { session })).body["reason"]).toBe("last_method");
    expect((await call("removeMethod", await idOf(session, "recovery"), { session })).status).toBe(204);
  });

  test("a lost method counts no more, until it is found", async () => {
    const session = await signIn();
    const id = await idOf(session, "totp");
    expect((await call("loseMethod", id, { session })).status).toBe(204);
    const code = { code: w.code(eva) };
    const application = { id: "app", name: "App", canChallenge: true, allowWithoutMethodUntil: 0 };
    const attempt = { application: { ...application, firstFactor: "none" as const }, username: "eva", ...code };
    expect((await begin(w.deps, { ...attempt, source: { protocol: "web" } })).kind).toBe("deny");
    expect((await call("findMethod", id, { session })).status).toBe(204);
    w.clock.at += minute;
    const again = { ...attempt, code: w.code(eva), source: { protocol: "web" as const } };
    expect((await begin(w.deps, again)).kind).toBe("allow");
  });

  test("a new password ends the other sessions and remembered browsers, and is told of", async () => {
    const person = w.deps.db.q.updateTable("person").set({ email: "eva@example.com" });
    await person.where("id", "=", eva.id).execute();
    const [session, other] = [await signIn(), await signIn()];
    await remembered();
    const change = async (current: string, wanted: string) =>
      (await call("changePassword", "", { session, body: { current, next: wanted } })).body["reason"];
    expect(await change("not my password", next)).toBe("wrong_password");
    expect(await change(password, "too short")).toBe("short");
    expect(await change(password, "my name is Eva")).toBe("name");
    expect(await change(password, "password1234")).toBe("common");
    expect(await findSession(w.deps, other.token)).toBeDefined();
    expect((await call("changePassword", "", { session })).status).toBe(204);
    expect(await findSession(w.deps, other.token)).toBeUndefined();
    expect(await findSession(w.deps, session.token)).toBeDefined();
    expect((await ask("GET", "/api/v1/me/devices", { session })).body["devices"]).toEqual([]);
    expect(await mails()).toEqual([expect.stringContaining("Your password was changed")]);
    expect(await change(password, "yet another sentence")).toBe("wrong_password");
    expect(await change(next, "yet another sentence")).toBe(undefined);
  });

  test("a PIN is chosen by the rules, replaced, and told of", async () => {
    w.set({ "pin.methods": ["voice"] });
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

  test("calls are told with their phones, and the backup phone is taken away", async () => {
    const called = await w.person({ username: "bo", voice: "+46701234568" });
    const parameters = JSON.stringify({ extension: "89", backup: "+46701234599" });
    await w.deps.db.q.updateTable("factor").set({ parameters }).where("method", "=", "voice").execute();
    const session = await signIn(called.id);
    const id = await idOf(session, "voice");
    const calls = async () => (await methods(session)).find(({ kind: of }) => of === "voice");
    expect(await calls()).toMatchObject({ number: "•• 68", extension: "89", backup: "•• 99" });
    const { body } = await call("addBackup", id, { session });
    expect(body["location"]).toMatch(/^\/sign-in\?flow=/);
    expect((await call("removeBackup", id, { session })).status).toBe(204);
    expect(await calls()).toMatchObject({ number: "•• 68", extension: "89", backup: null });
    expect((await call("removeBackup", await idOf(session, "totp"), { session })).status).toBe(404);
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
    const bo = await w.person({ username: "bo" });
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
    w.set({ "methods.recovery.enabled": false });
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
    expect(await findSession(w.deps, second.token)).toBeUndefined();
    expect((await call("endSessions", "", { session })).status).toBe(204);
    expect(await findSession(w.deps, third.token)).toBeUndefined();
    expect((await listSessions(w.deps, eva.id)).map(({ id }) => id)).toEqual([session.id]);
    const devices = async () =>
      (await ask("GET", "/api/v1/me/devices", { session })).body["devices"] as { id: string }[];
    expect((await call("forgetDevice", (await devices())[0]!.id, { session })).status).toBe(204);
    expect(await devices()).toHaveLength(2);
    expect((await call("forgetDevices", "", { session })).status).toBe(204);
    expect(await devices()).toEqual([]);
  });

  test("sign-ins are told newest first, a page at a time, without questions that had no answer", async () => {
    const bo = await w.person({ username: "bo" });
    const application = { id: "app", name: "App", firstFactor: "none" as const, canChallenge: true };
    const source = { protocol: "web" as const, clientIp: "192.0.2.9" };
    const attempt = async (who: typeof eva, code: string | undefined) =>
      await begin(w.deps, {
        application: { ...application, allowWithoutMethodUntil: 0 },
        username: who.username,
        code,
        source,
      });
    await attempt(eva, undefined);
    await attempt(bo, w.code(bo));
    for (let times = 0; times < 21; times++) {
      w.clock.at += minute;
      await attempt(eva, w.code(eva));
    }
    w.clock.at += minute;
    await attempt(eva, "000000");
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
    const session = await signIn(eva.id, 10 * minute);
    expect((await call("setLanguage", "", { session })).status).toBe(204);
    expect((await ask("GET", "/api/v1/me", { session })).body["language"]).toBe("sv");
  });

  test("the page is for who has a session, and others are led to sign in", async () => {
    const page = async (session?: Session) => await ask("GET", "/account", { session });
    expect((await page()).headers.get("location")).toBe("/sign-in");
    expect((await page({ id: "", token: newToken(w.deps), csrf: "" })).status).toBe(303);
    const session = await signIn();
    expect((await page(session)).headers.get("content-type")).toMatch(/^text\/html/);
  });
});
