// Applications over HTTP: set up by a program instead of a person, with the same rules.
import { describe, expect, test } from "vitest";
import { findApplication, secretHashOf } from "#actions/applications.ts";
import { listLog } from "#actions/records.ts";
import { applicationContract as contract } from "#edges/http/applications-contract.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const url = "/api/v1/applications";
type Name = keyof typeof contract;

describe.each(kinds)("applications by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const newKey = async () => await h.newKey({ scopes: ["applications"] });
  type Key = Awaited<ReturnType<typeof newKey>>;
  type Asked = { body?: object; name?: string; headers?: Record<string, string> };
  const ask = async (key: Key, operation: Name, { name = "wiki", ...asked }: Asked = {}) => {
    const { method, url: pattern } = contract[operation];
    return await h.call(key, { method, target: pattern.replace(":name", encodeURIComponent(name)), ...asked });
  };
  const done = async (key: Key, operation: Name, asked?: Asked) => {
    const { status, body } = await ask(key, operation, asked);
    expect([operation, status]).toEqual([operation, 200]);
    return contract[operation].schema.response[200].content["application/json"].schema.parse(body) as Record<
      string,
      unknown
    >;
  };
  const redirectUris = ["https://wiki.example/cb"];
  const add = async (key: Key, more: object = {}) =>
    await done(key, "addApplication", { body: { name: "wiki", redirectUris, ...more } });
  const last = async () => (await listLog(h.w.deps, { limit: 1 })).records[0]!;

  test("are added with one look at the secret, listed, changed and removed, with the key in the log", async () => {
    const key = await newKey();
    const actor = `key:${key.id}`;
    const added = await add(key, { groups: ["staff"] });
    expect(added).toMatchObject({ name: "wiki", redirectUris, groups: ["staff"], strength: "mfa", isPublic: false });
    expect(await last()).toMatchObject({ actor, result: "APPLICATION_ADDED" });
    const { secret, ...shown } = added;
    expect((await findApplication(h.w.deps, String(added["id"])))?.secretHash).toBe(secretHashOf(String(secret)));
    expect(await done(key, "listApplications")).toEqual({ applications: [shown] });
    expect(await done(key, "readApplication")).toEqual(shown);
    const changed = await done(key, "changeApplication", { body: { strength: "phishing-resistant" } });
    expect(changed).toEqual({ ...shown, strength: "phishing-resistant" });
    expect(await last()).toMatchObject({ actor, result: "APPLICATION_CHANGED" });
    const renewed = await done(key, "changeApplication", { body: { newSecret: true } });
    expect(renewed["secret"]).not.toBe(secret);
    expect(JSON.stringify((await listLog(h.w.deps, { limit: 10 })).records)).not.toContain(String(secret));
    expect(await done(key, "removeApplication")).toEqual({ name: "wiki" });
    expect(await last()).toMatchObject({ actor, result: "APPLICATION_REMOVED" });
    expect(await done(key, "listApplications")).toEqual({ applications: [] });
  });

  test("under any name keep to the rules, and nothing that was sent is repeated in a refusal", async () => {
    const key = await newKey();
    await add(key, { name: "wiki/of all things", isPublic: true, redirectUris: ["com.example.app:/cb"] });
    const name = "wiki/of all things";
    expect(await done(key, "readApplication", { name })).toMatchObject({ name, isPublic: true });
    const before = await last();
    const wrong: [Name, Asked][] = [
      ["addApplication", { body: { name: "x" } }],
      ["addApplication", { body: { name: "x", redirectUris: [] } }],
      ["addApplication", { body: { name: "x", redirectUris, secret: "chosen-by-me" } }],
      ["addApplication", { body: { name: "x", redirectUris: ["http://hush.example/cb"] } }],
      ["addApplication", { body: { name: "x", redirectUris, backchannelLogoutUri: "http://hush.example" } }],
      ["changeApplication", { name, body: { newSecret: true } }],
      ["changeApplication", { name, body: { id: "app_mine" } }],
      ["changeApplication", { name, body: { isPublic: false } }],
      ["changeApplication", { name, body: { strength: "none" } }],
      ["changeApplication", { name, body: { redirectUris: ["https://hush.example/#x"] } }],
      ["removeApplication", { name, body: { name } }],
    ];
    for (const [operation, asked] of wrong) {
      const { status, body } = await ask(key, operation, asked);
      expect([operation, asked, status]).toEqual([operation, asked, 400]);
      for (const value of ["hush", name, "app_mine", "chosen-by-me"]) expect(JSON.stringify(body)).not.toContain(value);
    }
    expect((await ask(key, "addApplication", { body: { name, redirectUris } })).status).toBe(409);
    for (const operation of ["readApplication", "removeApplication"] as const)
      expect((await ask(key, operation, { name: "nothing" })).status).toBe(404);
    expect(await last()).toEqual(before);
  });

  test("sent again under one Idempotency-Key are added once, and the secret is kept for that sealed", async () => {
    const key = await newKey();
    const asked = { body: { name: "wiki", redirectUris }, headers: { "idempotency-key": "deploy-7" } };
    const first = await done(key, "addApplication", asked);
    expect(await done(key, "addApplication", asked)).toEqual(first);
    expect(await done(key, "listApplications")).toMatchObject({ applications: [{ id: first["id"] }] });
    const kept = JSON.stringify(await h.w.deps.db.q.selectFrom("api_request").selectAll().execute());
    expect(kept).not.toContain(String(first["secret"]));
    const remove = { headers: { "idempotency-key": "deploy-8" } };
    expect(await done(key, "removeApplication", remove)).toEqual({ name: "wiki" });
    expect(await done(key, "removeApplication", remove)).toEqual({ name: "wiki" });
    expect((await h.call(key, { target: `${url}/wiki`, method: "DELETE" })).status).toBe(404);
  });
});
