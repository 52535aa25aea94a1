// Verifications over HTTP as an integration meets them; what is decided is in scenarios.test.ts.
import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { answerByPhone } from "#actions/by-phone.ts";
import { kinds } from "../support/world.ts";
import { httpWorld, path, payloadOf } from "./http-caller.ts";

describe.each(kinds)("a verification, on %s,", (kind) => {
  const h = httpWorld(kind);

  test("that is allowed is 200, with a verdict signed for the nonce", async () => {
    const key = await h.newKey({ application: "Shop" });
    const ada = await h.w.person({ username: "ada" });
    const { status, body, headers } = await h.call(key, {
      body: { username: "ada", code: h.w.code(ada), nonce: "mine" },
    });
    expect([status, body["status"], body["id"]]).toEqual([200, "allowed", null]);
    expect(headers.get("x-correlation-id")).toBe(body["correlationId"]);
    const [header, payload, signature] = String(body["verdict"]).split(".");
    const derived = Buffer.from(hkdfSync("sha256", key.secret, "", "countersign verdict", 32));
    expect(createHmac("sha256", derived).update(`${header}.${payload}`).digest("base64url")).toBe(signature);
    expect(payloadOf(body["verdict"])).toEqual({
      iss: "http://localhost:8080",
      aud: key.id,
      iat: h.w.clock.at / 1000,
      nonce: "mine",
      sub: "ada",
      app: "Shop",
      result: "allowed",
      challenge: null,
      cid: body["correlationId"],
    });
  });

  test("by a code that the PIN has to follow says so, and fails alike without either", async () => {
    h.w.set({ "pin.methods": ["totp"] });
    const key = await h.newKey();
    const pia = await h.w.person({ username: "pia", pin: "8264" });
    const asked = await h.call(key, { body: { username: "pia" } });
    expect(asked.body["prompt"]).toMatchObject({ kind: "code", method: "totp", length: 6, pin: true });
    const target = `${path}/${String(asked.body["id"])}/answers`;
    const answer = async (response: string) => await h.call(key, { target, body: { username: "pia", response } });
    const [alone, other] = [await answer(h.w.code(pia)), await answer("0000008264")];
    const told = ({ status, body }: typeof alone) => [status, body["status"], body["retry"], body["prompt"]];
    expect(told(alone)).toEqual(told(other));
    expect((await answer(`${h.w.code(pia)} 8264`)).body["status"]).toBe("allowed");
    h.w.set({ "pin.methods": [] });
  });

  test("begins with a challenge, leaves tries after a wrong code and ends with the right one", async () => {
    const key = await h.newKey();
    const ada = await h.w.person({ username: "ada" });
    const asked = await h.call(key, { body: { username: "ada" } });
    expect([asked.status, asked.body["status"]]).toEqual([202, "challenge"]);
    expect(asked.body["prompt"]).toMatchObject({ kind: "code", method: "totp", length: 6 });
    const id = String(asked.body["id"]);
    const target = `${path}/${id}/answers`;
    const wrong = await h.call(key, { target, body: { username: "ada", response: "000000" } });
    expect([wrong.status, wrong.body]).toMatchObject([403, { status: "denied", retry: true, id }]);
    const right = await h.call(key, { target, body: { username: "ada", response: h.w.code(ada) } });
    expect([right.status, right.body["status"]]).toEqual([200, "allowed"]);
    expect(payloadOf(right.body["verdict"])).toMatchObject({ sub: "ada", challenge: id, result: "allowed" });
  });

  test("is not another person's to answer, even with the right code", async () => {
    const key = await h.newKey();
    const ada = await h.w.person({ username: "ada" });
    await h.w.person({ username: "eve" });
    const asked = await h.call(key, { body: { username: "ada" } });
    const target = `${path}/${String(asked.body["id"])}/answers`;
    expect((await h.call(key, { target, body: { username: "eve", response: h.w.code(ada) } })).status).toBe(403);
  });

  test("is refused in one way, whatever the reason", async () => {
    const key = await h.newKey();
    const ada = await h.w.person({ username: "ada" });
    await h.w.person({ username: "off", state: "disabled" });
    await h.w.person({ username: "bare", totp: false });
    await h.call(key, { body: { username: "ada", code: h.w.code(ada) } });
    const seen = await Promise.all(
      ["ada", "off", "bare", "nobody"].map(async (username) => {
        const { status, body, headers } = await h.call(key, { body: { username, code: h.w.code(ada) } });
        const { result, challenge } = payloadOf(body["verdict"]);
        const names = [...headers.keys()].toSorted();
        return { status, fields: Object.keys(body), said: body["status"], result, challenge, names };
      }),
    );
    expect(seen).toEqual(seen.map(() => seen[0]));
    expect(seen[0]).toMatchObject({ status: 403, said: "denied" });
  });

  test("checks the password where the key says so, and refuses one that it would not look at", async () => {
    const ada = await h.w.person({ username: "ada" });
    const body = { username: "ada", password: "x", code: h.w.code(ada) };
    const elsewhere = await h.call(await h.newKey(), { body });
    expect([elsewhere.status, elsewhere.body["detail"]]).toEqual([
      400,
      "password: this key's application checks passwords itself",
    ]);
    expect((await h.call(await h.newKey({ firstFactor: "local" }), { body })).status).toBe(403);
  });

  test("answered on the phone is told to one of those who wait, on another node too", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "bob", totp: false, voice: "+46701234567" });
    const { status, body } = await h.call(key, { body: { username: "bob" } });
    expect(status).toBe(202);
    const target = `${path}/${String(body["id"])}?wait=25s&nonce=n1`;
    const waiting = [1, 2].map(async () => await h.call(key, { method: "GET", target }));
    const { number } = body["prompt"] as { number: string };
    const phone = await h.w.node("node_b");
    expect(await answerByPhone(phone, { challengeId: String(body["id"]), answer: number })).toEqual({ kind: "right" });
    const told = (await Promise.all(waiting)).toSorted((a, b) => a.status - b.status);
    expect(told.map((one) => [one.status, one.body["status"]])).toEqual([
      [200, "allowed"],
      [403, "denied"],
    ]);
    expect(payloadOf(told[0]!.body["verdict"])).toMatchObject({ nonce: "n1", sub: "bob", result: "allowed" });
  });

  test("answered by a code is allowed to whoever brought it, and to nobody who reads it", async () => {
    const key = await h.newKey();
    const ada = await h.w.person({ username: "ada" });
    const { body } = await h.call(key, { body: { username: "ada" } });
    const target = `${path}/${String(body["id"])}`;
    const read = async (wait: string) => await h.call(key, { method: "GET", target: `${target}?wait=${wait}` });
    expect((await read("0s")).status).toBe(202);
    const waiting = read("25s");
    const code = { username: "ada", response: h.w.code(ada) };
    const answer = { target: `${target}/answers`, body: code, headers: { "idempotency-key": "login-1" } };
    const brought = await h.call(key, { ...answer, to: await h.start(await h.w.node("node_b")) });
    expect([brought.status, brought.body["status"]]).toEqual([200, "allowed"]);
    for (const { status, body: seen } of [await waiting, await read("0s")]) {
      expect([status, seen["status"]]).toEqual([403, "denied"]);
      expect(payloadOf(seen["verdict"])).toMatchObject({ result: "denied" });
    }
    // an answer that was lost on its way is had again, and is the same
    expect(await h.call(key, answer)).toMatchObject({ status: 200, body: brought.body });
  });

  test("that nobody answered in time is denied", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { body } = await h.call(key, { body: { username: "ada" } });
    h.w.clock.at += 301_000;
    expect((await h.call(key, { method: "GET", target: `${path}/${String(body["id"])}` })).status).toBe(403);
  });

  test("is not found by another key or for another person", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { body } = await h.call(key, { body: { username: "ada" } });
    const target = `${path}/${String(body["id"])}`;
    expect((await h.call(await h.newKey(), { method: "GET", target })).status).toBe(404);
    expect((await h.call(key, { method: "GET", target: `${target}?username=eve` })).status).toBe(404);
    expect((await h.call(key, { method: "GET", target: `${target}?username=CORP%5CAda` })).status).toBe(202);
  });

  test("answered by a stopping server is not held up by who waits", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { body } = await h.call(key, { body: { username: "ada" } });
    const waiting = h.call(key, { method: "GET", target: `${path}/${String(body["id"])}?wait=25s` });
    await expect.poll(() => h.w.deps.db.q.selectFrom("api_request").select("id").execute()).toHaveLength(2);
    const began = performance.now();
    await h.server.stop();
    expect((await waiting).status).toBe(202);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe.each(kinds)("an Idempotency-Key, on %s,", (kind) => {
  const h = httpWorld(kind);

  const headers = { "idempotency-key": "order-1" };

  test("gets the first answer again, with one verification behind it, on any node and for a day", async () => {
    const key = await h.newKey();
    const ada = await h.w.person({ username: "ada" });
    const body = { username: "ada", code: h.w.code(ada), nonce: "n" };
    const first = await h.call(key, { body, headers });
    const again = await h.call(key, { body, headers, to: await h.start(await h.w.node("node_b")) });
    expect([first.status, again.status, again.body]).toEqual([200, 200, first.body]);
    h.w.clock.at += 24 * 3_600_000 - 1;
    expect((await h.call(key, { body, headers })).body).toEqual(first.body);
    h.w.clock.at += 1;
    expect((await h.call(key, { body, headers })).status).toBe(403);
  });

  test("with another body is 409, and is another under another key", async () => {
    const [key, other] = [await h.newKey(), await h.newKey()];
    await h.w.person({ username: "ada" });
    expect((await h.call(key, { body: { username: "ada" }, headers })).status).toBe(202);
    const conflict = await h.call(key, { body: { username: "eve" }, headers });
    expect([conflict.status, conflict.body["verdict"]]).toEqual([409, undefined]);
    expect((await h.call(other, { body: { username: "eve" }, headers })).status).toBe(403);
  });

  test("sent many times at once over two nodes is worked on once", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "bob", totp: false, phone: "+46701234567" });
    const nodes = [h.server, await h.start(await h.w.node("node_b"))];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, copy) =>
        h.call(key, { body: { username: "bob" }, headers, to: nodes[copy % 2]! }),
      ),
    );
    const served = answers.filter((answer) => answer.status === 202);
    expect(new Set(served.map((answer) => answer.body["id"])).size).toBe(1);
    const others = answers.filter((answer) => answer.status !== 202);
    for (const { status, headers: seen } of others) expect([status, seen.get("retry-after")]).toEqual([409, "1"]);
    await expect.poll(() => h.w.sent.length).toBe(1);
    expect(await h.w.deps.db.q.selectFrom("challenge").select("id").execute()).toHaveLength(1);
  });

  test("whose request could not be answered may be tried again", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { atOnce } = h.w.deps.db;
    h.w.deps.db.atOnce = async () => await Promise.reject(new Error("select * from secrets: connection lost"));
    const failed = await h.call(key, { body: { username: "ada" }, headers });
    expect([failed.status, failed.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(JSON.stringify(failed.body)).not.toContain("secrets");
    h.w.deps.db.atOnce = atOnce;
    expect((await h.call(key, { body: { username: "ada" }, headers })).status).toBe(202);
  });

  test("whose node died is free after a minute, and not before", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { atOnce } = h.w.deps.db;
    const reached = Promise.withResolvers<void>();
    const dead = Promise.withResolvers<never>();
    h.w.deps.db.atOnce = async () => {
      reached.resolve();
      return await dead.promise;
    };
    const held = h.call(key, { body: { username: "ada" }, headers });
    await reached.promise;
    h.w.deps.db.atOnce = atOnce;
    expect((await h.call(key, { body: { username: "ada" }, headers })).status).toBe(409);
    h.w.clock.at += 60_000;
    expect((await h.call(key, { body: { username: "ada" }, headers })).status).toBe(202);
    dead.reject(new Error("gone"));
    expect((await held).status).toBe(503);
    expect((await h.call(key, { body: { username: "ada" }, headers })).status).toBe(202);
  });

  test("that another took over is no longer the first one's, whether that fails or is answered late", async () => {
    const key = await h.newKey();
    await h.w.person({ username: "ada" });
    const { atOnce } = h.w.deps.db;
    /** Sent by a node that stands still until it is let go. */
    const hold = async (body: object) => {
      const reached = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      h.w.deps.db.atOnce = async (...asked) => {
        reached.resolve();
        await go.promise;
        return await atOnce(...asked);
      };
      const answer = h.call(key, { body, headers });
      await Promise.race([reached.promise, answer]);
      h.w.deps.db.atOnce = atOnce;
      return { ...go, answer };
    };
    const body = { username: "ada" };
    const again = async () => await h.call(key, { body, headers });
    const first = await hold(body);
    h.w.clock.at += 60_000;
    const second = await hold(body);
    first.reject(new Error("gone"));
    const seen = [await first.answer, await again()];
    h.w.clock.at += 60_000;
    const third = await hold(body);
    second.resolve();
    seen.push(await second.answer, await again());
    third.resolve();
    seen.push(await third.answer, await again());
    expect(seen.map(({ status }) => status)).toEqual([503, 409, 202, 409, 202, 202]);
    expect(seen[5]!.body["id"]).toBe(seen[4]!.body["id"]);
  });

  test("of spaces or of a thousand letters is 400", async () => {
    const key = await h.newKey();
    for (const value of ["a b", "x".repeat(129)]) {
      const answer = await h.call(key, { body: { username: "ada" }, headers: { "idempotency-key": value } });
      expect(answer.status).toBe(400);
    }
  });
});
