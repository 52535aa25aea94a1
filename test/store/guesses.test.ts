// The engine under people who guess, replay and race, on a real database: what was taken stays taken.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Deps } from "#actions/deps.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import type { Verified } from "#actions/asked.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { waitUntil } from "../support/process.ts";
import { world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "rest" } as const;
const phone = "+46701234567";

let w: World;
beforeEach(async () => void (w = await world()));
afterEach(async () => await w.close());

const code = async (username: string, given: string, deps = w.deps) =>
  await begin(deps, { application, username, code: given, source });
const factors = async (userId: string) =>
  await w.deps.db.q
    .selectFrom("factor")
    .select(["id", "method", "counter", "fails", "day_cost", "locked_until"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .execute();
const records = async () =>
  (await w.deps.db.q.selectFrom("log").select("result").orderBy("seq").execute()).map((row) => row.result);
const codeOf = (outcome: Verified) => (outcome.kind === "deny" ? outcome.code : outcome.kind);
/** A challenge, and the code that was texted for it. */
async function texted(username: string) {
  const before = w.sent.length;
  const outcome = await begin(w.deps, { application, username, method: "sms", source });
  if (outcome.kind !== "challenge") throw new Error(`no challenge but ${codeOf(outcome)}`);
  await waitUntil("the text", () => w.sent.length > before);
  return { id: outcome.id, code: w.texted() };
}
const answer = async (challengeId: string, response: string) =>
  await respond(w.deps, { application, challengeId, response, source });

//
test("a code that is right for two of a person's tokens is used up in both", async () => {
  const ada = await w.person({ username: "ada", tokens: 3 });
  const [first, , third] = await factors(ada.id);
  const place = { table: "factor", column: "sealed_secret", row: third!.id };
  const sealed_secret = w.deps.keys.seal("factor", ada.secrets[0]!, place);
  await w.deps.db.q.updateTable("factor").set({ sealed_secret }).where("id", "=", third!.id).execute();
  expect((await code("ada", w.code(ada))).kind).toBe("allow");
  const step = Math.floor(w.clock.at / 30_000);
  const after = await factors(ada.id);
  expect(after.map((one) => one.counter)).toEqual([step, 0, step]);
  // it cost one attempt in all, which came back with the success
  expect(after.map((one) => [one.fails, one.day_cost])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(codeOf(await code("ada", w.code(ada)))).toBe("code_duplicate");
  await w.deps.db.q.deleteFrom("factor").where("id", "=", first!.id).execute();
  expect(codeOf(await code("ada", w.code(ada)))).toBe("code_duplicate");
});

test("every token of a person is good by itself, five of them", async () => {
  const ada = await w.person({ username: "ada", tokens: 6 });
  const step = Math.floor(w.clock.at / 30_000);
  const ends = [];
  for (const secret of ada.secrets)
    ends.push(codeOf(await code("ada", hotp(secret, step, { digits: 6, algorithm: "sha1" }))));
  expect(ends).toEqual(["allow", "allow", "allow", "allow", "allow", "wrong_code"]);
});

//
test("one code from everywhere at once is accepted once, and costs nobody an attempt", async () => {
  const ada = await w.person({ username: "ada" });
  const nodes = [w.deps, await w.node("node_b")];
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => code("ada", w.code(ada), nodes[index % 2])),
  );
  expect(outcomes.filter((one) => one.kind === "allow")).toHaveLength(1);
  expect((await records()).filter((result) => result === "SUCCESS_OATH_CODE_VERIFIED")).toHaveLength(1);
  expect((await factors(ada.id))[0]).toMatchObject({ fails: 0, locked_until: 0, day_cost: 0 });
  w.clock.at += 30_000;
  expect(codeOf(await code("ada", w.code(ada)))).toBe("allow");
});

//
test("of a thousand guesses at once a few are looked at, and each of those costs an attempt", async () => {
  const ada = await w.person({ username: "ada" });
  let looked = 0;
  const unseal: Deps["keys"]["unseal"] = (purpose, ...rest) => {
    if (purpose === "factor") looked += 1;
    return w.deps.keys.unseal(purpose, ...rest);
  };
  const deps = { ...w.deps, keys: { ...w.deps.keys, unseal } };
  await Promise.all(Array.from({ length: 1000 }, (_, guess) => code("ada", String(guess).padStart(6, "0"), deps)));
  expect(looked).toBe((await factors(ada.id))[0]!.fails);
  expect(looked).toBeLessThanOrEqual(10);
  expect(looked).toBeGreaterThan(0);
  expect(await records()).toHaveLength(1000);
});

//
test("an attempt stays taken when what follows it fails", async () => {
  const ada = await w.person({ username: "ada" });
  const alter = async (text: string) => await w.deps.db.script(w.deps.db.q, text);
  await alter("create trigger log_is_broken before insert on log begin select raise(abort, 'the disk is full'); end");
  await expect(code("ada", "000000")).rejects.toThrow("the disk is full");
  await expect(code("ada", w.code(ada))).rejects.toThrow("the disk is full");
  expect((await factors(ada.id))[0]).toMatchObject({ fails: 2, counter: 0 });
  await alter("drop trigger log_is_broken");
  // nobody heard "allow", so the code is not used
  expect(codeOf(await code("ada", w.code(ada)))).toBe("allow");
});

//
test("a right password forgets no wrong code: the lock still comes", async () => {
  const passwordHash = await newPasswordHash(w.deps, "secret");
  const ada = await w.person({ username: "ada", passwordHash });
  const local = { ...application, firstFactor: "local" } as const;
  const attempt = { application: local, username: "ada", password: "secret", source };
  for (let guess = 0; guess < 10; guess++) {
    expect(codeOf(await begin(w.deps, { ...attempt, code: "000000" }))).toBe("wrong_code");
    w.clock.at += 65_000;
  }
  expect(codeOf(await begin(w.deps, { ...attempt, code: w.code(ada) }))).toBe("locked_out");
  // and a wrong password in between neither, nor does it add one
  expect(codeOf(await begin(w.deps, { ...attempt, password: "wrong", code: "000000" }))).toBe("wrong_password");
  expect((await factors(ada.id))[0]!.fails).toBe(10);
  w.clock.at += 30 * 60_000;
  expect(codeOf(await begin(w.deps, { ...attempt, code: w.code(ada) }))).toBe("allow");
  expect((await factors(ada.id))[0]).toMatchObject({ fails: 0, locked_until: 0 });
});

//
test("success forgets the failures of the factor that was used, not those of another", async () => {
  const ada = await w.person({ username: "ada", phone });
  const one = await texted("ada");
  await answer(one.id, "x");
  await code("ada", "000000");
  expect((await factors(ada.id)).map((factor) => factor.fails)).toEqual([1, 1]);
  expect(codeOf(await code("ada", w.code(ada)))).toBe("allow");
  expect((await factors(ada.id)).map((factor) => factor.fails)).toEqual([0, 1]);
});

describe("texts", () => {
  //
  test("a code is good for its own challenge: of all pairs only the diagonal passes", async () => {
    const all: Awaited<ReturnType<typeof texted>>[] = [];
    for (const username of ["ada", "bob", "eve"]) {
      await w.person({ username, totp: false, phone });
      all.push(await texted(username));
    }
    const pairs = all.flatMap((one) => all.flatMap((other) => (other.code === one.code ? [] : [{ one, other }])));
    const ends = [];
    for (const { one, other } of pairs) ends.push(codeOf(await answer(one.id, other.code)));
    expect(ends).toEqual(pairs.map(() => "wrong_code"));
    for (const { id, code: right } of all) expect(codeOf(await answer(id, right))).toBe("allow");
  });

  //
  test.each([
    [300, 299_999, "allow"],
    [300, 300_000, "expired"],
    [600, 599_900, "allow"],
    [600, 600_100, "expired"],
  ])("with a life of %i s, a code after %i ms is: %s", async (seconds, after, end) => {
    w.set({ "sms.code-life-seconds": seconds });
    await w.person({ username: "bob", totp: false, phone });
    const sent = await texted("bob");
    w.clock.at += after;
    expect(codeOf(await answer(sent.id, sent.code))).toBe(end);
  });

  //
  test("sending anew voids the old code and forgets no failure: nine wrong, a new one, one wrong, locked", async () => {
    const bob = await w.person({ username: "bob", totp: false, phone });
    w.set({ "challenge.tries": 9 });
    const first = await texted("bob");
    for (let guess = 0; guess < 9; guess++) {
      await answer(first.id, "x");
      w.clock.at += 33_000;
    }
    w.clock.at += 64_000;
    const second = await texted("bob");
    expect((await factors(bob.id))[0]!.fails).toBe(9);
    await answer(second.id, "x");
    expect(codeOf(await answer(second.id, second.code))).toBe("locked_out");
  });

  test("the newest code voids the older ones, on every node", async () => {
    await w.person({ username: "bob", totp: false, phone });
    const [older, newer] = [await texted("bob"), await texted("bob")];
    const other = await w.node("node_b");
    const late = { application, challengeId: older.id, response: older.code, source };
    expect(codeOf(await respond(other, late))).toBe("superseded");
    expect(codeOf(await respond(other, { ...late, challengeId: newer.id, response: newer.code }))).toBe("allow");
  });

  test("one right answer sent many times at once to two nodes is accepted once", async () => {
    await w.person({ username: "bob", totp: false, phone });
    const sent = await texted("bob");
    const nodes = [w.deps, await w.node("node_b")];
    const same = { application, challengeId: sent.id, response: sent.code, source };
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => respond(nodes[index % 2]!, same)));
    expect(outcomes.filter((one) => one.kind === "allow")).toHaveLength(1);
    expect((await records()).filter((result) => result === "SUCCESS_SMS_AUTHENTICATED")).toHaveLength(1);
  });
});

test("passwords that are guessed from many addresses of one IPv6 network are counted as from one", async () => {
  await w.person({ username: "eva", passwordHash: await newPasswordHash(w.deps, "the right one") });
  w.set({ "password.per-ten-minutes": 3 });
  const guess = async (clientIp: string) =>
    codeOf(
      await begin(w.deps, {
        application: { ...application, firstFactor: "local" },
        username: "eva",
        password: "a wrong one",
        source: { protocol: "web", clientIp },
      }),
    );
  const heard = [];
  for (const last of ["1::1", "1::2", "2::3", "3::4"]) heard.push(await guess(`2001:db8:1:${last}`));
  expect(heard).toEqual(["wrong_password", "wrong_password", "wrong_password", "throttled"]);
  expect(await guess("2001:db8:2::1")).toBe("wrong_password");
});

//
test("who is refused whatever the password is costs what nobody costs: a password is looked at, and counted", async () => {
  const passwordHash = await newPasswordHash(w.deps, "the right one");
  await w.person({ username: "off", state: "disabled", passwordHash });
  await w.person({ username: "barred", passwordHash });
  await w.deps.db.q
    .updateTable("person")
    .set({ blocked_until: w.clock.at + 60_000 })
    .where("username", "=", "barred")
    .execute();
  const counted = async (username: string) => {
    const local = { ...application, firstFactor: "local" } as const;
    const heard = await begin(w.deps, { application: local, username, password: "the right one", source });
    const rows = await w.deps.db.q.selectFrom("throttle").select("id").execute();
    return [codeOf(heard), rows.filter(({ id }) => id.startsWith("password nobody ")).length];
  };
  expect(await counted("off")).toEqual(["person_disabled", 1]);
  expect(await counted("barred")).toEqual(["person_blocked", 2]);
  expect(await counted("nobody")).toEqual(["unknown_person", 3]);
});

//
test("three wrong codes after the right password are told to the person, once, and none of a client that checks passwords", async () => {
  const passwordHash = await newPasswordHash(w.deps, "the right one");
  const ada = await w.person({ username: "ada", passwordHash });
  await w.deps.db.q.updateTable("person").set({ email: "ada@example.org" }).where("id", "=", ada.id).execute();
  const told = async () => (await w.deps.db.q.selectFrom("outbox").select("channel").execute()).length;
  const wrong = async (firstFactor: "local" | "none") => {
    w.clock.at += 60_000;
    const given = firstFactor === "local" ? { password: "the right one" } : {};
    const asked = { application: { ...application, firstFactor }, username: "ada", code: "000000", source };
    return [codeOf(await begin(w.deps, { ...asked, ...given })), await told()];
  };
  for (const count of [0, 0, 1, 1]) expect(await wrong("local")).toEqual(["wrong_code", count]);
  expect(w.logged.map(({ message }) => message)).toEqual(["wrong codes have followed a right password"]);
  await begin(w.deps, { application, username: "ada", code: w.code(ada), source });
  for (let time = 0; time < 4; time++) expect(await wrong("none")).toEqual(["wrong_code", 1]);
});

test("so they are on the sign-in page, where the code is asked for after the password, and not while a password is forgotten", async () => {
  const ada = await w.person({ username: "ada" });
  await w.deps.db.q.updateTable("person").set({ email: "ada@example.org" }).where("id", "=", ada.id).execute();
  const guess = async (page: Application) => {
    const asked = await begin(w.deps, { application: page, username: "ada", source });
    if (asked.kind !== "challenge") throw new Error(codeOf(asked));
    for (let time = 0; time < 3; time++) {
      w.clock.at += 1000;
      await respond(w.deps, { application: page, username: "ada", challengeId: asked.id, response: "000000", source });
    }
    return (await w.deps.db.q.selectFrom("outbox").select("id").execute()).length;
  };
  const page: Application = { ...application, pages: true };
  expect(await guess({ ...page, recovers: true })).toBe(0);
  w.clock.at += 60_000;
  await begin(w.deps, { application, username: "ada", code: w.code(ada), source });
  expect(await guess(page)).toBe(1);
});
