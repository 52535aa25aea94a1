// What ends when a person is reset, disabled or signed out by the help desk: sessions, remembered browsers, what is half done.
import { describe, expect, test } from "vitest";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { addApp, listMethods, removeMethod } from "#actions/factors.ts";
import { admit, issueTicket, openGate, redeemTicket } from "#actions/forward-auth.ts";
import { blockPerson } from "#actions/blocks.ts";
import { addSite } from "#actions/sites.ts";
import { requireRegistration, resetPassword, revokeSessions } from "#actions/help-desk.ts";
import { addPerson, setPassword, setState } from "#actions/people.ts";
import { movePasskeyDomain } from "#actions/passkey-domain.ts";
import { begin } from "#actions/verify.ts";
import type { Run } from "#store/open.ts";
import { insertPasskey } from "#store/passkeys.ts";
import { saveRegistered } from "#store/registrations.ts";
import {
  findSession,
  isRemembered,
  listSessions,
  openSession,
  rememberDevice,
  renewSession,
  tokenHash,
} from "#actions/sessions.ts";
import { findFlow, newFlow } from "#actions/sign-in-flow.ts";
import { complete, startSignIn } from "#actions/sign-in.ts";
import { browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const somewhere = { clientIp: "198.51.100.7", userAgent: "a browser" };
const ada = { username: "ada" };
const minute = 60_000;

describe.each(kinds)("on %s,", (kind) => {
  const h = httpWorld(kind);

  async function signedIn() {
    const { deps } = h.w;
    const { id: userId } = await addPerson(deps, "cli", { ...ada, password });
    await addApp(deps, "cli", ada);
    await addApp(deps, "cli", { ...ada, name: "tablet" });
    const proven = { passwordAt: h.w.clock.at, proofs: [], rememberedAt: null };
    const { token, device } = await deps.db.transaction(async (run) => ({
      token: (await openSession(deps, run, { userId, proven, browser: somewhere })).token,
      device: await rememberDevice(deps, run, { userId, browser: somewhere, days: 14 }),
    }));
    return async () => ({
      session: (await findSession(deps, token)) !== undefined,
      remembered: await isRemembered(deps, { token: device, userId }),
    });
  }

  test.each([
    ["a new password", async () => await setPassword(h.w.deps, "cli", { ...ada, password: "one of her own" })],
    ["a password for once", async () => await resetPassword(h.w.deps, "cli", ada)],
    ["a method taken away", async () => await removeMethod(h.w.deps, "cli", { ...ada, method: "tablet" })],
    ["a block", async () => await blockPerson(h.w.deps, "cli", { ...ada, reason: "phone stolen" })],
    ["registering anew", async () => await requireRegistration(h.w.deps, "cli", ada)],
  ])("%s ends sessions and remembered browsers", async (_what, act) => {
    const left = await signedIn();
    expect(await left()).toEqual({ session: true, remembered: true });
    await act();
    expect(await left()).toEqual({ session: false, remembered: false });
  });

  test("fewer days for remembered browsers count for those that are remembered already", async () => {
    const left = await signedIn();
    h.w.clock.at += 3 * 86_400_000;
    h.w.set({ "remember.days": 4 });
    expect(await left()).toMatchObject({ remembered: true });
    h.w.set({ "remember.days": 3 });
    expect(await left()).toMatchObject({ remembered: false });
    h.w.set({ "remember.days": 0 });
    expect(await left()).toMatchObject({ remembered: false });
  });

  test("a method that is added ends remembered browsers, and leaves sessions", async () => {
    const left = await signedIn();
    await addApp(h.w.deps, "cli", { ...ada, name: "new phone" });
    expect(await left()).toEqual({ session: true, remembered: false });
  });

  test("who is disabled and enabled again is not signed in by it", async () => {
    const left = await signedIn();
    await setState(h.w.deps, "cli", { ...ada, state: "disabled" });
    await setState(h.w.deps, "cli", { ...ada, state: "enabled" });
    expect(await left()).toEqual({ session: false, remembered: false });
  });

  test.each([
    ["signed out", async () => await revokeSessions(h.w.deps, "cli", ada)],
    ["given a password for once", async () => await resetPassword(h.w.deps, "cli", ada)],
    ["made to register anew", async () => await requireRegistration(h.w.deps, "cli", { ...ada, windowHours: 1 })],
    [
      "disabled for a while",
      async () => {
        await setState(h.w.deps, "cli", { ...ada, state: "disabled" });
        await setState(h.w.deps, "cli", { ...ada, state: "enabled" });
      },
    ],
  ])("who is %s in the midst of a sign-in begins again", async (_what, act) => {
    await addPerson(h.w.deps, "cli", { ...ada, password });
    const page = browser(h.server.people!.port);
    await page.open("/sign-in");
    await page.submit("/sign-in/password", { ...ada, password });
    expect(page.title()).toBe("Set up your second step");
    h.w.clock.at += minute;
    await act();
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    expect(/CS-\d+/.exec(text)?.[0]).toBe("CS-1001");
  });

  test("a sign-in that was read before its person was signed out begins no session after it", async () => {
    const { deps } = h.w;
    const { id, username } = await addPerson(deps, "cli", { ...ada, password });
    const at = h.w.clock.at;
    const application = { id: "app_x", name: "Pay" };
    const known = { person: { id, username, language: null }, passwordAt: at, proofs: [], rememberedAt: null };
    const wanted = { application, need: { strength: "password", notBefore: 0 } as const, returnTo: "/account" };
    const key = { browser: "a browser's token", id: await newFlow(deps, "a browser's token", { ...wanted, ...known }) };
    const flow = (await findFlow(deps, key))!;
    h.w.clock.at += minute;
    await revokeSessions(deps, "cli", ada);
    await expect(complete(deps, flow, { ...somewhere, device: undefined })).rejects.toThrow("answered already");
    expect(await listSessions(deps, id)).toEqual([]);
    expect(await findFlow(deps, key)).toBeUndefined();
  });

  test("of two who know the password alone the first to register a method has the account", async () => {
    await addPerson(h.w.deps, "cli", { ...ada, password });
    const [owner, thief] = [browser(h.server.people!.port), browser(h.server.people!.port)];
    const choose = async (page: typeof owner, kind: string) => {
      await page.open("/sign-in");
      await page.submit("/sign-in/password", { ...ada, password });
      return (await page.submit("/sign-in/register", { kind })).text;
    };
    const text = await choose(owner, "totp");
    const seed = readBase32(/class="key"><code>([^<]+)</.exec(text)![1]!.replaceAll(" ", ""));
    const step = Math.floor(h.w.clock.at / 30_000);
    const owners = { code: seed.ok ? hotp(seed.bytes, step, { digits: 6, algorithm: "sha1" }) : "" };
    await choose(thief, "sms");
    await thief.submit("/sign-in/register/number", { number: "+46701234567" });
    await expect.poll(() => h.w.sent.length).toBe(1);
    await owner.submit("/sign-in/register/confirm", owners);
    await thief.submit("/sign-in/register/confirm", { code: h.w.texted() });
    expect([owner.title(), thief.title()]).toEqual(["That works", "Verify that it is you"]);
    expect(await listMethods(h.w.deps, "ada")).toHaveLength(1);
  });

  test("who had registered is no beginner when the domain of their passkey changes", async () => {
    const { deps } = h.w;
    const { id: userId } = await addPerson(deps, "cli", { ...ada, password });
    const passkey = {
      id: "fac_p",
      userId,
      name: "key",
      parameters: "{}",
      signCount: 0,
      credentialId: "c",
      rpId: "old",
    };
    await deps.db.transaction(async (run) => {
      await insertPasskey(run, { ...passkey, at: h.w.clock.at });
      await saveRegistered(run, { userId, at: h.w.clock.at });
    });
    await movePasskeyDomain(deps, "cli", { domain: "new" });
    const page = browser(h.server.people!.port);
    await page.open("/sign-in");
    expect((await page.submit("/sign-in/password", { ...ada, password })).text).toContain("CS-1013");
    const vpn = { id: "rcl_vpn", name: "VPN", firstFactor: "local", canChallenge: true } as const;
    const application = { ...vpn, allowWithoutMethodUntil: h.w.clock.at + minute };
    const outcome = await begin(deps, { application, username: "ada", password, source: { protocol: "radius" } });
    expect(outcome).toMatchObject({ kind: "deny", code: "no_method" });
  });

  test("a password that the help desk has set is not replaced by whoever knows it alone", async () => {
    const { deps } = h.w;
    await addPerson(deps, "cli", { ...ada, password });
    await addApp(deps, "cli", ada);
    await resetPassword(deps, "cli", { ...ada, password: "given on the phone" });
    const page = browser(h.server.people!.port);
    const wanted = {
      application: { id: "app_x", name: "Lunch" },
      need: { strength: "password", notBefore: 0 } as const,
    };
    page.cookies.set("countersign-browser", "this-browser");
    const { path } = await startSignIn(deps, { ...wanted, browser: "this-browser", returnTo: "/account" });
    await page.open(path);
    await page.submit("/sign-in/password", { ...ada, password: "given on the phone" });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("a further step does not raise what a thief made of the stolen cookie at a protected site", async () => {
    const { deps } = h.w;
    const { id: userId } = await addPerson(deps, "cli", { ...ada, password });
    const access = { strength: "mfa", groups: [] } as const;
    const site = await addSite(deps, "cli", {
      host: "app.example.org",
      rules: [{ path: "/", access: { ...access, groups: [] } }],
    });
    const proven = { passwordAt: h.w.clock.at, proofs: [], rememberedAt: null };
    const run = async <T>(work: (go: Run) => Promise<T>) => await deps.db.transaction(work);
    const { id, token } = await run((go) => openSession(deps, go, { userId, proven, browser: somewhere }));
    const session = (await findSession(deps, token))!;
    const ticket = await issueTicket(deps, { site, session, stateHash: tokenHash("thief's"), returnTo: "/" });
    const stolen = (await redeemTicket(deps, { site, ticket, state: "thief's" }))!.token;
    const proofs = [{ method: "totp", at: h.w.clock.at, userVerified: false }];
    expect(await run((go) => renewSession(deps, go, { id, userId, proven: { ...proven, proofs } }))).toBeDefined();
    const gate = openGate(deps, "https://mfa.example.org");
    const request = { method: "GET", scheme: "https", host: site.host, path: "/", target: "/" } as const;
    expect(await admit(deps, gate, { request, token: stolen })).toMatchObject({ verdict: "sign-in" });
  });

  test("signing out everywhere leaves remembered browsers, which have a command of their own", async () => {
    const left = await signedIn();
    await revokeSessions(h.w.deps, "cli", ada);
    expect(await left()).toEqual({ session: false, remembered: true });
  });
});
