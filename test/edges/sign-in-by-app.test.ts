// Signing in with the authenticator app, by pages without scripts and a device that speaks the protocol: set up in the wizard, and then asked.
import { describe, expect, test } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { revokeSessions } from "#actions/help-desk.ts";
import { addPerson } from "#actions/people.ts";
import { findSession } from "#actions/sessions.ts";
import { activate, decide, look, type Kept, type Said } from "../../examples/device/device.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const minute = 60_000;

describe.each(kinds)("signing in by app, on %s,", (kind) => {
  const h = httpWorld(kind);
  const url = () => `http://127.0.0.1:${h.server.people!.port}`;
  const open = () => browser(h.server.people!.port);
  const sessionOf = async (page: Browser) => await findSession(h.w.deps, page.cookies.get("countersign"));
  const add = async (username: string) => await addPerson(h.w.deps, "cli", { username, password });

  async function givePassword(page: Browser, username: string) {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username, password });
  }
  const inviting = async (page: Browser, username: string) => {
    await givePassword(page, username);
    const { text, query } = await page.submit("/sign-in/register", { kind: "push" });
    const link = /href="([^"]*#activate=\w{26})"/.exec(text)![1]!;
    const code = /<code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/.exec(text)![1]!;
    return { text, link, code, flow: query.get("flow")! };
  };
  const ask = async (page: Browser, flow: string) => {
    const cookie = [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const held = await fetch(`${url()}/sign-in/waiting?flow=${flow}`, { headers: { cookie } });
    return (await held.json()) as { state: string };
  };

  describe("the wizard", () => {
    test("shows link, code and name, waits for the device, and counts it as proof", async () => {
      const { id: userId } = await add("ada");
      const page = open();
      const { text, link, flow } = await inviting(page, "ada");
      expect(page.title()).toBe("Set up the Countersign app");
      expect(text).toContain("https://mfa.example.org/authenticator/</code>");
      expect(text).toContain("<code>ada</code>");
      expect(text).toContain('http-equiv="refresh"');
      await page.submit("/sign-in/waiting");
      expect(page.alert()).toContain("The app is not ready yet.");
      const asked = ask(page, flow);
      await activate({ link }, { url: url() });
      expect(await asked).toEqual({ state: "over" });
      expect((await page.open(`/sign-in?flow=${flow}`)).text).toContain("The app is connected. Continue here.");
      const { text: done } = await page.submit("/sign-in/waiting");
      expect(done).toContain("Countersign app: no notifications on this device");
      expect(await sessionOf(page)).toBeUndefined();
      await page.submit("/sign-in/register/finish");
      expect(await sessionOf(page)).toMatchObject({ userId, proofs: [{ method: "push" }] });
    });

    test("takes the code that is typed, and gives a new one when the first is too old", async () => {
      await add("ada");
      const page = open();
      const { link, flow } = await inviting(page, "ada");
      h.w.clock.at += 10 * minute;
      expect(await ask(page, flow)).toEqual({ state: "over" });
      await page.submit("/sign-in/waiting");
      expect(page.alert()).toContain("This code is too old");
      await expect(activate({ link }, { url: url() })).rejects.toMatchObject({ code: "activation_refused" });
      const { text } = await page.submit("/sign-in/register");
      const code = /<code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/.exec(text)![1]!;
      await activate({ code, username: "ada" }, { url: url() });
      await page.submit("/sign-in/waiting");
      expect(page.title()).toBe("That works");
    });

    test("who goes on to another way leaves nothing open, and the device that comes late is none", async () => {
      await add("ada");
      const page = open();
      const { link } = await inviting(page, "ada");
      await page.submit("/sign-in/register");
      await expect(activate({ link }, { url: url() })).rejects.toMatchObject({ code: "activation_refused" });
    });

    test("whoever is signed out everywhere meanwhile binds nothing any more", async () => {
      await add("ada");
      const { link } = await inviting(open(), "ada");
      await revokeSessions(h.w.deps, "cli", { username: "ada" });
      await expect(activate({ link }, { url: url() })).rejects.toMatchObject({ code: "activation_refused" });
    });

    test("once somebody else has registered by the password alone, that method is asked for", async () => {
      await add("ada");
      const [mine, theirs] = [open(), open()];
      await inviting(mine, "ada");
      const { link } = await inviting(theirs, "ada");
      await activate({ link }, { url: url() });
      const { text } = await mine.submit("/sign-in/waiting");
      expect(text).toContain("Open Countersign on your phone and type this number there.");
    });

    test("who has as many devices as they may is not offered another", async () => {
      h.w.set({ "push.devices-per-person": 1 });
      await add("ada");
      const page = open();
      const { link } = await inviting(page, "ada");
      await activate({ link }, { url: url() });
      const { text } = await page.submit("/sign-in/waiting");
      expect(text).toMatch(/name="kind" value="totp"/);
      expect(text).not.toMatch(/name="kind" value="push"/);
    });
  });

  describe("the page that waits", () => {
    const shown = (text: string) => /<span class="unseen">([\d ]*)</.exec(text)![1]!.replaceAll(" ", "");
    async function atRequest(page: Browser, username: string) {
      await add(username);
      const { link } = await inviteByName(h.w.deps, "cli", { username });
      const device = await activate({ link }, { url: url() });
      return { device, asked: await givePassword(page, username) };
    }
    const asksForCode = (text: string) => expect(text).toContain("Enter the code from your app");
    const answer = async (device: Kept, said: Said) => {
      const [request] = (await look(device)).requests;
      return await decide(device, request!, said);
    };

    test("shows the number, and goes on when it was typed in the app", async () => {
      const page = open();
      const { device, asked } = await atRequest(page, "ada");
      expect(asked.text).toContain("Open Countersign on your phone and type this number there.");
      expect(asked.text).toContain("Nothing on the phone? Open the app: it looks by itself.");
      expect(await answer(device, { decision: "approve", number: shown(asked.text) })).toEqual({ result: "approved" });
      await page.submit("/sign-in/waiting");
      expect(await sessionOf(page)).toMatchObject({ proofs: [{ method: "push" }] });
    });

    test("a wrong number ends it, and the next request is one press away", async () => {
      const page = open();
      const { device, asked } = await atRequest(page, "ada");
      const wrong = shown(asked.text) === "000000" ? "000001" : "000000";
      expect(await answer(device, { decision: "approve", number: wrong })).toEqual({ result: "wrong_number" });
      await page.submit("/sign-in/waiting");
      expect(page.alert()).toContain("That was not the number that this page showed");
      const again = await page.submit("/sign-in/again");
      await answer(device, { decision: "approve", number: shown(again.text) });
      await page.submit("/sign-in/waiting");
      expect(await sessionOf(page)).toBeDefined();
    });

    test("a no is told as one, and another way is offered", async () => {
      const page = open();
      const { device } = await atRequest(page, "ada");
      expect(await answer(device, { decision: "deny" })).toEqual({ result: "denied" });
      const { text } = await page.submit("/sign-in/waiting");
      expect(page.alert()).toContain("You said no on your phone");
      expect(text).toContain("Ask on my phone again");
      expect(text).toMatch(/name="method" value="totp"/);
      expect(await sessionOf(page)).toBeUndefined();
    });

    test("a second sign-in is not asked for in the app meanwhile, nor any after three that were denied; the page says why", async () => {
      const first = open();
      const { device } = await atRequest(first, "ada");
      const second = await givePassword(open(), "ada");
      asksForCode(second.text);
      expect(second.text).toContain("The app is asking about another sign-in of yours just now.");
      for (let time = 0; time < 2; time++) {
        await answer(device, { decision: "deny" });
        await first.submit("/sign-in/waiting");
        await first.submit("/sign-in/again", { method: "push" });
      }
      await answer(device, { decision: "deny" });
      const { text: denied } = await first.submit("/sign-in/waiting");
      expect(denied).toContain("The app is not asked for a while");
      const { text } = await first.submit("/sign-in/again", { method: "push" });
      asksForCode(text);
      expect(text).toContain("The app is not asked for a while");
    });

    test("without a device or another way it says that none could be asked", async () => {
      h.w.set({ "methods.totp.enabled": false });
      const page = open();
      await atRequest(page, "ada");
      await givePassword(open(), "ada");
      const waiting = open();
      await givePassword(waiting, "ada");
      expect(waiting.alert()).toContain("The app asks you already, for another sign-in.");
      h.w.clock.at += 3 * minute;
      await h.w.deps.db.q.updateTable("device").set({ state: "blocked" }).execute();
      await givePassword(waiting, "ada");
      expect(waiting.alert()).toContain("None of your devices could be asked.");
    });
  });
});
