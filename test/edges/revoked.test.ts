// What ends when a person is reset, disabled or signed out by the help desk: sessions, remembered browsers, what is half done.
import { describe, expect, test } from "vitest";
import { addApp, removeMethod } from "#actions/factors.ts";
import { requireRegistration, resetPassword, revokeSessions } from "#actions/help-desk.ts";
import { addPerson, setPassword, setState } from "#actions/people.ts";
import { findSession, isRemembered, openSession, rememberDevice } from "#actions/sessions.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const somewhere = { clientIp: "198.51.100.7", userAgent: "a browser" };
const ada = { username: "ada" };

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
    ["registering anew", async () => await requireRegistration(h.w.deps, "cli", ada)],
  ])("%s ends sessions and remembered browsers", async (_what, act) => {
    const left = await signedIn();
    expect(await left()).toEqual({ session: true, remembered: true });
    await act();
    expect(await left()).toEqual({ session: false, remembered: false });
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

  test("signing out everywhere leaves remembered browsers, which have a command of their own", async () => {
    const left = await signedIn();
    await revokeSessions(h.w.deps, "cli", ada);
    expect(await left()).toEqual({ session: false, remembered: true });
  });
});
