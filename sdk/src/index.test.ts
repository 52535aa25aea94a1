import { createHmac, hash, hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { createClient, RequestError, type Challenge } from "./index.ts";

const keyId = "key_abc";
const secret = "the secret, as it was shown";
const now = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What the real server would sign. */
function sign(verdict: object, { key = secret, header = { alg: "HS256", typ: "countersign-verdict+jwt" } } = {}) {
  const text = `${encode(header)}.${encode(verdict)}`;
  const derived = Buffer.from(hkdfSync("sha256", key, "", "countersign verdict", 32));
  return `${text}.${createHmac("sha256", derived).update(text).digest("base64url")}`;
}

type Sent = { url: string; method: string; headers: Record<string, string>; body: string };
type Served = { status?: number; body: unknown };

/** A server that answers what it is told to; `nonce` is the one the client asked with. */
function client(serve: (asked: { nonce: string; sent: Sent }) => Served) {
  const sent: Sent[] = [];
  const fake = async (input: unknown, init: RequestInit = {}) => {
    const url = new URL(String(input));
    const body = typeof init.body === "string" ? init.body : "";
    const one = {
      url: url.pathname + url.search,
      method: init.method!,
      headers: init.headers as Sent["headers"],
      body,
    };
    sent.push(one);
    const nonce = url.searchParams.get("nonce") ?? (body === "" ? "" : (JSON.parse(body) as { nonce: string }).nonce);
    const { status = 200, body: answer } = serve({ nonce, sent: one });
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status });
  };
  return {
    sent,
    client: createClient({ url: "https://mfa.example.org/", keyId, secret, fetch: fake as typeof fetch }),
  };
}

const allow = (nonce: string, changes: object = {}) => ({
  aud: keyId,
  iat: now(),
  nonce,
  sub: "anna",
  result: "allowed",
  challenge: null,
  cid: "cor_1",
  ...changes,
});
const answered = (verdict: string, more: object = {}) => ({
  body: { id: null, status: "allowed", correlationId: "cor_1", verdict, ...more },
});
const open: Challenge = { id: "chl_1" };

test("a verdict signed for this very question allows", async () => {
  const { client: mfa, sent } = client(({ nonce }) => answered(sign(allow(nonce))));
  expect(await mfa.verify({ username: "anna", code: "123456" })).toEqual({
    allowed: true,
    correlationId: "cor_1",
  });
  expect(sent[0]).toMatchObject({ method: "POST", url: "/api/v1/verifications" });
  const { key, time, nonce, signature } = Object.fromEntries(
    sent[0]!.headers["authorization"]!.split(/[ ,]+/)
      .slice(1)
      .map((part) => part.split(/=(.*)/)),
  ) as Record<string, string>;
  const text = `POST\n/api/v1/verifications\n${time}\n${nonce}\n${hash("sha256", sent[0]!.body)}`;
  expect(key).toBe(keyId);
  expect(createHmac("sha256", secret).update(text).digest("base64url")).toBe(signature);
});

// what someone answers who sits at the server's address, but has not its key.
test.each<[string, (nonce: string) => Served]>([
  ["a bare allow", () => ({ body: { status: "allowed", allowed: true, ok: true } })],
  ["an allow signed with another secret", (nonce) => answered(sign(allow(nonce), { key: "a guess" }))],
  ["an allow with no signature", (nonce) => answered(`${encode({ alg: "none" })}.${encode(allow(nonce))}.`)],
  [
    "an allow that says how it is to be checked",
    (nonce) => answered(sign(allow(nonce), { header: { alg: "HS256", typ: "JWT" } })),
  ],
  ["yesterday's allow", (nonce) => answered(sign(allow(nonce, { iat: now() - 301 })))],
  ["tomorrow's allow", (nonce) => answered(sign(allow(nonce, { iat: now() + 301 })))],
  ["an allow of no time", (nonce) => answered(sign(allow(nonce, { iat: undefined })))],
  ["an allow for an earlier question", () => answered(sign(allow("another nonce")))],
  ["an allow for another person", (nonce) => answered(sign(allow(nonce, { sub: "bo" })))],
  ["an allow for another key", (nonce) => answered(sign(allow(nonce, { aud: "key_other" })))],
  ["an allow of some challenge", (nonce) => answered(sign(allow(nonce, { challenge: "chl_9" })))],
  [
    "an allow with a changed payload",
    (nonce) => answered(sign(allow(nonce, { sub: "bo" })).replace(/\..*\./, `.${encode(allow(nonce))}.`)),
  ],
  ["an error page", () => ({ status: 502, body: "<html>Bad gateway</html>" })],
  ["nothing", () => ({ status: 200, body: "" })],
  ["null", () => ({ status: 200, body: "null" })],
  ["a problem", () => ({ status: 401, body: { title: "no", status: 401 } })],
])("%s is denied", async (_what, serve) => {
  const { client: mfa } = client(({ nonce }) => serve(nonce));
  const result = await mfa.verify({ username: "anna" });
  expect(result).toMatchObject({ allowed: false, reason: "unavailable" });
});

test("a server that cannot be reached denies", async () => {
  const down = createClient({ url: "http://127.0.0.1:9", keyId, secret });
  expect(await down.verify({ username: "anna" })).toMatchObject({ allowed: false, reason: "unavailable" });
});

test("a secret that is none denies instead of throwing", async () => {
  const mfa = createClient({ url: "https://mfa.example.org", keyId, secret: "" });
  expect(await mfa.verify({ username: "anna" })).toMatchObject({ allowed: false, reason: "unavailable" });
});

test("a challenge is asked and answered, and its approval must name it", async () => {
  const prompt = { kind: "code", method: "totp", language: null, length: 6, digit: 1, others: [] };
  let approves = "chl_1";
  const { client: mfa, sent } = client(({ nonce, sent: { url } }) =>
    url.endsWith("/answers")
      ? answered(sign(allow(nonce, { challenge: approves })))
      : {
          status: 202,
          ...answered(sign(allow(nonce, { result: "challenge", challenge: "chl_1" })), {
            prompt,
            expiresAt: 5,
          }),
        },
  );
  const asked = await mfa.verify({ username: "anna" });
  expect(asked).toEqual({
    allowed: false,
    reason: "challenge",
    correlationId: "cor_1",
    challenge: { id: "chl_1", prompt, expiresAt: 5 },
  });
  expect(await mfa.answer(open, { username: "anna", response: "123456" })).toMatchObject({ allowed: true });
  expect(sent[1]).toMatchObject({ method: "POST", url: "/api/v1/verifications/chl_1/answers" });
  expect(await mfa.answer(open, { username: "bo", response: "123456" })).toMatchObject({ allowed: false });
  approves = "chl_2";
  expect(await mfa.answer(open, { username: "anna", response: "123456" })).toMatchObject({
    allowed: false,
    reason: "unavailable",
  });
});

test("a wrong answer may be tried again when the server says so", async () => {
  let retry = true;
  const { client: mfa } = client(({ nonce }) => ({
    status: 403,
    ...answered(sign(allow(nonce, { result: "denied", challenge: "chl_1" })), retry ? { retry } : {}),
  }));
  expect(await mfa.answer(open, { username: "anna", response: "000000" })).toMatchObject({
    reason: "denied",
    challenge: { id: "chl_1" },
  });
  retry = false;
  expect(await mfa.answer(open, { username: "anna", response: "000000" })).toEqual({
    allowed: false,
    reason: "denied",
    correlationId: "cor_1",
  });
});

test("waiting asks again until the challenge has ended", async () => {
  const states = ["challenge", "challenge", "allowed"];
  const { client: mfa, sent } = client(({ nonce }) =>
    answered(sign(allow(nonce, { result: states.shift(), challenge: "chl_1" }))),
  );
  expect(await mfa.wait(open, { username: "anna" })).toMatchObject({ allowed: true });
  expect(sent).toHaveLength(3);
  expect(sent[0]!.url).toMatch(/^\/api\/v1\/verifications\/chl_1\?wait=25s&username=anna&nonce=/);
});

test("a request goes where the API describes it, signed, names escaped, and its answer comes back", async () => {
  const tap = { id: "fac_1", pass: "ABCDEFGHIJKLM", expiresAt: 5 };
  const { client: mfa, sent } = client(() => ({ body: tap }));
  const answer = await mfa.request("post", "/api/v1/users/{username}/tap", {
    path: { username: "CORP\\anna/x" },
    body: { reason: "new phone" },
    idempotencyKey: "ticket-1",
  });
  expect(answer.pass).toBe(tap.pass);
  expect(sent[0]).toMatchObject({
    method: "POST",
    url: "/api/v1/users/CORP%5Canna%2Fx/tap",
    body: '{"reason":"new phone"}',
    headers: { "idempotency-key": "ticket-1", authorization: expect.stringMatching(/^Countersign-HMAC/) as string },
  });
  await mfa.request("delete", "/api/v1/applications/{name}", { path: { name: "wiki" } });
  expect(sent[1]).toMatchObject({ method: "DELETE", url: "/api/v1/applications/wiki", body: "" });
});

test.each([
  [404, { title: "There is nothing here", status: 404, correlationId: "cor_1" }, "There is nothing here"],
  [400, { title: "wrong", detail: "reason: must be string", correlationId: "cor_1" }, "reason: must be string"],
  [502, "<html>Bad gateway</html>", "the server answered 502"],
])("a request that is refused with %i throws what the server said", async (status, body, message) => {
  const { client: mfa } = client(() => ({ status, body }));
  const asked = mfa.request("get", "/api/v1/registrations/{username}", { path: { username: "anna" } });
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toBeInstanceOf(RequestError);
  await expect(asked).rejects.toMatchObject({ status });
});
