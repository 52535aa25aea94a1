// The help desk over HTTP. What each thing does is in help-desk.test.ts; here is how it is asked for and what is kept of it.
import { describe, expect, test } from "vitest";
import { readSeed } from "#core/crypto/base32.ts";
import { addApp } from "#actions/factors.ts";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { addPerson, loadPerson } from "#actions/people.ts";
import { listLog } from "#actions/records.ts";
import { helpDeskContract as contract } from "#edges/http/help-desk-contract.ts";
import { createClient } from "../../sdk/src/index.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

type Name = keyof typeof contract;
const reason = "called back on her own number";

describe.each(kinds)("the help desk by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const add = async () => {
    const { id } = await addPerson(h.w.deps, "cli", {
      username: "ada",
      password: "correct horse battery",
      email: "ada@example.org",
      mobile_phone: "+46701234567",
    });
    h.w.clock.at += 1000;
    const { secretBase32 = "" } = await addApp(h.w.deps, "cli", { username: "ada" });
    const seed = readSeed(secretBase32);
    const secret = seed.ok ? seed.bytes : Buffer.alloc(0);
    return { id, secret, key: await h.newKey({ scopes: ["helpdesk"] }) };
  };
  type Key = Awaited<ReturnType<typeof h.newKey>>;
  type Asked = { body?: object; username?: string; headers?: Record<string, string> };
  const ask = async (key: Key, name: Name, { body, username = "ada", headers = {} }: Asked = {}) => {
    const { method, url } = contract[name];
    const target = url.replace(":username", encodeURIComponent(username));
    return await h.call(key, { method, target, headers, ...(method === "POST" && { body: body ?? { reason } }) });
  };
  const done = async (key: Key, name: Name, asked?: Asked) => {
    const { status, body } = await ask(key, name, asked);
    expect([name, status]).toEqual([name, 200]);
    // closed: nothing goes out that the contract does not name
    return contract[name].schema.response[200].content["application/json"].schema.parse(body) as Record<
      string,
      unknown
    >;
  };
  const lastEntry = async () => (await listLog(h.w.deps, { limit: 1 })).records[0]!;
  const told = async () => {
    h.w.sent.length = 0;
    await deliverDue(h.w.deps);
    return h.w.sent.map((mail) => (mail as Mail).text.split("\n")[0]!);
  };

  test("does each thing with the key in the log, the reason beside it and word to the person", async () => {
    const { id, secret: seed, key } = await add();
    await told();
    const codes = [h.w.code({ secret: seed }, 4), h.w.code({ secret: seed }, 5)];
    const more: Partial<Record<Name, Asked>> = { resynchroniseMethod: { body: { reason, method: "totp", codes } } };
    const results: Partial<Record<Name, string>> = {
      disableUser: "PERSON_STATE_CHANGED",
      enableUser: "PERSON_STATE_CHANGED",
      enforceUser: "PERSON_STATE_CHANGED",
      unlockMethods: "METHOD_UNLOCKED",
      resynchroniseMethod: "METHOD_RESYNCHRONISED",
      issueTap: "TEMPORARY_ACCESS_PASS_ISSUED",
      resetPassword: "PASSWORD_RESET",
      requireRegistration: "REGISTRATION_REQUIRED",
      revokeSessions: "SESSIONS_ENDED",
      revokeDevices: "DEVICES_FORGOTTEN",
    };
    expect(new Set([...Object.keys(results), "listMethods", "revealNumbers"])).toEqual(new Set(Object.keys(contract)));
    for (const [name, result] of Object.entries(results)) {
      const answer = await done(key, name as Name, more[name as Name]);
      const entry = await lastEntry();
      expect(entry).toMatchObject({ actor: `key:${key.id}`, result, userId: id });
      expect(entry).toMatchObject({ personal: { username: "ada", reason } });
      expect(await told()).toHaveLength(1);
      const secret = answer["pass"] ?? answer["password"] ?? "none";
      expect(JSON.stringify(entry)).not.toContain(secret);
    }
  });

  test("shows numbers whole with a reason, which is in the log", async () => {
    const { id, key } = await add();
    expect((await ask(key, "revealNumbers", { body: {} })).status).toBe(400);
    const [mobilePhone, method] = ["+46701234567", "sms"];
    expect(await done(key, "revealNumbers")).toMatchObject({ mobilePhone, methods: [{ method, number: mobilePhone }] });
    const entry = { result: "NUMBERS_REVEALED", actor: `key:${key.id}`, userId: id };
    expect(await lastEntry()).toMatchObject({ ...entry, personal: { username: "ada", reason } });
  });

  test("changes the person that is named, under any form of the name", async () => {
    const { key } = await add();
    for (const [name, username, state] of [
      ["disableUser", "ADA", "disabled"],
      ["enableUser", String.raw`CORP\ada`, "enabled"],
      ["enforceUser", "ada@corp.example", "enforced"],
    ] as const) {
      expect(await done(key, name, { username })).toMatchObject({ state });
      expect(await loadPerson(h.w.deps, "ada")).toMatchObject({ state });
    }
    const { methods } = await done(key, "listMethods");
    expect(methods).toMatchObject([
      { method: "sms", sentTo: "•• 67" },
      { method: "totp", sentTo: null, lockedUntil: null },
    ]);
    expect(JSON.stringify(methods)).not.toContain("4670");
    expect(await done(key, "issueTap", { body: { reason, hours: 24 } })).toMatchObject({
      expiresAt: h.w.clock.at + 24 * 3_600_000,
    });
    expect(await done(key, "unlockMethods", { body: { reason, method: "totp" } })).toMatchObject({
      unlocked: [expect.any(String)],
    });
    expect(await done(key, "resetPassword", { body: { reason, password: "given to her" } })).not.toHaveProperty(
      "password",
    );
    expect(await done(key, "requireRegistration", { body: { reason, windowHours: 2 } })).toMatchObject({
      removed: expect.arrayContaining([expect.any(String)]) as string[],
      registerUntil: h.w.clock.at + 2 * 3_600_000,
    });
    expect(await done(key, "listMethods")).toEqual({ methods: [] });
  });

  test("refuses what the contract does not describe, and changes nothing then", async () => {
    const { key } = await add();
    const before = await lastEntry();
    const wrong: [Name, object][] = [
      ["disableUser", {}],
      ["disableUser", { reason: "" }],
      ["disableUser", { reason, state: "enabled" }],
      ["disableUser", { reason, username: "eve" }],
      ["revokeSessions", { reason, __proto__x: 1 }],
      ["issueTap", { reason, hours: 25 }],
      ["issueTap", { reason, hours: "1" }],
      ["issueTap", { reason, pass: "ABCDEFGHIJKLM" }],
      ["requireRegistration", { reason, windowHours: 0 }],
      ["resetPassword", { reason, password: "" }],
      ["unlockMethods", { reason, method: 1 }],
    ];
    for (const [name, body] of wrong)
      expect([name, body, (await ask(key, name, { body })).status]).toEqual([name, body, 400]);
    expect((await ask(key, "listMethods", { username: "nobody" })).status).toBe(404);
    expect((await ask(key, "disableUser", { username: "nobody" })).status).toBe(404);
    expect((await ask(key, "unlockMethods", { body: { reason, method: "voice" } })).status).toBe(404);
    expect((await ask(key, "disableUser", { username: "a".repeat(257) })).status).toBe(400);
    expect(await lastEntry()).toEqual(before);
  });

  test("is there in the client library, which signs with this machine's time", async () => {
    const { key } = await add();
    h.w.clock.at = Date.now();
    const { id: keyId, secret } = key;
    const client = createClient({ url: `http://127.0.0.1:${h.server.people!.port}`, keyId, secret });
    const path = { username: String.raw`CORP\ada` };
    const tap = await client.request("post", "/api/v1/users/{username}/tap", { path, body: { reason, hours: 2 } });
    expect(tap.pass).toMatch(/^[A-Z2-7]{13}$/);
    const { methods } = await client.request("get", "/api/v1/users/{username}/methods", { path });
    expect(methods.map(({ method }) => method)).toContain("tap");
    const other = client.request("get", "/api/v1/registrations/{username}", { path });
    await expect(other).rejects.toMatchObject({ name: "RequestError", status: 403 });
  });

  test("sent again under one Idempotency-Key is done once, and its secret is kept for that sealed", async () => {
    const { key } = await add();
    const headers = { "idempotency-key": "ticket-4711" };
    const first = await done(key, "issueTap", { headers });
    const entry = await lastEntry();
    expect(await done(key, "issueTap", { headers })).toEqual(first);
    expect(await lastEntry()).toEqual(entry);
    const kept = await h.w.deps.db.q.selectFrom("api_request").select("response").execute();
    expect(kept.some(({ response }) => response !== null)).toBe(true);
    expect(JSON.stringify(kept)).not.toContain(String(first["pass"]));
    expect((await ask(key, "issueTap", { headers, body: { reason, hours: 2 } })).status).toBe(409);
    expect((await ask(key, "disableUser", { headers })).status).toBe(409);
  });
});
