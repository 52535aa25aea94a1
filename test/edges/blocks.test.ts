// Blocking by command: who is refused and how that reads, what is sent, what is kept and told.
import { describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { isRemembered, findSession, openSession, rememberDevice } from "#actions/sessions.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const vpn: Application = {
  id: "rcl_vpn",
  name: "VPN",
  firstFactor: "local",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const trusting: Application = { ...vpn, firstFactor: "none" };
const source = { protocol: "radius" } as const;
const number = "+46701234567";
const reason = ["--reason", "phone stolen"];
const day = 86_400_000;

const add = async (...more: string[]) => {
  const options = ["--password-file", "-", "--email", "ada@example.org", "--mobile-phone", number, ...more];
  return String((await cli().json(["user", "add", "ada", ...options], { stdin: "correct horse battery" }))["id"]);
};
const signIn = async (application = vpn, password = "correct horse battery") =>
  await begin(cli().here.deps, {
    application,
    username: "ada",
    source,
    ...(application === vpn && { password }),
  });
const entry = async () => {
  const { records } = await cli().json(["log", "list", "--limit", "1"]);
  return (records as unknown as Record<string, unknown>[])[0]!;
};
const mails = async () => {
  const { here } = cli();
  here.sent.length = 0;
  await deliverDue(here.deps);
  return here.sent.filter((message): message is Mail => message.channel === "email");
};

describe("a person who is blocked", () => {
  test("is refused with the right password and with any other, at no cost to their methods", async () => {
    const { here, json } = cli();
    const userId = await add();
    await json(["user", "block", "ada", ...reason]);
    await deliverDue(here.deps);
    here.sent.length = 0;
    for (const password of ["correct horse battery", "wrong"])
      expect(await signIn(vpn, password)).toMatchObject({ kind: "deny", code: "person_blocked" });
    expect(await entry()).toMatchObject({
      result: "SUCCESS_USER_BLOCKED",
      gate: "blocked",
      userId,
      authenticated: false,
    });
    expect(await signIn(trusting)).toMatchObject({ kind: "deny", code: "person_blocked" });
    await deliverDue(here.deps);
    expect(here.sent).toEqual([]);
    // nothing counts against the person: that is nobody's password, looked at so that this refusal takes as long as others
    const counted = await here.deps.db.q.selectFrom("throttle").select("id").execute();
    expect(counted.map(({ id }) => id)).toEqual([expect.stringMatching(/^password nobody /)]);
    const factors = await here.deps.db.q.selectFrom("factor").select("fails").execute();
    expect(factors).toEqual([{ fails: 0 }]);
  });

  test("is signed out and remembered nowhere, and what waited for their answer does so no more", async () => {
    const { here, json } = cli();
    const userId = await add();
    const browser = { clientIp: "198.51.100.7", userAgent: "a browser" };
    const proven = { passwordAt: here.clock.at, proofs: [], rememberedAt: null };
    const { session, device } = await here.deps.db.transaction(async (run) => ({
      session: await openSession(here.deps, run, { userId, proven, browser }),
      device: await rememberDevice(here.deps, run, { userId, browser, days: 14 }),
    }));
    const asked = await signIn();
    if (asked.kind !== "challenge") throw new Error("no challenge");
    await expect.poll(() => here.texted()).not.toBe("");
    const code = here.texted();
    here.clock.at += 1000;
    await json(["user", "block", "ada", ...reason]);
    expect(await findSession(here.deps, session.token)).toBeUndefined();
    expect(await isRemembered(here.deps, { token: device, userId })).toBe(false);
    const answer = { application: vpn, username: "ada", challengeId: asked.id, response: code, source };
    expect(await respond(here.deps, answer)).toMatchObject({ kind: "deny", code: "person_blocked" });
    await json(["user", "unblock", "ada", "--reason", "found"]);
    expect(await respond(here.deps, answer)).toMatchObject({ kind: "deny", code: "cancelled" });
    expect(await findSession(here.deps, session.token)).toBeUndefined();
    expect(await signIn()).toMatchObject({ kind: "challenge" });
  });

  test("may sign in again when the block ends, by itself or by the help desk with a reason", async () => {
    const { here, json } = cli();
    await add();
    const { until } = await json(["user", "block", "ada", ...reason]);
    expect(until).toBe(here.clock.at + 90 * day);
    await json(["user", "block", "ada", ...reason, "--days", "2"]);
    here.clock.at += 3 * day;
    // the longer block stands
    expect(await signIn()).toMatchObject({ code: "person_blocked" });
    await json(["user", "unblock", "ada", "--reason", "found"]);
    expect(await signIn()).toMatchObject({ kind: "challenge" });
    await json(["user", "block", "ada", ...reason, "--days", "1"]);
    here.clock.at += day;
    expect(await signIn()).toMatchObject({ kind: "challenge" });
    expect(await json(["user", "unblock", "ada", "--reason", "found"])).toMatchObject({ error: { code: "not_found" } });
  });

  test("is told, and the log has who did it and why beside the entry", async () => {
    const { json } = cli();
    const userId = await add();
    await json(["user", "block", "ada", ...reason]);
    expect(await entry()).toMatchObject({
      kind: "change",
      actor: "cli",
      result: "PERSON_BLOCKED",
      userId,
      personal: { username: "ada", reason: "phone stolen" },
    });
    const [mail] = await mails();
    expect(mail!.text).toMatch(/^Your account was blocked\./);
    await json(["user", "unblock", "ada", "--reason", "found"]);
    expect((await mails())[0]!.text).toMatch(/^The block of your account was lifted\./);
    expect(await entry()).toMatchObject({ result: "PERSON_UNBLOCKED", personal: { reason: "found" } });
  });
});

describe("a number that is blocked", () => {
  test("gets no text, whoever asks, and is named by nobody in full", async () => {
    const { here, json, run } = cli();
    const userId = await add();
    await deliverDue(here.deps);
    here.sent.length = 0;
    const blocked = await json(["user", "block", "--number", "+46 70 123 45 67", ...reason]);
    expect(blocked).toMatchObject({ number: "+46 •• 67" });
    expect(await signIn()).toMatchObject({ kind: "deny", code: "number_blocked" });
    expect(await entry()).toMatchObject({ result: "SUCCESS_USER_BLOCKED", gate: "settle", method: "sms", userId });
    await deliverDue(here.deps);
    expect(here.sent).toEqual([]);
    const [row] = await here.deps.db.q.selectFrom("block").selectAll().execute();
    expect(JSON.stringify([row, (await run(["user", "blocks"])).stdout])).not.toContain("701234567");
    await json(["user", "unblock", "--number", number, "--reason", "it is hers"]);
    expect(await signIn()).toMatchObject({ kind: "challenge" });
    await expect.poll(() => here.sent).toMatchObject([{ channel: "sms", to: number }]);
  });

  test("takes nothing from the person's texts, and gets no notices either", async () => {
    const { here, json } = cli();
    await json(["user", "add", "ada", "--mobile-phone", number]);
    await json(["user", "block", "--number", number, ...reason]);
    expect(await signIn(trusting)).toMatchObject({ code: "number_blocked" });
    expect(await here.deps.db.q.selectFrom("throttle").selectAll().execute()).toEqual([]);
    await json(["user", "disable", "ada"]);
    expect(await here.deps.db.q.selectFrom("outbox").selectAll().execute()).toEqual([]);
  });
});

describe("the list of blocks", () => {
  test("has those that stand, and on demand those that have ended, by whom and why, a page at a time", async () => {
    const { here, json, run } = cli();
    const userId = await add();
    const { id: first } = await json(["user", "block", "ada", ...reason]);
    here.clock.at += 1000;
    await json(["user", "unblock", "ada", "--reason", "found"]);
    here.clock.at += 1000;
    const { id: second } = await json(["user", "block", "ada", "--reason", "again", "--days", "1"]);
    here.clock.at += 1000;
    const { id: third } = await json(["user", "block", "--number", number, ...reason]);
    const ids = async (...more: string[]) =>
      ((await json(["user", "blocks", ...more]))["blocks"] as unknown as { id: string }[]).map(({ id }) => id);
    expect(await ids()).toEqual([third, second]);
    expect(await ids("--number", number)).toEqual([third]);
    expect(await ids("ada", "--ended")).toEqual([second, first]);
    const page = await json(["user", "blocks", "--ended", "--limit", "2"]);
    expect(await ids("--ended", "--limit", "2", "--after", String(page["next"]))).toEqual([first]);
    here.clock.at += day;
    expect(await ids()).toEqual([third]);
    const { blocks } = await json(["user", "blocks", "ada", "--ended"]);
    expect(blocks).toMatchObject([
      { id: second, userId, username: "ada", blocked: false, endedBy: "system", reason: "again" },
      { id: first, by: "cli", blocked: false, endedBy: "cli", endedReason: "found", fraud: false },
    ]);
    expect((await run(["user", "blocks", "--ended"])).stdout).toContain("phone stolen");
  });

  test("goes with its person, is exported to them and ends with the records", async () => {
    const { here, json } = cli();
    const userId = await add();
    await json(["user", "block", "ada", ...reason]);
    expect(await json(["user", "export", "ada"])).toMatchObject({ blocks: [{ reason: "phone stolen" }] });
    await json(["user", "erase", userId, "--reason", "asked for it", "--yes"]);
    expect(await here.deps.db.q.selectFrom("block").selectAll().execute()).toEqual([]);
  });

  test("needs a person or a number, a reason and a sensible time", async () => {
    const { json, run } = cli();
    await add();
    expect((await run(["user", "block", "ada"])).exit).toBe(2);
    expect((await run(["user", "block", ...reason])).exit).toBe(2);
    expect((await run(["user", "block", "ada", "--number", number, ...reason])).exit).toBe(2);
    expect(await json(["user", "block", "ada", ...reason, "--days", "0"])).toMatchObject({
      error: { code: "invalid" },
    });
    expect(await json(["user", "block", "nobody", ...reason])).toMatchObject({ error: { code: "not_found" } });
    expect(await json(["user", "block", "--number", "12", ...reason])).toMatchObject({ error: { code: "invalid" } });
  });
});
