// A person's own methods: seen, named, put first, reported lost, taken away.
import { describe, expect, test } from "vitest";
import { findSession } from "#actions/sessions.ts";
import { begin } from "#actions/verify.ts";
import { boxOf } from "../support/tokens.ts";
import { kinds } from "../support/world.ts";
import { ownWorld } from "./own-world.ts";

const minute = 60_000;

describe.each(kinds)("one's own methods on %s", (kind) => {
  const h = ownWorld(kind);
  const { ask, call, idOf, methods, remembered, signIn } = h;

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
    const asked = await begin(h.w.deps, {
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
    expect(await findSession(h.w.deps, other.token)).toBeUndefined();
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
    const code = { code: h.w.code(h.eva) };
    const application = { id: "app", name: "App", canChallenge: true, allowWithoutMethodUntil: 0 };
    const attempt = { application: { ...application, firstFactor: "none" as const }, username: "eva", ...code };
    expect((await begin(h.w.deps, { ...attempt, source: { protocol: "web" } })).kind).toBe("deny");
    expect((await call("findMethod", id, { session })).status).toBe(204);
    h.w.clock.at += minute;
    const again = { ...attempt, code: h.w.code(h.eva), source: { protocol: "web" as const } };
    expect((await begin(h.w.deps, again)).kind).toBe("allow");
  });

  test("calls are told with their phones, and the backup phone is taken away", async () => {
    const called = await h.w.person({ username: "bo", voice: "+46701234568" });
    const parameters = JSON.stringify({ extension: "89", backup: "+46701234599" });
    await h.w.deps.db.q.updateTable("factor").set({ parameters }).where("method", "=", "voice").execute();
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

  test("a token is told with its serial number, set right by its codes, and goes back when it is removed", async () => {
    const box = boxOf(h.w);
    await box.takeIn();
    await box.give("H-1", "eva");
    const session = await signIn();
    const token = async () => (await methods(session)).find(({ kind: of }) => of === "hotp");
    const { id } = (await token())!;
    expect(await token()).toMatchObject({ name: "H-1", serial: "H-1" });
    expect((await call("renameMethod", id, { session })).status).toBe(204);
    expect(await token()).toMatchObject({ name: "Work phone", serial: "H-1" });
    const pair = async (first: number, second: number) =>
      await call("resyncMethod", id, {
        session,
        body: { codes: [box.counted("H-1", first), box.counted("H-1", second)] },
      });
    expect((await pair(30, 32)).body).toMatchObject({ status: 409, reason: "not_in_a_row" });
    expect((await pair(30, 31)).status).toBe(204);
    expect((await pair(30, 31)).body["reason"]).toBe("not_in_a_row");
    // an app has no such thing here
    expect((await call("resyncMethod", await idOf(session, "totp"), { session })).status).toBe(404);
    expect((await call("removeMethod", id, { session })).status).toBe(204);
    expect(await box.ownersOf("H-1")).toEqual(["Acme available nobody"]);
    const entry = h.w.deps.db.q.selectFrom("log").select("detail").where("result", "=", "METHOD_REMOVED");
    expect((await entry.executeTakeFirstOrThrow()).detail).toMatch(/"token":"tok_/);
    h.w.set({ "lockout.after": 3 });
    await box.give("T-2", "eva");
    const other = (await methods(session)).find(({ serial }) => serial === "T-2")!.id;
    const reasons = [];
    for (let tries = 0; tries < 4; tries++)
      reasons.push((await call("resyncMethod", other, { session })).body["reason"]);
    expect(reasons.at(-1)).toBe("throttled");
  });
});
