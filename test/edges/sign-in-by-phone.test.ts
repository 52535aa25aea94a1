// Signing in while the phone answers: the page waits, shows what to do there, and goes on once, in its own browser.
import { describe, expect, test } from "vitest";
import { answerByPhone, endByPhone } from "#actions/by-phone.ts";
import { addApp } from "#actions/factors.ts";
import { addPerson } from "#actions/people.ts";
import { setPin } from "#actions/pins.ts";
import { retain } from "#actions/retention.ts";
import { pinMac } from "#actions/rules.ts";
import { findSession } from "#actions/sessions.ts";
import { readSeed } from "#core/crypto/base32.ts";
import type { ResultCode } from "#core/results.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const number = "+46701234567";

describe.each(kinds)("signing in by phone, on %s,", (kind) => {
  const h = httpWorld(kind);
  const open = () => browser(h.server.people!.port);
  const sessionOf = async (page: Browser) => await findSession(h.w.deps, page.cookies.get("countersign"));

  type Has = { methods?: string[]; pin?: string };
  async function person(username: string, { methods = ["voice"], pin }: Has = {}) {
    const { id } = await addPerson(h.w.deps, "cli", { username, password });
    const values = methods.map((method, place) => ({
      id: h.w.deps.random.id("fac_"),
      user_id: id,
      method,
      state: "active",
      address: number,
      created_at: h.w.clock.at + place,
    }));
    if (values.length > 0)
      await h.w.deps.db.q
        .insertInto("factor")
        .values(values as never)
        .execute();
    if (pin !== undefined)
      await h.w.deps.db.q
        .updateTable("person")
        .set({ pin_mac: pinMac(h.w.deps, id, pin), pin_changed_at: h.w.clock.at })
        .where("id", "=", id)
        .execute();
    return id;
  }
  async function givePassword(page: Browser, username: string) {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username, password });
  }
  const pending = async () => {
    const open = h.w.deps.db.q.selectFrom("challenge").select("id").where("state", "=", "pending");
    return (await open.executeTakeFirstOrThrow()).id;
  };
  const answer = async (typed: string) =>
    await answerByPhone(h.w.deps, { challengeId: await pending(), answer: typed });
  const ends = async (result: ResultCode) => await endByPhone(h.w.deps, { challengeId: await pending(), result });
  const shown = (text: string) => /<span class="unseen">([\d ]*)</.exec(text)![1]!.replaceAll(" ", "");
  const ask = async (page: Browser, flow: string) => {
    const cookie = [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const url = `http://127.0.0.1:${h.server.people!.port}/sign-in/waiting?flow=${flow}`;
    return (await (await fetch(url, { headers: { cookie } })).json()) as { state: string };
  };

  test("the number on the page, typed on the phone, leads to a session, and looking at the page never does", async () => {
    const userId = await person("ada");
    const page = open();
    const { text, query } = await givePassword(page, "ada");
    expect(text).toContain("We are calling •• 67. Answer, type this number on the phone and press #.");
    const again = `/sign-in?flow=${query.get("flow")!}`;
    expect(text).toContain(`<noscript><meta http-equiv="refresh" content="5; url=${again}" /></noscript>`);
    await page.submit("/sign-in/waiting");
    expect(page.alert()).toContain("We have heard nothing from your phone yet.");
    await answer(shown(text));
    for (let time = 0; time < 2; time++) {
      const looked = await page.open(again);
      expect(looked.text).toContain("That has been answered.");
      expect(looked.text).not.toContain("http-equiv");
      expect(await sessionOf(page)).toBeUndefined();
    }
    const done = await page.submit("/sign-in/waiting");
    expect(done.via).toEqual(["/account"]);
    expect(await sessionOf(page)).toMatchObject({ userId, proofs: [{ method: "voice" }] });
  });

  test("the script's question is held until there is an answer, for the browser that began alone", async () => {
    await person("ada");
    const page = open();
    const { text, query } = await givePassword(page, "ada");
    const flow = query.get("flow")!;
    expect(await ask(open(), flow)).toEqual({ state: "over" });
    const asked = ask(page, flow);
    expect(await Promise.race([asked, h.w.deps.clock.sleep(100).then(() => "held")])).toBe("held");
    await answer(shown(text));
    expect(await asked).toEqual({ state: "over" });
    expect(await sessionOf(page)).toBeUndefined();
    await page.submit("/sign-in/waiting");
    expect(await sessionOf(page)).toBeDefined();
    expect(await ask(page, flow)).toEqual({ state: "over" });
  });

  test("of two windows the one that asked last waits", async () => {
    await person("ada");
    const page = open();
    const { text, query } = await givePassword(page, "ada");
    const both = [ask(page, query.get("flow")!), ask(page, query.get("flow")!)];
    expect(await Promise.race(both)).toEqual({ state: "elsewhere" });
    await answer(shown(text));
    expect((await Promise.all(both)).map(({ state }) => state).toSorted()).toEqual(["elsewhere", "over"]);
  });

  test("how a call ended is told as it is, and the next call is one press away", async () => {
    await person("ada");
    const page = open();
    let asked = await givePassword(page, "ada");
    for (const [result, words] of [
      ["FAILED_FRAUD_CODE_ENTERED", "You said no on your phone"],
      ["FAILED_USER_HUNGUP_ON_US", "Nobody answered on your phone in time"],
      ["CONFIG_ISSUE", "We could not reach your phone"],
      ["SUCCESS_PIN_EXPIRED", "Your PIN must be changed"],
    ] as const) {
      await ends(result);
      await page.submit("/sign-in/waiting");
      expect(page.alert()).toContain(words);
      asked = await page.submit("/sign-in/again");
    }
    await answer(shown(asked.text));
    await page.submit("/sign-in/waiting");
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "voice" }] });
  });

  test("who is being called already is told so, and can use another way", async () => {
    await person("ada", { methods: ["voice", "sms"] });
    await h.w.deps.db.q.updateTable("person").set({ default_method: "voice" }).execute();
    await givePassword(open(), "ada");
    const page = open();
    const { text } = await givePassword(page, "ada");
    expect(page.alert()).toContain("We are calling you already");
    expect(text).toMatch(/name="method" value="sms"[^>]*>\s*Text to •• 67/);
    const { text: asked } = await page.submit("/sign-in/again", { method: "sms" });
    expect(asked).toContain("Enter the code we sent to •• 67.");
  });

  test("another way while the phone rings ends the call's worth", async () => {
    await person("ada", { methods: ["voice", "sms"] });
    const page = open();
    await givePassword(page, "ada");
    const { text } = await page.submit("/sign-in/other", { digit: "2" });
    const call = await pending();
    await page.open(`${/\/sign-in\?flow=[\w-]+/.exec(text)![0]}&other=1`);
    await page.submit("/sign-in/other", { digit: "1" });
    expect(page.title()).toBe("Verify that it is you");
    expect(await answerByPhone(h.w.deps, { challengeId: call, answer: shown(text) })).toEqual({ kind: "over" });
  });

  const factors = async () => {
    const rows = h.w.deps.db.q.selectFrom("factor").select(["id", "method", "state", "address", "parameters"]);
    return await rows.orderBy("created_at").execute();
  };
  const wizard = async (kind: string) => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const page = open();
    await givePassword(page, "cleo");
    await page.submit("/sign-in/register", { kind });
    return page;
  };

  test("a phone that is registered for calls is called, and counts once the number was typed there", async () => {
    const page = await wizard("voice");
    await page.submit("/sign-in/register/number", { number: "070", extension: "" });
    expect(page.alert()).toContain("We cannot read that as a phone number.");
    await page.submit("/sign-in/register/number", { number, extension: "seven" });
    expect(page.alert()).toContain("That extension cannot be dialled.");
    const called = await page.submit("/sign-in/register/number", { number, extension: "89,0" });
    expect(page.title()).toBe("Set up calls");
    expect(await factors()).toMatchObject([{ state: "new" }]);
    // nobody signs in with it meanwhile, or is locked out of a first method by it
    const other = open();
    await givePassword(other, "cleo");
    expect(other.title()).toBe("Set up your second step");
    await answer("000000");
    await answer(shown(called.text));
    await page.submit("/sign-in/waiting");
    expect(page.title()).toBe("That works");
    expect(await factors()).toMatchObject([
      { method: "voice", state: "active", address: number, parameters: '{"extension":"89,0"}' },
    ]);
    await page.submit("/sign-in/register/finish");
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "voice" }] });
  });

  test("a call that is declined while it is to prove a phone proves nothing, and another number can be given", async () => {
    const page = await wizard("voice");
    await page.submit("/sign-in/register/number", { number, extension: "" });
    await ends("FAILED_USER_HUNGUP_ON_US");
    const { text } = await page.submit("/sign-in/waiting");
    expect(page.alert()).toContain("Nobody answered on your phone in time.");
    expect(text).toContain(`value="${number}"`);
    const again = await page.submit("/sign-in/register/number", { number: "+46701234599", extension: "" });
    const abandoned = await pending();
    await page.submit("/sign-in/register");
    expect(await answerByPhone(h.w.deps, { challengeId: abandoned, answer: shown(again.text) })).toEqual({
      kind: "over",
    });
    expect((await factors()).map(({ state }) => state)).toEqual(["new", "new"]);
    h.w.clock.at += 3_700_000;
    await retain(h.w.deps);
    expect(await factors()).toEqual([]);
  });

  test("a number that may not be called leaves nothing behind", async () => {
    const page = await wizard("voice");
    h.w.set({ "phone.allowed-countries": ["NO"] });
    await page.submit("/sign-in/register/number", { number, extension: "" });
    expect(page.alert()).not.toBe("");
    expect(await factors()).toEqual([]);
  });

  test("a backup phone proves itself too, and belongs to the calls there are", async () => {
    await person("ada");
    const page = open();
    const { text } = await givePassword(page, "ada");
    await answer(shown(text));
    await page.submit("/sign-in/waiting");
    const [calls] = await factors();
    const me = JSON.parse((await page.open("/api/v1/me")).text) as { csrf: string };
    const begun = await fetch(`http://127.0.0.1:${h.server.people!.port}/api/v1/me/methods/${calls!.id}/backup`, {
      method: "POST",
      headers: {
        cookie: [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        origin: "http://localhost:8080",
        "content-type": "application/json",
        "x-countersign-csrf": me.csrf,
      },
      body: "{}",
    });
    await page.open(((await begun.json()) as { location: string }).location);
    expect(page.title()).toBe("Set up a backup phone");
    const called = await page.submit("/sign-in/register/number", { number: "+46701234599", extension: "7" });
    await answer(shown(called.text));
    await page.submit("/sign-in/waiting");
    const parameters = JSON.stringify({ backup: "+46701234599", backupExtension: "7" });
    expect(await factors()).toEqual([{ ...calls!, parameters }]);
    expect((await page.submit("/sign-in/register/finish")).via.at(-1)).toContain("/account");
  });

  test("a phone that is registered for replies proves itself by one", async () => {
    h.w.set({ "methods.sms-reply.enabled": true });
    const page = await wizard("sms-reply");
    await page.submit("/sign-in/register/number", { number });
    await expect.poll(() => h.w.sent.length).toBe(1);
    await answer(h.w.texted());
    await page.submit("/sign-in/waiting");
    expect(await factors()).toMatchObject([{ method: "sms-reply", state: "active" }]);
  });

  test("a token's code with its PIN, in one field", async () => {
    h.w.set({ "pin.methods": ["totp"] });
    const userId = await person("tove", { methods: [], pin: "8264" });
    const { secretBase32 = "" } = await addApp(h.w.deps, "cli", { username: "tove" });
    const page = open();
    expect((await givePassword(page, "tove")).text).toContain("from your app or token, followed by your PIN.");
    const seed = readSeed(secretBase32);
    const code = h.w.code({ secret: seed.ok ? seed.bytes : Buffer.alloc(0) });
    expect((await page.submit("/sign-in/code", { code })).text).toContain("Code and PIN");
    await page.submit("/sign-in/code", { code: `${code} 8264` });
    expect(await sessionOf(page)).toMatchObject({ userId, proofs: [{ method: "totp" }] });
    h.w.set({ "pin.methods": [] });
  });

  test("a PIN that somebody else set is changed on the way, by whoever has the code and the old one", async () => {
    h.w.set({ "pin.methods": ["totp"] });
    const userId = await person("tyra", { methods: [] });
    await setPin(h.w.deps, "cli", { username: "tyra", pin: "8264" });
    const { secretBase32 = "" } = await addApp(h.w.deps, "cli", { username: "tyra" });
    const seed = readSeed(secretBase32);
    const code = h.w.code({ secret: seed.ok ? seed.bytes : Buffer.alloc(0) });
    const page = open();
    await givePassword(page, "tyra");
    expect((await page.submit("/sign-in/code", { code: `${code}8265` })).text).toContain("Code and PIN");
    expect((await page.submit("/sign-in/code", { code: `${code}8264` })).text).toContain("Choose your own PIN");
    const differ = await page.submit("/sign-in/new-pin", { pin: "5093", again: "5094" });
    expect(differ.text).toContain("The two PINs are not the same.");
    for (const pin of ["8264", "111", "1234"])
      expect((await page.submit("/sign-in/new-pin", { pin, again: pin })).text).toContain("does not follow the rule");
    expect(await sessionOf(page)).toBeUndefined();
    const chosen = await page.submit("/sign-in/new-pin", { pin: "5093", again: "5093" });
    expect(chosen.text).toContain("from your app or token, followed by your PIN.");
    await page.submit("/sign-in/code", { code: `${code}5093` });
    expect(await sessionOf(page)).toMatchObject({ userId, proofs: [{ method: "totp" }] });
    h.w.set({ "pin.methods": [] });
  });

  test("a text that is replied to, and a code with its PIN", async () => {
    h.w.set({ "methods.sms-reply.enabled": true, "pin.methods": ["sms", "sms-reply"] });
    await person("ada", { methods: ["sms-reply", "sms"], pin: "8264" });
    const page = open();
    const { text } = await givePassword(page, "ada");
    expect(text).toContain("Enter the code we sent to •• 67, followed by your PIN.");
    expect(text).toContain("Code and PIN");
    const replied = await page.submit("/sign-in/other", { digit: "2" });
    expect(replied.text).toContain("Reply to it with that code, followed by your PIN.");
    await expect.poll(() => h.w.sent.length).toBe(2);
    await answer(`${h.w.texted()}8264`);
    await page.submit("/sign-in/waiting");
    expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "sms-reply" }] });
  });
});
