// One suite that every edge passes on both databases: an edge that decided something by itself would differ here.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { kinds, world, type World } from "../support/world.ts";
import { drivers, type Driver } from "./drivers.ts";

const variants = Object.keys(drivers).flatMap((edge) => kinds.map((kind) => ({ edge, kind })));

describe.each(variants)("$edge on $kind", ({ edge, kind }) => {
  let w: World;
  const open: Driver[] = [];
  const driver = async (firstFactor: "local" | "none") => {
    const one = await drivers[edge]!(w.deps, firstFactor);
    open.push(one);
    return one;
  };
  beforeEach(async () => {
    w = await world({ kind, hasty: true });
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await w.close();
  });
  const passwordHash = async () => await newPasswordHash(w.deps, "correct horse å");
  const records = async () =>
    (
      await w.deps.db.q.selectFrom("log").select("result").where("kind", "=", "authentication").orderBy("seq").execute()
    ).map((row) => row.result);

  test("allow: a right code with nothing else asked", async () => {
    const ada = await w.person({ username: "ada" });
    const edgeDriver = await driver("none");
    expect(await edgeDriver.signIn({ username: "ada", code: w.code(ada) })).toMatchObject({
      verdict: "allow",
    });
    expect(await records()).toEqual(["SUCCESS_OATH_CODE_VERIFIED"]);
  });

  test("refuse: a used code, an old one, a wrong one", async () => {
    const ada = await w.person({ username: "ada" });
    const edgeDriver = await driver("none");
    await edgeDriver.signIn({ username: "ada", code: w.code(ada) });
    for (const code of [w.code(ada), w.code(ada, -1), "12345"])
      expect(await edgeDriver.signIn({ username: "ada", code })).toMatchObject({ verdict: "deny" });
    expect((await records()).slice(1)).toEqual([
      "FAILED_OATH_CODE_DUPLICATE",
      "FAILED_OATH_CODE_OLD",
      "FAILED_OATH_CODE_INCORRECT",
    ]);
  });

  test("challenge: a password, then the code that is asked for", async () => {
    const ada = await w.person({ username: "ada", passwordHash: await passwordHash() });
    const edgeDriver = await driver("local");
    const asked = await edgeDriver.signIn({ username: "ada", password: "correct horse å" });
    expect(asked.verdict).toBe("challenge");
    expect(await edgeDriver.answer(asked, "ada", w.code(ada))).toMatchObject({ verdict: "allow" });
    expect(await records()).toEqual(["SUCCESS_OATH_CODE_PENDING", "SUCCESS_OATH_CODE_VERIFIED"]);
  });

  test("a wrong password asks for nothing and sends nothing", async () => {
    await w.person({
      username: "ada",
      totp: false,
      phone: "+46701234567",
      passwordHash: await passwordHash(),
    });
    const edgeDriver = await driver("local");
    expect(await edgeDriver.signIn({ username: "ada", password: "wrong" })).toMatchObject({
      verdict: "deny",
    });
    expect(w.sent).toEqual([]);
  });

  test("wrong then right: a wrong code leaves tries", async () => {
    const ada = await w.person({ username: "ada", passwordHash: await passwordHash() });
    const edgeDriver = await driver("local");
    const asked = await edgeDriver.signIn({ username: "ada", password: "correct horse å" });
    const again = await edgeDriver.answer(asked, "ada", "000000");
    expect(await edgeDriver.answer(again.ticket ? again : asked, "ada", w.code(ada))).toMatchObject({
      verdict: "allow",
    });
  });

  test("a challenge has three tries", async () => {
    const ada = await w.person({ username: "ada", passwordHash: await passwordHash() });
    const edgeDriver = await driver("local");
    let seen = await edgeDriver.signIn({ username: "ada", password: "correct horse å" });
    for (const code of ["000001", "000002", "000003"]) {
      const next = await edgeDriver.answer(seen, "ada", code);
      seen = next.verdict === "challenge" ? next : seen;
    }
    w.clock.at += 2000;
    expect(await edgeDriver.answer(seen, "ada", w.code(ada))).toMatchObject({ verdict: "deny" });
    expect((await records()).at(-1)).toBe("FAILED_OATH_CODE_INCORRECT");
  });

  test("locked out: ten wrong codes, and the right one waits half an hour", async () => {
    const ada = await w.person({ username: "ada" });
    const edgeDriver = await driver("none");
    for (let guess = 0; guess < 10; guess++) {
      await edgeDriver.signIn({ username: "ada", code: `00000${guess}` });
      w.clock.at += 70_000;
    }
    expect(await edgeDriver.signIn({ username: "ada", code: w.code(ada) })).toMatchObject({
      verdict: "deny",
    });
    expect((await records()).at(-1)).toBe("FAILED_LOCKED_OUT");
    w.clock.at += 30 * 60_000;
    expect(await edgeDriver.signIn({ username: "ada", code: w.code(ada) })).toMatchObject({
      verdict: "allow",
    });
  });

  test("a text: the newest code counts, the older one is void", async () => {
    await w.person({ username: "bob", totp: false, phone: "+46701234567" });
    const edgeDriver = await driver("none");
    const older = await edgeDriver.signIn({ username: "bob" });
    await expect.poll(() => w.sent.length).toBe(1);
    const oldCode = w.texted();
    w.clock.at += 30_000;
    const newer = await edgeDriver.signIn({ username: "bob" });
    await expect.poll(() => w.sent.length).toBe(2);
    expect(await edgeDriver.answer(older, "bob", oldCode)).toMatchObject({ verdict: "deny" });
    expect(await edgeDriver.answer(newer, "bob", w.texted())).toMatchObject({ verdict: "allow" });
  });

  test("a texted code dies after its life", async () => {
    await w.person({ username: "bob", totp: false, phone: "+46701234567" });
    const edgeDriver = await driver("none");
    const asked = await edgeDriver.signIn({ username: "bob" });
    await expect.poll(() => w.sent.length).toBe(1);
    w.clock.at += 300_001;
    expect(await edgeDriver.answer(asked, "bob", w.texted())).toMatchObject({ verdict: "deny" });
  });

  test("unknown looks like known with a wrong password", async () => {
    await w.person({ username: "ada", passwordHash: await passwordHash() });
    const edgeDriver = await driver("local");
    const known = await edgeDriver.signIn({ username: "ada", password: "wrong" });
    const unknown = await edgeDriver.signIn({ username: "nobody", password: "wrong" });
    expect({ ...unknown, ticket: undefined }).toEqual({ ...known, ticket: undefined });
  });

  //
  test("a client that has used up its wrong codes: unknown looks like known, with a right code and a wrong one", async () => {
    w.set({ "lockout.client-per-ten-minutes": 10 });
    const edgeDriver = await driver("none");
    const codes = ["000001", "000002", "000003"];
    for (const username of ["bob", "eve", "joe"]) {
      await w.person({ username });
      for (const code of codes) await edgeDriver.signIn({ username, code });
    }
    const ada = await w.person({ username: "ada" });
    await edgeDriver.signIn({ username: "ada", code: "000001" });
    const heard = [];
    for (const username of ["ada", "nobody"])
      for (const code of [w.code(ada), "000002"]) heard.push(await edgeDriver.signIn({ username, code }));
    expect((await records()).slice(-4)).toEqual([
      "FAILED_AUTHENTICATION_THROTTLED",
      "FAILED_AUTHENTICATION_THROTTLED",
      "FAILED_UNKNOWN_PERSON",
      "FAILED_UNKNOWN_PERSON",
    ]);
    const [first, ...others] = heard.map((one) => ({ ...one, ticket: undefined }));
    expect(first).toMatchObject({ verdict: "deny" });
    expect(others).toEqual([first, first, first]);
  });

  test("policy changed in between: someone disabled after the password gets no further", async () => {
    const ada = await w.person({ username: "ada", passwordHash: await passwordHash() });
    const edgeDriver = await driver("local");
    const asked = await edgeDriver.signIn({ username: "ada", password: "correct horse å" });
    await w.deps.db.q.updateTable("person").set({ state: "disabled" }).where("id", "=", ada.id).execute();
    expect(await edgeDriver.answer(asked, "ada", w.code(ada))).toMatchObject({ verdict: "deny" });
    expect((await records()).at(-1)).toBe("FAILED_PERSON_DISABLED");
  });

  test("someone else's challenge cannot be answered with one's own code", async () => {
    const hash = await passwordHash();
    await w.person({ username: "ada", passwordHash: hash });
    const eve = await w.person({ username: "eve", passwordHash: hash });
    const edgeDriver = await driver("local");
    const asked = await edgeDriver.signIn({ username: "ada", password: "correct horse å" });
    expect(await edgeDriver.answer(asked, "eve", w.code(eve))).toMatchObject({ verdict: "deny" });
  });
});
