import { describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { figure } from "../support/pskc.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
const target = "/api/v1/token-imports";
const secret = (index: number) => base32(Buffer.alloc(20, index + 1));
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("hardware tokens over the API", () => {
  test("a file larger than other bodies is imported, its tokens are found, and it is taken back; the log names the key", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const rows = Array.from(
      { length: 2000 },
      (_, index) => `n${index},${base32(Buffer.alloc(20).fill(`${index}/`))},30`,
    );
    const done = await h.call(key, { target, body: { file: base64(rows.join("\n")) } });
    expect([done.status, done.body["accepted"], done.body["refused"]]).toEqual([200, 2000, 0]);
    const importId = String(done.body["importId"]);
    const found = await h.call(key, { method: "GET", target: "/api/v1/tokens/N17" });
    expect(found.body).toMatchObject({ tokens: [{ serial: "n17", state: "available", importId, digits: 6 }] });
    expect(await h.call(key, { method: "DELETE", target: `${target}/${importId}` })).toMatchObject({ status: 200 });
    expect((await h.call(key, { method: "GET", target: "/api/v1/tokens/N17" })).body).toEqual({ tokens: [] });
    expect((await h.call(key, { method: "DELETE", target: `${target}/${importId}` })).status).toBe(404);
    const told = await h.w.deps.db.q
      .selectFrom("log")
      .select(["actor", "result"])
      .where("result", "like", "TOKEN%")
      .execute();
    expect(told).toEqual([
      { actor: `key:${key.id}`, result: "TOKENS_IMPORTED" },
      { actor: `key:${key.id}`, result: "TOKEN_IMPORT_UNDONE" },
    ]);
  });

  test("a token's life and its recovery, each in the log under the key", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const seed = Buffer.alloc(20, 90);
    const code = (counter: number) => hotp(seed, counter, { digits: 6, algorithm: "sha1" });
    await h.w.person({ username: "lena", totp: false });
    await h.call(key, { target, body: { file: base64(`serial,secret,type\nL-1,${base32(seed)},hotp\n`) } });
    const post = async (step: string, body: object) =>
      await h.call(key, { target: `/api/v1/tokens/L-1/${step}`, body });
    expect((await post("assign", { username: "lena" })).body).toMatchObject({ state: "assigned" });
    expect((await post("activate", { codes: [code(0), code(1)] })).body).toMatchObject({ state: "activated" });
    expect((await post("resync", { codes: [code(50), code(51)] })).body).toMatchObject({ serial: "L-1", drift: 0 });
    expect((await post("resync", { codes: [code(50), code(51)] })).status).toBe(409);
    expect((await post("resync", { codes: [code(52)] })).status).toBe(400);
    expect((await post("unassign", {})).body).toMatchObject({ state: "available" });
    expect((await post("lost", { reason: "left on a train" })).body).toMatchObject({ state: "lost" });
    expect((await post("revoke", {})).body).toMatchObject({ state: "revoked" });
    expect((await post("revoke", {})).status).toBe(409);
    const told = await h.w.deps.db.q.selectFrom("log").select("result").where("actor", "=", `key:${key.id}`).execute();
    expect(told.map(({ result }) => result)).toEqual([
      "TOKENS_IMPORTED",
      "TOKEN_ASSIGNED",
      "TOKEN_ACTIVATED",
      "METHOD_RESYNCHRONISED",
      "METHOD_RESYNC_REFUSED",
      "TOKEN_UNASSIGNED",
      "TOKEN_LOST",
      "TOKEN_REVOKED",
    ]);
  });

  test("the inventory is listed a page at a time, by whatever is said of it", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const rows = [91, 92, 93].map((index) => `P-${index},${secret(index)},Contoso`);
    await h.call(key, { target, body: { file: base64(`serial,secret,manufacturer\n${rows.join("\n")}\n`) } });
    const list = async (query: string) => await h.call(key, { method: "GET", target: `/api/v1/tokens?${query}` });
    const serials = ({ body }: Awaited<ReturnType<typeof list>>) =>
      (body["tokens"] as { serial: string }[]).map(({ serial }) => serial);
    const first = await list("part=p9&vendor=contoso&limit=2");
    expect(serials(first)).toEqual(["P-91", "P-92"]);
    expect(serials(await list(`part=p9&after=${encodeURIComponent(String(first.body["next"]))}`))).toEqual(["P-93"]);
    expect(serials(await list("state=assigned&part=P9"))).toEqual([]);
    expect((await list("colour=red")).status).toBe(400);
    expect((await list("limit=-1")).status).toBe(400);
  });

  test("a table of tokens and people is carried out, or told why not", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    await h.w.person({ username: "moa", totp: false });
    await h.call(key, { target, body: { file: base64(`serial,secret\nQ-1,${secret(60)}\n`) } });
    const give = async (text: string) =>
      await h.call(key, { target: "/api/v1/token-assignments", body: { file: base64(text) } });
    expect((await give("Q-1,moa\nQ-2,moa\n")).body).toMatchObject({ error: { code: "invalid" }, refused: 1 });
    expect((await give("Q-1,moa\n")).body).toEqual({
      rows: [{ serial: "Q-1", username: "moa", line: 1, verdict: "accepted" }],
      accepted: 1,
      refused: 0,
    });
  });

  test("how the tokens do is told by number, maker and import", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const { body } = await h.call(key, { target, body: { file: base64(`serial,secret\nZ-1,${secret(61)}\n`) } });
    const get = async (path: string) => await h.call(key, { method: "GET", target: `/api/v1/${path}` });
    const importId = String(body["importId"]);
    const { body: health } = await get("token-health?edge=5&limit=3");
    const one = { vendor: "", available: 1, activated: 0, expired: 0, clocks: null };
    expect(health["batches"]).toContainEqual(expect.objectContaining({ importId, ...one }));
    expect((await get("tokens/Z-1/drift")).body).toEqual({ serial: "Z-1", drift: [] });
    expect((await get(`token-imports/${importId}/drift`)).body).toEqual({ importId, drift: [] });
    expect((await get("token-imports/imp_x/drift")).status).toBe(404);
  });

  test("refused rows are told, and what is no request is refused as one", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const { status, body } = await h.call(key, { target, body: { file: base64(`1,${secret(0)},45\n`), dryRun: true } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ rows: [{ serial: "1", line: 1, verdict: "refused" }], error: { code: "invalid" } });
    expect((await h.call(key, { target, body: { file: "?" } })).status).toBe(400);
    expect((await h.call(key, { target, body: { file: base64("x".repeat(4 * 1024 * 1024)) } })).status).toBe(400);
  });

  test("whether a key opens a file can be tried ten times in ten minutes (R-082)", async () => {
    const key = await h.newKey({ scopes: ["tokens"] });
    const file = base64(figure(6));
    const right = "12345678901234567890123456789012";
    const attempt = async (keyHex: string) => await h.call(key, { target, body: { file, keyHex, dryRun: true } });
    for (let count = 0; count < 9; count++) expect((await attempt("00".repeat(16))).status).toBe(200);
    // a right one gives the tries back
    expect((await attempt(right)).body).toMatchObject({ accepted: 1 });
    for (let count = 0; count < 10; count++) expect((await attempt("00".repeat(16))).status).toBe(200);
    expect((await attempt(right)).status).toBe(429);
    h.w.clock.at += 600_000;
    expect((await attempt(right)).status).toBe(200);
  });
});
