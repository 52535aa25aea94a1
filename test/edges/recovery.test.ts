// Coming in without any of one's ways to verify, on both databases.
import { describe, expect, test } from "vitest";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { tapSecret } from "#core/methods/tap.ts";
import { addPerson } from "#actions/people.ts";
import { findSession } from "#actions/sessions.ts";
import { insertFactors } from "#store/factors.ts";
import { makeAuthenticator } from "../support/authenticator.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const keyOn = (text: string) =>
  /class="key"><code>([^<]+)</.exec(text.replaceAll(/>\s+</g, "><"))![1]!.replaceAll(" ", "");

describe.each(kinds)("with a password and, on %s,", (kind) => {
  const h = httpWorld(kind);
  const open = () => browser(h.server.people!.port);
  const codeOf = (secretBase32: string) => {
    const read = readBase32(secretBase32);
    if (!read.ok) throw new Error(read.reason);
    return hotp(read.bytes, Math.floor(h.w.clock.at / 30_000), { digits: 6, algorithm: "sha1" });
  };
  const giveName = async (page: Browser) => {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username: "cleo", password });
  };
  const sessionOf = async (page: Browser) => await findSession(h.w.deps, page.cookies.get("countersign"));

  test("an app that is set up proves itself within ten minutes, or its key is given up", async () => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const page = open();
    await giveName(page);
    const late = await page.submit("/sign-in/register", { kind: "totp" });
    h.w.clock.at += 10 * 60_000;
    await page.submit("/sign-in/register/confirm", { code: codeOf(keyOn(late.text)) });
    expect([page.title(), page.alert()]).toEqual(["Set up your second step", expect.stringContaining("has ended")]);
    const states = await h.w.deps.db.q.selectFrom("sign_in").select("state").execute();
    expect(states.filter(({ state }) => state.includes("sealed"))).toEqual([]);
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    expect(keyOn(text)).not.toBe(keyOn(late.text));
    h.w.clock.at += 4 * 60_000;
    await page.submit("/sign-in/register/confirm", { code: codeOf(keyOn(text)) });
    await page.submit("/sign-in/register/finish");
    expect(await sessionOf(page)).toBeDefined();
  });

  test("a key that is given up is not shown again", async () => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const page = open();
    await giveName(page);
    const { text, query } = await page.submit("/sign-in/register", { kind: "totp" });
    const reload = async () => (await page.open(`/sign-in?flow=${query.get("flow")}`)).text;
    h.w.clock.at += 10 * 60_000 - 1;
    expect(keyOn(await reload())).toBe(keyOn(text));
    h.w.clock.at += 1;
    expect(await reload()).not.toContain('class="key"');
    expect([page.title(), page.alert()]).toEqual(["Set up an app", expect.stringContaining("This key is too old")]);
    expect(keyOn((await page.submit("/sign-in/register")).text)).not.toBe(keyOn(text));
  });

  test("of two apps that are set up at once the newer alone can be proven, and the other's key is gone", async () => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const [older, newer, other] = [open(), open(), open()];
    for (const page of [older, newer, other]) await giveName(page);
    const first = await older.submit("/sign-in/register", { kind: "totp" });
    const second = await newer.submit("/sign-in/register", { kind: "totp" });
    const rows = await h.w.deps.db.q.selectFrom("sign_in").select(["state", "app_of"]).execute();
    // who set up nothing goes on
    const held = rows.map(({ state, app_of }) => `${state.includes("sealed")} ${app_of !== null}`);
    expect(held.toSorted()).toEqual(["false false", "true true"]);
    await older.submit("/sign-in/register/confirm", { code: codeOf(keyOn(first.text)) });
    expect(await h.w.deps.db.q.selectFrom("factor").selectAll().execute()).toEqual([]);
    await newer.submit("/sign-in/register/confirm", { code: codeOf(keyOn(second.text)) });
    await newer.submit("/sign-in/register/finish");
    expect(await sessionOf(newer)).toBeDefined();
  });

  test("a recovery code leads somebody whose app is lost to a new method, each code once, and is claimed as nothing", async () => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const first = open();
    await giveName(first);
    const setUp = await first.submit("/sign-in/register", { kind: "totp" });
    await first.submit("/sign-in/register/confirm", { code: codeOf(keyOn(setUp.text)) });
    const { text } = await first.submit("/sign-in/register", { kind: "recovery" });
    const sheet = [...text.matchAll(/<code>([A-Z2-7-]+)<\/code>/g)].map(([, code]) => code!);
    expect(sheet).toHaveLength(10);
    const enter = async (code: string) => {
      const page = open();
      const asked = await giveName(page);
      const others = await page.open(`/sign-in?flow=${asked.query.get("flow")}&other=1`);
      const digit = [...others.text.matchAll(/name="digit" value="(\d)"/g)].at(-1)![1]!;
      await page.submit("/sign-in/other", { digit });
      await page.submit("/sign-in/code", { code });
      return page;
    };
    const page = await enter(sheet[3]!);
    expect(page.title()).toBe("Set up your second step");
    expect(await sessionOf(page)).toBeUndefined();
    h.w.clock.at += 60_000;
    const anew = await page.submit("/sign-in/register", { kind: "totp" });
    await page.submit("/sign-in/register/confirm", { code: codeOf(keyOn(anew.text)) });
    await page.submit("/sign-in/register/finish");
    expect((await sessionOf(page))!.proofs.map(({ method }) => method)).toEqual(["recovery", "totp"]);
    for (const used of [sheet[3]!, sheet[0]!]) expect((await enter(used)).title()).toBe("Verify that it is you");
    expect((await enter(sheet[4]!)).title()).toBe("Set up your second step");
  });

  test("a Temporary Access Pass registers a method once, and is no second factor", async () => {
    h.w.set({ "registration.password-days": 0 });
    const { id } = await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const pass = "ABCDEFGHIJKLM";
    await givePass(id, pass);
    const page = open();
    await giveName(page);
    expect(page.title()).toBe("Verify that it is you");
    await page.submit("/sign-in/code", { code: "abcde-fghij-klm" });
    expect(page.title()).toBe("Set up your second step");
    expect(await sessionOf(page)).toBeUndefined();
    const second = open();
    expect((await giveName(second)).status).toBe(403);
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    await page.submit("/sign-in/register/confirm", {
      code: codeOf(keyOn(text)),
    });
    await page.submit("/sign-in/register/finish");
    expect((await sessionOf(page))!.proofs.map(({ method }) => method)).toEqual(["tap", "totp"]);
  });

  test("a Temporary Access Pass leads to a passkey, which is then tried and counts", async () => {
    const { id } = await addPerson(h.w.deps, "cli", { username: "cleo", password });
    await givePass(id, "ABCDEFGHIJKLM");
    const page = open();
    await giveName(page);
    await page.submit("/sign-in/code", { code: "ABCDEFGHIJKLM" });
    const device = makeAuthenticator();
    const place = { rpId: "mfa.example.org", origin: "https://mfa.example.org" };
    const challengeOn = (text: string) => /challenge&quot;:&quot;([\w-]+)/.exec(text)![1]!;
    const make = await page.submit("/sign-in/register", { kind: "passkey" });
    const made = device.create({ ...place, challenge: challengeOn(make.text) });
    await page.submit("/sign-in/register/passkey", { passkey: made });
    const trial = await page.submit("/sign-in/register/finish");
    expect(trial.text).toContain("Try your new passkey once");
    const used = device.get({ ...place, challenge: challengeOn(trial.text) });
    expect((await page.submit("/sign-in/passkey", { passkey: used })).via).toEqual(["/account"]);
    expect((await sessionOf(page))!.proofs.map(({ method }) => method)).toEqual(["tap", "passkey"]);
  });

  const givePass = async (userId: string, pass: string) => {
    const { deps } = h.w;
    const id = deps.random.id("fac_");
    const place = { table: "factor", column: "sealed_secret", row: id };
    const sealed_secret = deps.keys.seal("factor", tapSecret(pass), place);
    const row = { id, user_id: userId, method: "tap", name: null, sealed_secret, parameters: "", address: null };
    await deps.db.transaction((run) =>
      insertFactors(run, [{ ...row, import_id: null, created_at: h.w.clock.at } as never]),
    );
  };
});
