// People who answer by phone, behind real RADIUS clients that know nothing of it.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerByPhone, endByPhone } from "#actions/by-phone.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { loopback, results, site, type Site } from "../edges/radius/setup.ts";
import { addDevices } from "../support/device.ts";
import { waitUntil } from "../support/process.ts";
import { installed } from "./support/installed.ts";
import { startOcserv } from "./support/ocserv.ts";
import { radclient } from "./support/radclient.ts";

const secret = "a-secret-of-thirty-two-characters";
const number = "+46701740606";
let s: Site;
beforeEach(async () => void (s = await site({ hasty: false })));
afterEach(async () => await s.close());

const person = async (more: { voice?: string; reply?: string; pin?: string }) =>
  await s.w.person({
    username: "ada",
    passwordHash: await newPasswordHash(s.w.deps, "correct horse"),
    totp: false,
    ...more,
  });
const serve = async (options: Parameters<Site["client"]>[0]) => {
  await s.client({ firstFactor: "local", mode: "append", ...options }, { secret, addresses: [loopback] });
  return { ...(await s.serve()), secret };
};
/** The challenge that somebody waits for. */
const waitedFor = async () =>
  await waitUntil("somebody to wait", async () => {
    const [open] = await s.w.deps.db.q.selectFrom("challenge").select(["id", "holder"]).execute();
    return open?.holder === null ? undefined : open?.id;
  });
const challenges = async () => await s.w.deps.db.q.selectFrom("challenge").select("state").execute();
const as = (password: string): [string, string][] => [
  ["User-Name", "ada"],
  ["User-Password", password],
];

describe.runIf(installed("radclient"))("radclient, which asks again every second,", () => {
  test("gets its Accept once the PIN was typed on the phone; the phone rang once", async () => {
    await person({ voice: number, pin: "8264" });
    const server = await serve({});
    const answer = radclient(server, as("correct horse"), { timeoutSeconds: 1, tries: 20 });
    const challengeId = await waitedFor();
    await waitUntil("three repetitions", () => server.stats().received > 3);
    expect(await answerByPhone(s.w.deps, { challengeId, answer: "8264" })).toEqual({ kind: "right" });
    expect((await answer)?.code).toBe("Access-Accept");
    expect(await challenges()).toEqual([{ state: "consumed" }]);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "SUCCESS_WITH_PIN"]);
  });

  test("gets its Accept once the app has approved; the app was asked once", async () => {
    const { id } = await person({});
    const [device] = await addDevices(s.w.deps, id);
    const server = await serve({ approveWithoutNumber: true });
    const answer = radclient(server, as("correct horse"), { timeoutSeconds: 1, tries: 20 });
    const challengeId = await waitedFor();
    await waitUntil("three repetitions", () => server.stats().received > 3);
    expect(await device!.waiting()).toMatchObject([{ id: challengeId, mode: "standard" }]);
    const asked = s.w.deps.db.q.selectFrom("outbox").select("challenge_id").where("channel", "=", "push");
    expect(await asked.execute()).toEqual([{ challenge_id: challengeId }]);
    expect(await device!.say(challengeId, { decision: "approve" })).toEqual({ result: "approved" });
    expect((await answer)?.code).toBe("Access-Accept");
    expect(await challenges()).toEqual([{ state: "consumed" }]);
    expect(await results(s.w)).toEqual(["SUCCESS_PHONE_APP_PENDING", "SUCCESS_PHONE_APP_AUTHENTICATED"]);
  });

  test("is asked for nothing in the app where it shows no number and nobody has allowed that", async () => {
    const { id } = await person({});
    const [device] = await addDevices(s.w.deps, id);
    const server = await serve({});
    expect((await radclient(server, as("correct horse")))?.code).toBe("Access-Reject");
    expect(await device!.waiting()).toEqual([]);
  });

  test("gets its Accept once the text was replied to", async () => {
    s.w.set({ "methods.sms-reply.enabled": true });
    await person({ reply: number });
    const server = await serve({});
    const answer = radclient(server, as("correct horse"), { timeoutSeconds: 1, tries: 20 });
    const challengeId = await waitedFor();
    await waitUntil("the text", () => s.w.sent.length === 1);
    await answerByPhone(s.w.deps, { challengeId, answer: s.w.texted() });
    expect((await answer)?.code).toBe("Access-Accept");
  });
});

describe.runIf(installed("radclient"))("radclient, where the phone is not answered,", () => {
  test("is asked for a code of the token, and lets in with it", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    const ada = await s.w.person({ username: "ada", passwordHash, voice: number });
    await s.w.deps.db.q.updateTable("person").set({ default_method: "voice" }).execute();
    const server = await serve({
      mode: "challenge",
      fallbackToken: true,
      approveWithoutNumber: true,
    });
    const answer = radclient(server, as("correct horse"), { timeoutSeconds: 1, tries: 20 });
    await endByPhone(s.w.deps, { challengeId: await waitedFor(), result: "CONFIG_ISSUE" });
    const asked = (await answer)!;
    expect(asked.code).toBe("Access-Challenge");
    const { value: state } = asked.attributes.find(({ name }) => name === "State")!;
    const last = await radclient(server, [...as(s.w.code(ada)), ["State", state]]);
    expect(last?.code).toBe("Access-Accept");
    expect((await results(s.w)).at(-1)).toBe("SUCCESS_FALLBACK_OATH_CODE_VERIFIED");
  });
});

describe.runIf(installed("ocserv", "openconnect") && process.getuid?.() === 0)("a VPN behind ocserv", () => {
  test("lets in who answers the call, and nobody who does not or has the wrong password", async () => {
    await person({ voice: number });
    const server = await serve({ approveWithoutNumber: true, requireMessageAuthenticator: "no", waitSeconds: 5 });
    const gateway = await startOcserv(server);
    try {
      const signedIn = gateway.signIn({ user: "ada", password: "correct horse" });
      await answerByPhone(s.w.deps, { challengeId: await waitedFor(), answer: "" });
      expect(await signedIn).toMatchObject({ accepted: true });
      expect(await gateway.signIn({ user: "ada", password: "wrong horse" })).toMatchObject({ accepted: false });
      expect(await gateway.signIn({ user: "ada", password: "correct horse" })).toMatchObject({ accepted: false });
      expect(await results(s.w)).toContain("FAILED_AUTH_RESULT_TIMEOUT");
    } finally {
      await gateway.stop();
    }
  });

  test("lets in who approves in the app, once, and nobody who says no there", async () => {
    const { id } = await person({});
    const [device] = await addDevices(s.w.deps, id);
    const server = await serve({ approveWithoutNumber: true, requireMessageAuthenticator: "no" });
    const gateway = await startOcserv(server);
    const signIn = async (decision: "approve" | "deny") => {
      const signedIn = gateway.signIn({ user: "ada", password: "correct horse" });
      const [request] = await waitUntil("a request", async () => {
        const waiting = await device!.waiting();
        return waiting.length === 1 ? waiting : undefined;
      });
      await device!.say(request!.id, { decision });
      return await signedIn;
    };
    try {
      expect(await signIn("approve")).toMatchObject({ accepted: true });
      expect(await signIn("deny")).toMatchObject({ accepted: false });
      expect(await challenges()).toEqual([{ state: "consumed" }, { state: "denied" }]);
    } finally {
      await gateway.stop();
    }
  });
});
