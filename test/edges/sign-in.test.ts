// Signing in with a browser, on both databases: what a person meets, and what somebody else can make of it.
import { describe, expect, test } from "vitest";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { addPerson, setState } from "#actions/people.ts";
import { addApp } from "#actions/factors.ts";
import { resetPassword } from "#actions/help-desk.ts";
import { deliverDue } from "#actions/deliver.ts";
import { tellNumbers } from "#actions/number-notices.ts";
import { findSession } from "#actions/sessions.ts";
import { startSignIn } from "#actions/sign-in.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";

describe.each(kinds)("signing in with a browser, on %s,", (kind) => {
  const h = httpWorld(kind);
  const open = (options?: Parameters<typeof browser>[1]) => browser(h.server.people!.port, options);
  const add = async (username: string, more: object = {}) =>
    await addPerson(h.w.deps, "cli", { username, password, ...more });
  const codeOf = (secretBase32: string, steps = 0) => {
    const read = readBase32(secretBase32);
    if (!read.ok) throw new Error(read.reason);
    return hotp(read.bytes, Math.floor(h.w.clock.at / 30_000) + steps, { digits: 6, algorithm: "sha1" });
  };
  const withApp = async (username: string, more?: object) => {
    const { id } = await add(username, more);
    return { id, secret: (await addApp(h.w.deps, "cli", { username })).secretBase32! };
  };
  const giveName = async (page: Browser, username: string, given = password) => {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username, password: given });
  };
  const sessionOf = async (page: Browser) => await findSession(h.w.deps, page.cookies.get("countersign"));
  const texted = async () => {
    await deliverDue(h.w.deps);
    // the server itself may be sending it already
    const { q } = h.w.deps.db;
    const unsent = () => q.selectFrom("outbox").select("id").where("state", "in", ["waiting", "sending"]).execute();
    await expect.poll(unsent).toEqual([]);
    return h.w.texted();
  };

  test("a password and a code lead to a session that claims both, and nothing before them does", async () => {
    const { id, secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    expect(page.title()).toBe("Verify that it is you");
    expect(await sessionOf(page)).toBeUndefined();
    const done = await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(done.via).toEqual(["/account"]);
    const session = await sessionOf(page);
    expect(session).toMatchObject({ userId: id, username: "ada", proofs: [{ method: "totp" }] });
    expect(session!.passwordAt).not.toBeNull();
  });

  test("a password that the help desk has set is changed before anything else, once the rest is proven", async () => {
    const { id, secret } = await withApp("ada");
    await resetPassword(h.w.deps, "cli", { username: "ada", password: "given on the phone" });
    const page = open();
    await giveName(page, "ada", "given on the phone");
    expect(page.title()).toBe("Verify that it is you");
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(page.title()).toBe("Choose a new password");
    expect(await sessionOf(page)).toBeUndefined();
    // no way around it
    await page.open("/account");
    expect(await sessionOf(page)).toBeUndefined();
    const other = open();
    await giveName(other, "ada", "given on the phone");
    h.w.clock.at += 30_000;
    await other.submit("/sign-in/code", { code: codeOf(secret) });
    const choose = async (one: string, again = one) =>
      await other.submit("/sign-in/new-password", { username: "ada", password: one, again });
    for (const [one, again, words] of [
      ["one of my own words", "one of my own word", "The two passwords are not the same."],
      ["short", "short", "Choose a password of at least 12 characters that is not easy to guess."],
      ["given on the phone", "given on the phone", "That is the password you were given. Choose another one."],
    ] as const) {
      await choose(one, again);
      expect(other.alert()).toBe(words);
      expect(await sessionOf(other)).toBeUndefined();
    }
    const done = await choose("one of my own words");
    expect(done.via).toEqual(["/account"]);
    expect(await sessionOf(other)).toMatchObject({ userId: id, proofs: [{ method: "totp" }] });
    const again = open();
    h.w.clock.at += 30_000;
    await giveName(again, "ada", "one of my own words");
    await again.submit("/sign-in/code", { code: codeOf(secret) });
    expect(await sessionOf(again)).toMatchObject({ userId: id });
  });

  test("a name, a password or both wrong read the same, and so does an account that is switched off", async () => {
    await withApp("ada");
    await withApp("off");
    await setState(h.w.deps, "cli", { username: "off", state: "disabled" });
    const texts = [];
    for (const [username, given] of [
      ["ada", "wrong"],
      ["nobody", password],
      ["off", password],
      ["nobody", "x"],
    ] as const) {
      const page = open();
      const { text } = await giveName(page, username, given);
      texts.push(
        text.replace(/value="(?:ada|nobody|off)"/, "").replaceAll(/sgn_[\w-]+|&quot;challenge&quot;:&quot;[\w-]+/g, ""),
      );
      expect(await sessionOf(page)).toBeUndefined();
    }
    expect(new Set(texts).size).toBe(1);
  });

  test("a wrong code can be corrected, a used one is of no use in another sign-in", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    await page.submit("/sign-in/code", { code: "000000" });
    expect(page.alert()).toBe("That code is not right. Try again.");
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(await sessionOf(page)).toBeDefined();
    const other = open();
    await giveName(other, "ada");
    await other.submit("/sign-in/code", { code: codeOf(secret) });
    expect(other.alert()).toBe("That code is not right. Try again.");
  });

  test("another option is offered where there is one, and the newest text counts", async () => {
    await add("bo", { mobile_phone: "+46701234567" });
    await addApp(h.w.deps, "cli", { username: "bo" });
    const page = open();
    const asked = await giveName(page, "bo");
    expect(asked.text).toContain("Use a different verification option");
    await page.open(`/sign-in?flow=${asked.query.get("flow")}&other=1`);
    await page.submit("/sign-in/other", { digit: "2" });
    await texted();
    await page.submit("/sign-in/other");
    await page.submit("/sign-in/code", { code: await texted() });
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "sms" }] });
  });

  test("with one method there is no other option, and the page names whom to ask", async () => {
    h.w.set({ "support.name": "IT service desk", "support.phone": "555-0100" });
    await withApp("ada");
    const { text } = await giveName(open(), "ada");
    expect(text).not.toContain("Use a different verification option");
    expect(text).toContain("IT service desk");
    expect(text).toContain("555-0100");
  });

  test("who has nothing registers an app, proves it, and is signed in with it; the proving code is used", async () => {
    await add("cleo");
    const page = open();
    await giveName(page, "cleo");
    expect(page.title()).toBe("Set up your second step");
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    const key = /class="key"><code>([^<]+)</.exec(text)![1]!.replaceAll(" ", "");
    await page.submit("/sign-in/register/confirm", { code: "000000" });
    expect(page.alert()).toBe("That code is not right. Try again.");
    expect(await sessionOf(page)).toBeUndefined();
    await page.submit("/sign-in/register/confirm", { code: codeOf(key) });
    await page.submit("/sign-in/register", { kind: "recovery" });
    await page.submit("/sign-in/register");
    await page.submit("/sign-in/register/finish");
    expect(await sessionOf(page)).toMatchObject({ username: "cleo", proofs: [{ method: "totp" }] });
    const again = open();
    await giveName(again, "cleo");
    await again.submit("/sign-in/code", { code: codeOf(key) });
    expect(await sessionOf(again)).toBeUndefined();
    const person = await h.w.deps.db.q.selectFrom("person").select("state").where("username", "=", "cleo").execute();
    expect(person).toEqual([{ state: "enforced" }]);
  });

  test("a number is proven by the code sent to it", async () => {
    await add("cleo");
    const page = open();
    await giveName(page, "cleo");
    await page.submit("/sign-in/register", { kind: "sms" });
    await page.submit("/sign-in/register/number", { number: "070" });
    expect(page.alert()).toContain("We cannot read that as a phone number");
    h.w.set({ "phone.allowed-countries": ["SE"] });
    for (const number of ["+46 900 123 45 67", "+1 202 555 0123"]) {
      await page.submit("/sign-in/register/number", { number });
      expect(page.alert()).toBe("This number cannot be used. Give another one.");
    }
    await page.submit("/sign-in/register/number", { number: "+46 70 123 45 67" });
    await page.submit("/sign-in/register/confirm", { code: await texted() });
    await page.submit("/sign-in/register/finish");
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "sms" }] });
  });

  //
  test("the code that was sent to a number is good for its time, and another may be sent after it", async () => {
    await add("cleo");
    const page = open();
    await giveName(page, "cleo");
    const number = "+46 70 123 45 67";
    await page.submit("/sign-in/register", { kind: "sms" });
    await page.submit("/sign-in/register/number", { number });
    const late = await texted();
    h.w.clock.at += 300_000;
    await page.submit("/sign-in/register/confirm", { code: late });
    expect(page.alert()).toBe("This verification has ended. You can start it again.");
    await page.submit("/sign-in/register", { kind: "sms" });
    await page.submit("/sign-in/register/number", { number });
    await page.submit("/sign-in/register/confirm", { code: await texted() });
    await page.submit("/sign-in/register/finish");
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "sms" }] });
  });

  test("the numbers that somebody has had are told of a new one, besides the mail", async () => {
    const { id } = await add("dora");
    const { q } = h.w.deps.db;
    await q.updateTable("person").set({ email: "dora@example.org" }).where("id", "=", id).execute();
    const numbers = ["+46701112233", "+46704445566"];
    for (const [index, address] of numbers.entries())
      await q
        .insertInto("factor")
        .values({
          id: `fac_${index}`,
          user_id: id,
          method: "sms",
          state: "active",
          address,
          created_at: index,
        } as never)
        .execute();
    await h.w.deps.db.transaction((run) => tellNumbers(h.w.deps, run, { userId: id, factor: "fac_1", method: "sms" }));
    h.w.sent.length = 0;
    await texted();
    expect(h.w.sent).toMatchObject([{ channel: "sms", to: numbers[0] }]);
    expect(h.w.sent[0]!.text).not.toContain("4445566");
  });

  test("five wrong tries end a registration's test, and tries made at once count once", async () => {
    await add("cleo");
    const page = open();
    await giveName(page, "cleo");
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    const key = /class="key"><code>([^<]+)</.exec(text)![1]!.replaceAll(" ", "");
    const flow = /name="flow" value="([^"]+)"/.exec(text)![1]!;
    const guesses = Array.from({ length: 20 }, (_, index) => String(100_000 + index));
    await Promise.all(guesses.map((code) => page.open("/sign-in/register/confirm", { flow, code })));
    await page.open(`/sign-in?flow=${flow}`);
    for (let tries = 0; tries < 5 && page.title() === "Set up an app"; tries++)
      await page.submit("/sign-in/register/confirm", { code: "000000" });
    expect(page.title()).toBe("Set up your second step");
    await page.open("/sign-in/register/confirm", { flow, code: codeOf(key) });
    expect(await sessionOf(page)).toBeUndefined();
    expect(page.title()).toBe("Set up your second step");
  });

  test("a password alone registers no longer than its window lasts, and never beside a method", async () => {
    h.w.set({ "registration.password-days": 0 });
    await add("cleo");
    const late = open();
    const { status, text } = await giveName(late, "cleo");
    expect(status).toBe(403);
    expect(text).toContain("CS-10");
    h.w.set({ "registration.password-days": 14 });
    await add("dora");
    await giveName(open(), "dora");
    h.w.clock.at += 15 * 86_400_000;
    expect((await giveName(open(), "dora")).status).toBe(403);
  });

  test("a remembered browser skips the second step, claims nothing for it, and not where it is asked for by name", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    await page.submit("/sign-in/code", { code: codeOf(secret), remember: "yes" });
    await page.open("/sign-out");
    await page.submit("/sign-out");
    expect(await sessionOf(page)).toBeUndefined();
    expect((await giveName(page, "ada")).path).toBe("/account");
    expect(await sessionOf(page)).toMatchObject({ proofs: [] });
    const need = { strength: "mfa", notBefore: h.w.clock.at, explicit: true } as const;
    const bound = {
      browser: page.cookies.get("countersign-browser") ?? "none-yet-but-long-enough",
      returnTo: "/account",
    };
    page.cookies.set("countersign-browser", bound.browser);
    const { path } = await startSignIn(h.w.deps, { ...bound, application: { id: "app_x", name: "Pay" }, need });
    await page.open(path);
    await page.submit("/sign-in/password", { username: "ada", password });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("another person's remembered browser is nobody else's", async () => {
    const { secret } = await withApp("ada");
    await withApp("eve");
    const page = open();
    await giveName(page, "ada");
    await page.submit("/sign-in/code", { code: codeOf(secret), remember: "yes" });
    page.cookies.delete("countersign");
    await giveName(page, "eve");
    expect(page.title()).toBe("Verify that it is you");
  });

  test("a sign-in is of one browser: its address is of no use in another", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    const flow = (await giveName(page, "ada")).query.get("flow")!;
    const thief = open();
    await thief.open("/sign-in");
    const stolen = await thief.open("/sign-in/code", { flow, code: codeOf(secret) });
    expect([stolen.status, await sessionOf(thief)]).toEqual([400, undefined]);
    const bare = await open().open(`/sign-in?flow=${flow}`);
    expect(bare.text).toContain("CS-1009");
    // and the owner goes on
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(await sessionOf(page)).toBeDefined();
  });

  test("fifty equal right answers at once begin one session", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    const flow = (await giveName(page, "ada")).query.get("flow")!;
    const cookie = [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const { port } = h.server.people!;
        const response = await fetch(`http://127.0.0.1:${port}/sign-in/code`, {
          method: "POST",
          redirect: "manual",
          body: new URLSearchParams({ flow, code: codeOf(secret) }),
          headers: { cookie, origin: "http://localhost:8080" },
        });
        return response.headers.getSetCookie().some((line) => line.startsWith("countersign="));
      }),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  // nothing but its own steps accepts a sign-in that is half done
  test.each(["nothing", "password", "registering"])(
    "no step can be skipped, repeated or made up from %s",
    async (state) => {
      const { secret } = await withApp("ada");
      await add("cleo");
      const page = open();
      if (state === "nothing") await page.open("/sign-in");
      else await giveName(page, state === "password" ? "ada" : "cleo");
      const flow = (await page.open("/sign-in")).query.get("flow")!;
      for (const fields of [
        {},
        { code: "" },
        { digit: "9" },
        { kind: "totp" },
        { number: "+46701234567" },
        { code: "x" },
      ])
        for (const step of [
          "code",
          "other",
          "again",
          "register",
          "register/number",
          "register/confirm",
          "register/finish",
        ])
          await page.open(`/sign-in/${step}`, { flow, ...fields } as Record<string, string>);
      expect(await sessionOf(page)).toBeUndefined();
      expect(secret).toBeDefined();
    },
  );

  test("a form from another site does nothing", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    for (const headers of [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ]) {
      const answer = await page.submit("/sign-in/code", { code: codeOf(secret) }, headers as Record<string, string>);
      expect(answer.text).toContain("CS-1010");
      expect(await sessionOf(page)).toBeUndefined();
      await giveName(page, "ada");
    }
  });

  test("a disabled person's session ends at once, a signed-out one too", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    await setState(h.w.deps, "cli", { username: "ada", state: "disabled" });
    expect(await sessionOf(page)).toBeUndefined();
    await setState(h.w.deps, "cli", { username: "ada", state: "enforced" });
    const kept = page.cookies.get("countersign")!;
    await page.open("/sign-out");
    await page.submit("/sign-out");
    expect(await findSession(h.w.deps, kept)).toBeUndefined();
  });

  test("an hour without a sign of life ends a session, and so do 24 hours", async () => {
    const { secret } = await withApp("ada");
    const page = open();
    await giveName(page, "ada");
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    for (let minutes = 0; minutes < 23 * 60; minutes += 50) {
      h.w.clock.at += 50 * 60_000;
      expect(await sessionOf(page)).toBeDefined();
    }
    h.w.clock.at += 61 * 60_000;
    expect(await sessionOf(page)).toBeUndefined();
  });

  test("pages speak the browser's language, and another on request", async () => {
    const page = open({ language: "sv-SE,sv;q=0.9,en;q=0.5" });
    await page.open("/sign-in");
    expect(page.title()).toBe("Logga in");
    await page.open("/sign-in?lang=en");
    await page.open("/sign-in");
    expect(page.title()).toBe("Sign in");
  });
});
