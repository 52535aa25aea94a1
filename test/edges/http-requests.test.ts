// Requests that are not believed or not understood, and the keys that sign them.
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { listApiKeys, revokeApiKey, type NewApiKey } from "#actions/api-keys.ts";
import { kinds } from "../support/world.ts";
import { httpWorld, path, type Call } from "./http-caller.ts";

type Strange = { id: string; time: number; cidrs: string[] };

describe.each(kinds)("a request that is not the key's, on %s,", (kind) => {
  const h = httpWorld(kind);

  const body = { username: "ada" };
  const text = JSON.stringify(body);
  test.each<[string, Call]>([
    ["too early", { time: 1_800_000_000 - 301 }],
    ["too late", { time: 1_800_000_000 + 301 }],
    ["with another body", { signedBody: '{"username":"eve"}' }],
    ["with a nonce that is too short", { nonce: "fifteenletters!" }],
  ])("%s is 401", async (_what, change) => {
    const answer = await h.call(await h.newKey(), { body, ...change });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(answer.headers.get("www-authenticate")).toBe("Countersign-HMAC-SHA256");
    expect(answer.headers.get("x-correlation-id")).toBe(answer.body["correlationId"]);
  });

  test("without, with a foreign or with a malformed authorization is 401", async () => {
    const key = await h.newKey();
    expect((await h.call(undefined, { body })).status).toBe(401);
    expect((await h.call({ id: key.id, secret: "a guess" }, { body })).status).toBe(401);
    expect((await h.call({ id: "key_unknown", secret: key.secret }, { body })).status).toBe(401);
    expect((await h.call(undefined, { body, headers: { authorization: "Basic eDp5" } })).status).toBe(401);
  });

  test("is not looked at: a broken body is as unauthenticated as a whole one", async () => {
    expect((await h.call(undefined, { body: "{" })).status).toBe(401);
  });

  test.each([
    ["of no key", {}],
    ["of an unknown key", { id: "key_unknown" }],
    ["too late", { time: 1_800_000_000 + 301 }],
    ["from elsewhere", { cidrs: ["10.0.0.0/8"] }],
  ])("%s is refused before its body has come", async (what, { id, time, cidrs = [] }: Partial<Strange>) => {
    const key = await h.newKey({ cidrs });
    const signed = h.authorization({ ...key, ...(id && { id }) }, { text, ...(time && { time }) });
    const asking = request({
      port: h.server.people!.port,
      path,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": 1000,
        ...(what !== "of no key" && { authorization: signed }),
      },
    });
    asking.write("{");
    try {
      const [answer] = (await once(asking, "response", { signal: AbortSignal.timeout(5000) })) as [IncomingMessage];
      expect(answer.statusCode).toBe(401);
    } finally {
      asking.destroy();
    }
  });

  test("sent again is 401, on another node too", async () => {
    await h.w.person({ username: "ada" });
    const key = await h.newKey();
    const nonce = "a nonce of this test".replaceAll(" ", "-");
    expect((await h.call(key, { body, nonce })).status).toBe(202);
    expect((await h.call(key, { body, nonce })).status).toBe(401);
    expect((await h.call(key, { body, nonce, to: await h.start(await h.w.node("node_b")) })).status).toBe(401);
  });

  test("of a hundred copies at once on two nodes, one is served", async () => {
    await h.w.person({ username: "ada" });
    const key = await h.newKey();
    const nodes = [h.server, await h.start(await h.w.node("node_b"))];
    const copies = Array.from({ length: 100 }, (_, copy) =>
      h.call(key, { body, nonce: "one-and-the-same-nonce", to: nodes[copy % 2]! }),
    );
    const statuses = (await Promise.all(copies)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401)).toHaveLength(99);
  });

  test("by a revoked key is 401 at once, on a node that knew the key", async () => {
    await h.w.person({ username: "ada" });
    const key = await h.newKey();
    expect((await h.call(key, { body })).status).toBe(202);
    await revokeApiKey(await h.w.node("node_b"), "cli", key.name);
    expect((await h.call(key, { body })).status).toBe(401);
    await expect(revokeApiKey(h.w.deps, "cli", key.name)).rejects.toMatchObject({ code: "not_found" });
  });

  test("by a key that has expired is 401", async () => {
    await h.w.person({ username: "ada" });
    const key = await h.newKey({ expiresAt: h.w.clock.at + 1000 });
    expect((await h.call(key, { body })).status).toBe(202);
    h.w.clock.at += 1000;
    expect((await h.call(key, { body })).status).toBe(401);
  });

  test("from an address outside the key's ranges is 401", async () => {
    await h.w.person({ username: "ada" });
    expect((await h.call(await h.newKey({ cidrs: ["10.0.0.0/8"] }), { body })).status).toBe(401);
    expect((await h.call(await h.newKey({ cidrs: ["127.0.0.0/8"] }), { body })).status).toBe(202);
  });

  test("by a key without the scope is 403", async () => {
    const key = await h.newKey();
    await h.w.deps.db.q.updateTable("api_key").set({ scopes: "[]" }).where("id", "=", key.id).execute();
    expect((await h.call(key, { body })).status).toBe(403);
  });

  test("signed for another path or method is 401", async () => {
    const key = await h.newKey();
    const headers = { authorization: h.authorization(key, { text, target: `${path}/x/answers` }) };
    expect((await h.call(undefined, { body, headers })).status).toBe(401);
  });
});

describe("API keys", () => {
  const h = httpWorld();

  test("are listed without their secret, which is stored sealed", async () => {
    const key = await h.newKey({ name: "till", cidrs: ["10.0.0.0/8"] });
    const [listed] = await listApiKeys(h.w.deps);
    expect(listed).toMatchObject({ id: key.id, name: "till", application: "till", scopes: ["verify"] });
    expect(JSON.stringify(listed)).not.toContain(key.secret);
    const row = await h.w.deps.db.q
      .selectFrom("api_key")
      .select(["sealed_secret", "options"])
      .executeTakeFirstOrThrow();
    expect(Buffer.from(row.sealed_secret).includes(Buffer.from(key.secret))).toBe(false);
    expect(row.options).not.toContain(key.secret);
  });

  test("have a name each, and their making and revoking is on record", async () => {
    const key = await h.newKey({ name: "till" });
    await expect(h.newKey({ name: "till" })).rejects.toMatchObject({ code: "exists" });
    await revokeApiKey(h.w.deps, "cli", "till");
    const entries = await h.w.deps.db.q.selectFrom("log").select(["result", "detail"]).orderBy("seq").execute();
    expect(entries.map((entry) => entry.result)).toEqual(["API_KEY_ADDED", "API_KEY_REVOKED"]);
    expect(JSON.stringify(entries)).not.toContain(key.secret);
  });

  test.each([{ scopes: [] }, { scopes: ["everything"] }, { cidrs: ["10.0.0.0/33"] }, { expiresAt: 5 }, { name: "" }])(
    "are not made of %j",
    async (change) => {
      await expect(h.newKey(change as Partial<NewApiKey>)).rejects.toMatchObject({ code: "invalid" });
    },
  );
});

describe("a body", () => {
  const h = httpWorld();

  const wrong: [string, string][] = [
    ["unknown field", '{"username":"ada","admin":true}'],
    ["a name twice", '{"username":"ada","username":"eve"}'],
    ["a prototype", '{"username":"ada","__proto__":{"code":"1"}}'],
    ["a constructor", '{"username":"ada","constructor":{"prototype":{"x":1}}}'],
    ["a number for a code", '{"username":"ada","code":123456}'],
    ["null for a code", '{"username":"ada","code":null}'],
    ["an array for a code", '{"username":"ada","code":["123456"]}'],
    ["an object for a name", '{"username":{"$ne":""}}'],
    ["an empty name", '{"username":""}'],
    ["an unknown method", '{"username":"ada","method":"none"}'],
    ["an address that is none", '{"username":"ada","clientIp":"localhost"}'],
    ["a long nonce", `{"username":"ada","nonce":"${"n".repeat(129)}"}`],
    ["no object", '"ada"'],
    ["nothing", ""],
    ["no JSON", "username=ada"],
    ["too deep", `{"username":${"[".repeat(21)}${"]".repeat(21)}}`],
    ["too large", `{"username":"ada","nonce":"${"n".repeat(65_536)}"}`],
  ];
  test.each(wrong)("with %s is 400 and begins nothing", async (_what, body) => {
    await h.w.person({ username: "ada" });
    const answer = await h.call(await h.newKey(), { body });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      400,
      "application/problem+json; charset=utf-8",
    ]);
    const records = h.w.deps.db.q.selectFrom("log").select("id").where("kind", "=", "authentication");
    expect(await records.execute()).toEqual([]);
  });

  test("that is wrong has its field named and nothing of it repeated", async () => {
    const { body } = await h.call(await h.newKey(), { body: '{"username":"ada","code":8675309}' });
    expect(body["detail"]).toBe("code: must be string");
    expect(JSON.stringify(body)).not.toContain("8675309");
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/xml"])(
    "of type %s is 415",
    async (type) => {
      const answer = await h.call(await h.newKey(), {
        body: { username: "ada" },
        headers: { "content-type": type },
      });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        415,
        "application/problem+json; charset=utf-8",
      ]);
    },
  );

  test("in a query is 400, and so are two waits", async () => {
    const key = await h.newKey();
    expect((await h.call(key, { target: `${path}?username=ada`, body: { username: "ada" } })).status).toBe(400);
    for (const query of ["wait=26s", "wait=25", "wait=1s&wait=2s", "wait=-1s", "watch=1s"]) {
      const answer = await h.call(key, { method: "GET", target: `${path}/chl_x?${query}` });
      expect([query, answer.status]).toEqual([query, 400]);
    }
  });
});
