// Calls and two-way texts behind RADIUS: nothing is said to the client until the phone has answered.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answerByPhone, endByPhone } from "#actions/by-phone.ts";
import type { Deps } from "#actions/deps.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { kinds, sleeping } from "../../support/world.ts";
import { waitUntil } from "../../support/process.ts";
import { message, results, settled, site, state, together, type Nas, type Serving, type Site } from "./setup.ts";

const voice = "+46701234567";
let s: Site;
let server: Serving;
let vpn: Nas;
afterEach(async () => await s.close());

const serve = async () => {
  server = await s.serve();
  vpn = await s.nas();
};
const desk = { more: [{ type: type.callingStationId, value: Buffer.from("desk") }] };
const challenges = async () =>
  await s.w.deps.db.q.selectFrom("challenge").select(["id", "state", "holder"]).orderBy("created_at").execute();
/** The one call that is under way, once it is. */
const ringing = async () => await waitUntil("a call", async () => (await challenges()).at(-1));
const typed = async (answer: string) => await answerByPhone(s.w.deps, { challengeId: (await ringing()).id, answer });
const waitedFor = async () => await waitUntil("somebody to wait", async () => (await ringing()).holder ?? undefined);

describe.each(kinds)("a client that cannot ask, on %s", (kind) => {
  beforeEach(async () => void (s = await site({ kind, hasty: false })));

  test("gets its Accept when the PIN was typed on the phone; ninety seconds of repetitions make one call", async () => {
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append" });
    await serve();
    const bytes = vpn.request({ password: "" });
    for (let time = 0; time < 18; time++) {
      vpn.send(bytes, server);
      s.w.clock.at += 5000;
    }
    await waitedFor();
    await waitUntil("the repetitions", () => server.stats().received === 18);
    expect(vpn.inbox).toEqual([]);
    expect(await typed("8264")).toEqual({ kind: "right" });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
    expect(await challenges()).toMatchObject([{ state: "consumed" }]);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "SUCCESS_WITH_PIN"]);
    expect(server.stats().dropped).toEqual({ "repeated while under way": 17 });
  });

  test("may ask anew while the password is checked: it waits for the call that was begun meanwhile", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264", passwordHash });
    await s.client({ firstFactor: "local", mode: "append" });
    await serve();
    const { db } = s.w.deps;
    let isReserved = false;
    const reserve: typeof db.reserve = async (item) => {
      const reserved = await db.reserve(item);
      isReserved = true;
      await waitedFor();
      return reserved;
    };
    const slow = await s.serve({ ...s.w.deps, db: { ...db, reserve } });
    const newer = vpn.request({ password: "correct horse", ...desk });
    vpn.send(newer, slow);
    await waitUntil("what was known before the password", () => isReserved);
    vpn.send(vpn.request({ password: "correct horse", ...desk }), server);
    const first = await waitedFor();
    await waitUntil("the newer to wait", async () => (await ringing()).holder !== first);
    expect(await challenges()).toHaveLength(1);
    expect(await typed("8264")).toEqual({ kind: "right" });
    expect((await vpn.answerTo(newer)).code).toBe(code.accessAccept);
    expect(await results(s.w)).not.toContain("FAILED_PHONE_BUSY");
  });

  test("may ask anew at the same moment: one call, and nobody is told that the phone is busy", async () => {
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append" });
    vpn = await s.nas();
    server = await s.serve(together(s.w.deps, 2));
    const both = [vpn.request({ password: "", ...desk }), vpn.request({ password: "", ...desk })];
    for (const bytes of both) vpn.send(bytes, server);
    await waitUntil("both to be decided", async () => (await results(s.w)).length === 2);
    await waitedFor();
    expect(await challenges()).toHaveLength(1);
    expect(await typed("8264")).toEqual({ kind: "right" });
    const accepted = await waitUntil("the answer", () => vpn.inbox.find((one) => one.code === code.accessAccept));
    expect(both.map((bytes) => bytes[1])).toContain(accepted.bytes[1]);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "SUCCESS_CALL_PLACED", "SUCCESS_WITH_PIN"]);
  });

  test("may ask anew with another packet: it waits for the same call, and hears of it on the newest", async () => {
    await s.w.person({ username: "ada", totp: false, voice });
    await s.client({ mode: "append", approveWithoutNumber: true });
    await serve();
    const older = vpn.request({ password: "", ...desk });
    vpn.send(older, server);
    const first = await waitedFor();
    const newer = vpn.request({ password: "", ...desk });
    vpn.send(newer, server);
    await waitUntil("the newer to wait", async () => (await ringing()).holder !== first);
    expect(await challenges()).toHaveLength(1);
    await typed("");
    expect((await vpn.answerTo(newer)).code).toBe(code.accessAccept);
    await settled(vpn, server);
    expect(vpn.inbox).toHaveLength(1);
  });
});

describe("the answer by phone", () => {
  beforeEach(async () => void (s = await site({ hasty: false })));

  test("of a two-way text lets a client in that checks the password here and knows no codes", async () => {
    s.w.set({ "methods.sms-reply.enabled": true });
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    await s.w.person({ username: "ada", totp: false, reply: voice, passwordHash });
    await s.client({ mode: "append", firstFactor: "local" });
    await serve();
    expect((await vpn.ask({ password: "wrong horse" }, server)).code).toBe(code.accessReject);
    expect(await challenges()).toEqual([]);
    const bytes = vpn.request({ password: "correct horse" });
    vpn.send(bytes, server);
    await waitedFor();
    await waitUntil("a text", () => s.w.sent.length === 1);
    await typed(s.w.texted());
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
  });

  test("is asked for with the number in the Reply-Message where the client can show it", async () => {
    await s.w.person({ username: "ada", totp: false, voice });
    await s.client();
    await serve();
    const asked = await vpn.ask({ password: "" }, server);
    expect(asked.code).toBe(code.accessChallenge);
    const [, number] = /type (\d{6}) on the phone/.exec(message(asked))!;
    const bytes = vpn.request({ password: "", state: state(asked) });
    vpn.send(bytes, server);
    await waitedFor();
    expect(await typed(number!)).toEqual({ kind: "right" });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
  });

  test("may come before the person goes on", async () => {
    await s.w.person({ username: "ada", totp: false, voice });
    await s.client();
    await serve();
    const asked = await vpn.ask({ password: "" }, server);
    await typed(/\d{6}/.exec(message(asked))![0]);
    expect((await vpn.ask({ password: "ok", state: state(asked) }, server)).code).toBe(code.accessAccept);
    expect((await vpn.ask({ password: "ok", state: state(asked) }, server)).code).toBe(code.accessReject);
  });

  test("of a call that was refused is a Reject, at once", async () => {
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append" });
    await serve();
    const bytes = vpn.request({ password: "" });
    vpn.send(bytes, server);
    await waitedFor();
    await endByPhone(s.w.deps, { challengeId: (await ringing()).id, result: "FAILED_FRAUD_CODE_ENTERED" });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "FAILED_FRAUD_CODE_ENTERED"]);
  });

  test("is waited for by the server that comes after one that stops", async () => {
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append" });
    await serve();
    vpn.send(vpn.request({ password: "", ...desk }), server);
    await waitedFor();
    await server.stop();
    expect(vpn.inbox).toEqual([]);
    await serve();
    const bytes = vpn.request({ password: "", ...desk });
    vpn.send(bytes, server);
    await waitUntil("the newer to wait", () => server.stats().pending === 1);
    await typed("8264");
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
    expect(await challenges()).toHaveLength(1);
  });
});

describe("no call is made", () => {
  beforeEach(async () => void (s = await site()));

  test("for two at once who may be two people: the second is refused, and the first is who is let in", async () => {
    await s.close();
    s = await site({ hasty: false });
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append" });
    await serve();
    const bytes = vpn.request({ password: "" });
    vpn.send(bytes, server);
    await waitedFor();
    expect((await vpn.ask({ password: "" }, server)).code).toBe(code.accessReject);
    expect(await typed("8264")).toEqual({ kind: "right" });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
    expect(await results(s.w)).toContain("FAILED_PHONE_BUSY");
  });

  test("for a client that can show no number, where there is no PIN and nobody allowed `#` alone", async () => {
    await s.w.person({ username: "ada", totp: false, voice });
    await s.client({ mode: "append" });
    await serve();
    expect((await vpn.ask({ password: "" }, server)).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["FAILED_NO_METHOD"]);
    expect(await challenges()).toEqual([]);
  });

  test("for longer than the client waits: then it is a Reject, and an answer comes too late", async () => {
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append", waitSeconds: 5 });
    await serve();
    expect((await vpn.ask({ password: "", ...desk }, server)).code).toBe(code.accessReject);
    expect(await typed("8264")).toEqual({ kind: "over" });
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "FAILED_AUTH_RESULT_TIMEOUT"]);
  });
});

describe("with the end of a client's patience", () => {
  beforeEach(async () => {
    s = await site({ kind: "postgres", hasty: false });
    await s.w.person({ username: "ada", totp: false, voice, pin: "8264" });
    await s.client({ mode: "append", waitSeconds: 120 });
    vpn = await s.nas();
  });
  /** One whose clients have no patience; this happens between its last look and the end of the call. */
  const impatient = async (happens: () => Promise<unknown>) => {
    const { db, clock } = s.w.deps;
    let calls = 0;
    const atOnce: Deps["db"]["atOnce"] = async (item) => {
      calls += 1;
      if (calls === 2) await happens();
      return await db.atOnce(item);
    };
    return await s.serve({
      ...s.w.deps,
      clock: { ...clock, ...sleeping(async () => undefined) },
      db: { ...db, atOnce },
    });
  };

  test("an approval lets in", async () => {
    server = await impatient(async () => expect(await typed("8264")).toEqual({ kind: "right" }));
    expect((await vpn.ask({ password: "", ...desk }, server)).code).toBe(code.accessAccept);
    expect(await challenges()).toMatchObject([{ state: "consumed" }]);
  });

  test("the later of two requests goes on waiting for the call", async () => {
    const other = await s.serve(await s.w.node("node_b"));
    const [older, newer] = [vpn.request({ password: "", ...desk }), vpn.request({ password: "", ...desk })];
    server = await impatient(async () => {
      const first = await waitedFor();
      vpn.send(newer, other);
      await waitUntil("the later to wait", async () => (await waitedFor()) !== first);
    });
    vpn.send(older, server);
    await waitUntil("the later to wait", () => other.stats().pending === 1);
    await settled(vpn, server);
    expect(vpn.inbox).toEqual([]);
    expect(await typed("8264")).toEqual({ kind: "right" });
    expect((await vpn.answerTo(newer)).code).toBe(code.accessAccept);
    expect(vpn.inbox).toHaveLength(1);
  });
});
