// What stands in the one field that PAP has: a password, a code, both, or neither.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { results, settled, site, snapshot, type Nas, type Serving, type Site } from "./setup.ts";

let s: Site;
let server: Serving;
let vpn: Nas;
beforeEach(async () => void (s = await site()));
afterEach(async () => await s.close());

const serve = async () => {
  server = await s.serve();
  vpn = await s.nas();
};
const ask = async (asking: Parameters<Nas["ask"]>[0]) => (await vpn.ask(asking, server)).code;
const person = async (password: string) =>
  await s.w.person({ username: "ada", passwordHash: await newPasswordHash(s.w.deps, password) });

//
describe("a password", () => {
  test.each([1, 15, 16, 17, 127, 128])("of %i octets is right", async (length) => {
    const password = "p".repeat(length);
    await person(password);
    await s.client({ firstFactor: "local" });
    await serve();
    expect(await ask({ password })).toBe(code.accessChallenge);
    expect(await ask({ password: length === 1 ? "q" : password.slice(1) })).toBe(code.accessReject);
  });

  test.each(["lösenord på svenska: åäö", "🔑 emoji 👩‍💻", "ｆｕｌｌ ｗｉｄｔｈ", "Ελληνικά, עברית, 日本語"])(
    "in UTF-8 is right: %s",
    async (password) => {
      await person(password);
      await s.client({ firstFactor: "local" });
      await serve();
      expect(await ask({ password })).toBe(code.accessChallenge);
      // some keyboards send å as a and a ring
      expect(await ask({ password: password.normalize("NFD") })).toBe(code.accessChallenge);
      expect(await ask({ password: Buffer.from(password, "utf8").subarray(1) })).toBe(code.accessReject);
    },
  );

  test("keeps its spaces; only NULs at the end are padding", async () => {
    await person(" two words ");
    await s.client({ firstFactor: "local" });
    await serve();
    expect(await ask({ password: " two words \0\0" })).toBe(code.accessChallenge);
    expect(await ask({ password: "two words" })).toBe(code.accessReject);
    expect(await ask({ password: " two\0words " })).toBe(code.accessReject);
  });

  test.each([0, 1, 15, 17, 31, 144])("hidden in %i octets is refused and costs nothing", async (length) => {
    await s.w.person({ username: "ada" });
    await s.client();
    await serve();
    const before = await snapshot(s.w);
    const more = [{ type: type.userPassword, value: Buffer.alloc(length, 1) }];
    expect(await ask({ more })).toBe(code.accessReject);
    expect(await snapshot(s.w)).toBe(before);
  });

  test("that is empty, or whose person has none, is refused", async () => {
    await person("something");
    await s.w.person({ username: "bob" });
    await s.client({ firstFactor: "local" });
    await serve();
    expect(await ask({ password: "" })).toBe(code.accessReject);
    expect(await ask({ user: "bob", password: "" })).toBe(code.accessReject);
    expect(await ask({ user: "bob", password: "something" })).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(Array.from({ length: 3 }, () => "FAILED_PASSWORD_INCORRECT"));
  });

  test("hidden with another secret is a refusal that costs nobody an attempt, where nothing is signed", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client({ requireMessageAuthenticator: "no" });
    await serve();
    const before = await snapshot(s.w);
    const wrong = await s.nas({ secret: "not the secret of this client" });
    // noise is text by chance about once in a million times: 32 octets are never that lucky
    for (let time = 0; time < 10; time++)
      wrong.send(wrong.request({ password: `${s.w.code(ada)}${"x".repeat(20)}`, signed: false }), server);
    await settled(vpn, server);
    expect(server.stats().answered[code.accessReject]).toBe(10);
    expect(await snapshot(s.w)).toBe(before);
  });
});

//
describe("password and code in one", () => {
  const passwords = ["plain", "with,comma", ",", "ends in 123456", "digits 999999,", "å, ö and 🔑"];

  test.each(passwords)("append: %j, a comma and the code", async (password) => {
    const ada = await person(password);
    await s.client({ firstFactor: "local", mode: "append" });
    await serve();
    expect(await ask({ password: `${password},${s.w.code(ada)}` })).toBe(code.accessAccept);
    expect(await ask({ password: `${password},${s.w.code(ada)}` })).toBe(code.accessReject);
    expect(await ask({ password: `${password}${s.w.code(ada, 1)}` })).toBe(code.accessReject);
  });

  test.each(passwords)("append-fixed: %j and the code's six digits", async (password) => {
    const ada = await person(password);
    await s.client({ firstFactor: "local", mode: "append-fixed" });
    await serve();
    expect(await ask({ password: `${password}${s.w.code(ada)}` })).toBe(code.accessAccept);
    expect(await ask({ password: `${password},${s.w.code(ada, 1)}` })).toBe(code.accessReject);
  });

  test("neither half may be missing, and a wrong password spends no code", async () => {
    const ada = await person("secret");
    await s.client({ firstFactor: "local", mode: "append" });
    await serve();
    for (const password of ["secret", "secret,", `,${s.w.code(ada)}`, s.w.code(ada), `wrong,${s.w.code(ada)}`]) {
      expect(await ask({ password })).toBe(code.accessReject);
      s.w.clock.at += 1;
    }
    expect(await ask({ password: `secret,${s.w.code(ada)}` })).toBe(code.accessAccept);
  });

  test("a client that cannot ask lets nobody in whose only method needs asking", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "secret");
    await s.w.person({ username: "ada", totp: false, phone: "+46701234567", passwordHash });
    await s.client({ firstFactor: "local", mode: "append" });
    await serve();
    expect(await ask({ password: "secret,123456" })).toBe(code.accessReject);
    expect(s.w.sent).toEqual([]);
    expect(await results(s.w)).toEqual(["FAILED_NO_METHOD"]);
  });
});

//
describe("someone without a method", () => {
  test("is refused, as is someone unknown", async () => {
    await s.w.person({ username: "ada", totp: false });
    await s.client();
    await serve();
    for (const user of ["ada", "nobody"]) expect(await ask({ user, password: "" })).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["FAILED_NO_METHOD", "FAILED_UNKNOWN_PERSON"]);
  });

  test("is let through until the date, with the right password alone, and recorded as not authenticated", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "secret");
    await s.w.person({ username: "ada", totp: false, passwordHash });
    await s.w.person({ username: "bob", passwordHash });
    const allowWithoutMethodUntil = s.w.clock.at + 1000;
    await s.client({ firstFactor: "local", allowWithoutMethodUntil });
    await serve();
    expect(await ask({ password: "wrong" })).toBe(code.accessReject);
    expect(await ask({ password: "secret" })).toBe(code.accessAccept);
    expect(await ask({ user: "bob", password: "secret" })).toBe(code.accessChallenge);
    expect(await ask({ user: "nobody", password: "secret" })).toBe(code.accessReject);
    const allowed = await s.w.deps.db.q
      .selectFrom("log")
      .select("authenticated")
      .where("result", "=", "SUCCESS_NO_METHOD_ALLOWED")
      .execute();
    expect(allowed.map((row) => row.authenticated)).toEqual([0]);
    s.w.clock.at += 1000;
    expect(await ask({ password: "secret" })).toBe(code.accessReject);
  });
});

//
test.each([10, 17])("Service-Type %i without a State asks for what nobody has authenticated for", async (value) => {
  const ada = await s.w.person({ username: "ada" });
  await s.client();
  await serve();
  const before = await snapshot(s.w);
  const more = [{ type: type.serviceType, value: Buffer.of(0, 0, 0, value) }];
  expect(await ask({ password: s.w.code(ada), more })).toBe(code.accessReject);
  expect(await snapshot(s.w)).toBe(before);
  const login = [{ type: type.serviceType, value: Buffer.of(0, 0, 0, 8) }];
  expect(await ask({ password: s.w.code(ada), more: login })).toBe(code.accessAccept);
});
