// Answers that come by phone while somebody waits: approved there, collected here, once.
import { afterEach, describe, expect, test } from "vitest";
import { answerByPhone, endByPhone } from "#actions/by-phone.ts";
import { collect } from "#actions/collect.ts";
import { takeVerification } from "#actions/verifications.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { cancelChallenge, findChallenge } from "#store/challenges.ts";
import { Unanswered } from "#store/open.ts";
import { kinds, world, type World } from "../support/world.ts";

const page: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const vpn: Application = { ...page, id: "app_vpn", canChallenge: false };
const source = { protocol: "rest" } as const;
const number = "+46701234567";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const records = async () =>
    (
      await w.deps.db.q.selectFrom("log").select(["kind", "result", "authenticated", "mode"]).orderBy("seq").execute()
    ).map((row) => [row.kind, row.result, row.authenticated, row.mode]);
  async function called(application: Application, person: Parameters<World["person"]>[0]) {
    await w.person({ totp: false, ...person });
    const asked = await begin(w.deps, { application, username: person.username, source });
    if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
    return {
      id: asked.id,
      prompt: asked.prompt,
      collecting: { application, challengeId: asked.id, source, waitMs: 0 },
    };
  }

  test("the number that the page shows, typed on the phone, lets whoever waits in, once", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    expect(prompt).toMatchObject({ kind: "wait", method: "voice", number: expect.stringMatching(/^\d{6}$/) });
    const queued = await w.deps.db.q.selectFrom("outbox").select(["channel", "challenge_id"]).execute();
    expect(queued).toEqual([{ channel: "voice", challenge_id: id }]);
    expect(await collect(w.deps, collecting)).toEqual({ kind: "waiting" });
    const waiting = collect(w.deps, { ...collecting, waitMs: 60_000 });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "1" })).toEqual({
      kind: "wrong",
      retry: true,
      code: "wrong_code",
    });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "right" });
    expect(await waiting).toMatchObject({ kind: "allow", methods: ["voice"] });
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "deny", code: "code_duplicate" });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "over" });
    expect(await records()).toEqual([
      ["authentication", "SUCCESS_CALL_PLACED", 0, "number"],
      ["authentication", "FAILED_CALL_NUMBER_INCORRECT", 0, "number"],
      ["approval", "SUCCESS_CALL_NUMBER_VERIFIED", 0, "number"],
      ["authentication", "SUCCESS_CALL_NUMBER_VERIFIED", 1, "number"],
      ["authentication", "FAILED_CHALLENGE_USED", 0, "number"],
    ]);
  });

  test("what is typed where the call was asked for is no answer, and costs nothing", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    for (const response of [prompt.number!, "000000", ""])
      expect(await respond(w.deps, { ...collecting, response })).toMatchObject({ kind: "challenge", id, prompt });
    expect(await records()).toHaveLength(1);
    const [row] = await w.deps.db.q.selectFrom("factor").select(["fails", "day_cost"]).execute();
    expect(row).toEqual({ fails: 0, day_cost: 0 });
  });

  test("a phone answers no challenge whose code is typed on a page", async () => {
    w = await world({ kind });
    const { id } = await called(page, { username: "bob", phone: number });
    await expect.poll(() => w.sent.length).toBe(1);
    expect(await answerByPhone(w.deps, { challengeId: id, answer: w.texted() })).toMatchObject({ kind: "wrong" });
    expect(await respond(w.deps, { application: page, challengeId: id, response: w.texted(), source })).toMatchObject({
      kind: "allow",
    });
  });

  test("a hundred who collect one approval at once: one gets it", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! });
    const got = await Promise.all(Array.from({ length: 100 }, () => collect(w.deps, collecting)));
    expect(got.filter(({ kind: of }) => of === "allow")).toHaveLength(1);
    expect(got.filter(({ kind: of }) => of === "deny")).toHaveLength(99);
  });

  test("an application that reads how it stands is told of the approval once, and that is the record", async () => {
    w = await world({ kind });
    const { id, prompt } = await called(page, { username: "ada", voice: number });
    const asked = { id, username: "ada", waitMs: 0, signal: AbortSignal.timeout(60_000) };
    const read = async () => (await takeVerification(w.deps, page, asked))?.state;
    expect(await read()).toBe("pending");
    await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! });
    const all = await Promise.all(Array.from({ length: 20 }, read));
    expect(all.filter((state) => state === "approved")).toHaveLength(1);
    expect(await read()).toBe("denied");
    expect((await records()).filter(([, , authenticated]) => authenticated === 1)).toEqual([
      ["authentication", "SUCCESS_CALL_NUMBER_VERIFIED", 1, "number"],
    ]);
  });

  test("a denial is final: an approval that comes after it or with it counts for nothing", async () => {
    w = await world({ kind, settings: { "phone.number-per-ten-minutes": 100 } });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    expect(await endByPhone(w.deps, { challengeId: id, result: "FAILED_FRAUD_CODE_ENTERED" })).toBe(true);
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "over" });
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "deny", code: "declined" });
    expect(await endByPhone(w.deps, { challengeId: id, result: "CONFIG_ISSUE" })).toBe(false);
    expect((await records()).slice(1)).toEqual([["authentication", "FAILED_FRAUD_CODE_ENTERED", 0, "number"]]);
    for (let round = 0; round < 10; round++) {
      const {
        id: raced,
        prompt: shown,
        collecting: mine,
      } = await called(page, { username: `eve${round}`, voice: number });
      const [answered] = await Promise.all([
        answerByPhone(w.deps, { challengeId: raced, answer: shown.number! }),
        endByPhone(w.deps, { challengeId: raced, result: "FAILED_USER_HUNGUP_ON_US" }),
      ]);
      expect((await collect(w.deps, mine)).kind).toBe(answered.kind === "right" ? "allow" : "deny");
    }
  });

  test("a phone rings once at a time, however many ask for it at once", async () => {
    w = await world({ kind });
    await w.person({ username: "ada", totp: false, voice: number });
    const ask = () => begin(w.deps, { application: page, username: "ada", source });
    const all = await Promise.all([ask(), ask(), ask()]);
    expect(all.filter(({ kind: of }) => of === "challenge")).toHaveLength(1);
    expect(all.filter((one) => one.kind === "deny" && one.code === "busy")).toHaveLength(2);
    expect(await ask()).toMatchObject({ kind: "deny", code: "busy" });
    const open = all.find((one) => one.kind === "challenge")!;
    await endByPhone(w.deps, { challengeId: open.id, result: "CONFIG_ISSUE" });
    expect(await ask()).toMatchObject({ kind: "challenge" });
  });

  test("who waits in vain is told so when the time is over, and that is recorded once", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    w.clock.at += 180_001;
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "over" });
    for (let again = 0; again < 2; again++)
      expect(await collect(w.deps, collecting)).toMatchObject({ kind: "deny", code: "no_answer" });
    expect((await records()).slice(1)).toEqual([["authentication", "FAILED_AUTH_RESULT_TIMEOUT", 0, "number"]]);
  });

  test("an approval that nobody collected in time is worth nothing", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! });
    w.clock.at += 180_001;
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "deny", code: "no_answer" });
  });

  test("nobody but the application that asked collects", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! });
    expect(await collect(w.deps, { ...collecting, application: vpn })).toMatchObject({ code: "foreign_challenge" });
    expect(await collect(w.deps, { ...collecting, username: "bob" })).toMatchObject({ code: "foreign_challenge" });
    expect(await collect(w.deps, { ...collecting, username: "ADA" })).toMatchObject({ kind: "allow" });
  });

  test("where no number can be shown the PIN is typed, and `#` alone is not enough", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(vpn, { username: "ada", voice: number, pin: "8264" });
    expect(prompt).toMatchObject({ kind: "wait" });
    expect(prompt.number).toBeUndefined();
    for (const answer of ["", "1111"])
      expect(await answerByPhone(w.deps, { challengeId: id, answer })).toMatchObject({ kind: "wrong", retry: true });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "8264" })).toEqual({ kind: "right" });
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "allow" });
    expect((await records()).map(([, result, yes]) => [result, yes])).toEqual([
      ["SUCCESS_CALL_PLACED", 0],
      ["SUCCESS_NO_PIN", 0],
      ["SUCCESS_WITH_PIN", 0],
      ["SUCCESS_WITH_PIN", 0],
      ["SUCCESS_WITH_PIN", 1],
    ]);
  });

  test("a PIN that must be changed is right and not enough, and costs no attempt", async () => {
    w = await world({ kind });
    const { id } = await called(vpn, { username: "ada", voice: number, pin: "8264" });
    await w.deps.db.q.updateTable("person").set({ pin_must_change: 1 }).execute();
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "8264" })).toEqual({
      kind: "wrong",
      retry: true,
      code: "pin_expired",
    });
    const [row] = await w.deps.db.q.selectFrom("factor").select("fails").execute();
    expect(row).toEqual({ fails: 0 });
  });

  test("pressing `#` is enough only where an administrator says so", async () => {
    w = await world({ kind });
    const plain: Application = { ...vpn, plainApproval: true };
    const { id, collecting } = await called(plain, { username: "ada", voice: number });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "8264" })).toMatchObject({ kind: "wrong" });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "" })).toEqual({ kind: "right" });
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "allow" });
    expect((await records()).at(-1)).toEqual(["authentication", "SUCCESS_NO_PIN", 1, "standard"]);
    expect(await begin(w.deps, { application: vpn, username: "ada", source })).toMatchObject({ code: "no_method" });
  });

  test("a two-way text is answered with its code, and with the PIN where that is wanted", async () => {
    w = await world({ kind, settings: { "methods.sms-reply.enabled": true, "pin.methods": ["sms-reply"] } });
    const { id, prompt, collecting } = await called(vpn, { username: "bob", reply: number });
    expect(prompt).toMatchObject({ kind: "wait", method: "sms-reply" });
    await expect.poll(() => w.sent.length).toBe(1);
    expect(await answerByPhone(w.deps, { challengeId: id, answer: "yes" })).toMatchObject({
      kind: "wrong",
      retry: true,
    });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: w.texted() })).toEqual({ kind: "right" });
    expect(await collect(w.deps, collecting)).toMatchObject({ kind: "allow", methods: ["sms-reply"] });

    const { id: withPin, prompt: asked } = await called(vpn, { username: "cleo", reply: number, pin: "8264" });
    await expect.poll(() => w.sent.length).toBe(2);
    expect(asked.pin).toBe(true);
    for (const answer of [w.texted(), `${w.texted()}1111`])
      expect(await answerByPhone(w.deps, { challengeId: withPin, answer })).toMatchObject({ kind: "wrong" });
    expect(await answerByPhone(w.deps, { challengeId: withPin, answer: `${w.texted()}8264` })).toEqual({
      kind: "right",
    });
  });

  test("another method may be wanted while the phone rings, and the call counts no more", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number, phone: number });
    expect(prompt).toMatchObject({ method: "sms", others: [{ digit: 2, method: "voice" }] });
    const call = await respond(w.deps, { ...collecting, response: "2" });
    if (call.kind !== "challenge") throw new Error("no call");
    const text = await respond(w.deps, { ...collecting, challengeId: call.id, response: "1" });
    expect(text).toMatchObject({ kind: "challenge", prompt: { method: "sms" } });
    expect(await answerByPhone(w.deps, { challengeId: call.id, answer: call.prompt.number! })).toEqual({
      kind: "over",
    });
    expect(id).not.toBe(call.id);
  });

  test("who asked last waits: an earlier request hears nothing", async () => {
    w = await world({ kind });
    const station = { ...source, protocol: "radius", station: "desk" } as const;
    await w.person({ username: "ada", totp: false, voice: number, pin: "8264" });
    const ask = async () => await begin(w.deps, { application: vpn, username: "ada", source: station });
    const [asked, again] = [await ask(), await ask()];
    if (asked.kind !== "challenge" || again.kind !== "challenge") throw new Error("no challenge");
    expect(again.id).toBe(asked.id);
    const collecting = { application: vpn, challengeId: asked.id, source: station, waitMs: 60_000 };
    const older = collect(w.deps, { ...collecting, holder: "first" });
    await expect
      .poll(async () => (await w.deps.db.q.selectFrom("challenge").select("holder").execute())[0]?.holder)
      .toBe("first");
    const newer = collect(w.deps, { ...collecting, holder: "second" });
    await expect
      .poll(async () => (await w.deps.db.q.selectFrom("challenge").select("holder").execute())[0]?.holder)
      .toBe("second");
    await answerByPhone(w.deps, { challengeId: asked.id, answer: "8264" });
    expect((await newer).kind).toBe("allow");
    expect((await older).kind).toBe("elsewhere");
  });

  test.each([0, 1])("a call that failed before its request waited is told of; %i waited so far", async (before) => {
    w = await world({ kind });
    const { id, collecting } = await called(page, { username: "ada", voice: number });
    for (let one = 0; one < before; one++) await collect(w.deps, { ...collecting, holder: "first" });
    expect(await endByPhone(w.deps, { challengeId: id, result: "CONFIG_ISSUE" })).toBe(true);
    expect(await collect(w.deps, { ...collecting, holder: "second" })).toMatchObject({ kind: "deny" });
  });

  test("so is one that was taken back; what somebody has collected is nobody else's", async () => {
    w = await world({ kind });
    const over = await called(page, { username: "ada", voice: number });
    await w.deps.db.transaction((run) => cancelChallenge(run, over.id));
    expect(await collect(w.deps, { ...over.collecting, holder: "first" })).toMatchObject({ kind: "deny" });
    const { id, prompt, collecting } = await called(page, { username: "bo", voice: number });
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "right" });
    expect(await collect(w.deps, { ...collecting, holder: "first" })).toMatchObject({ kind: "allow" });
    expect(await collect(w.deps, { ...collecting, holder: "second" })).toEqual({ kind: "elsewhere" });
  });

  test("an earlier request whose time is over leaves the call to the later one", async () => {
    w = await world({ kind });
    const { collecting } = await called(page, { username: "ada", voice: number });
    const over = new AbortController();
    const older = collect(w.deps, { ...collecting, holder: "first", waitMs: 60_000, signal: over.signal });
    await expect
      .poll(async () => (await w.deps.db.q.selectFrom("challenge").select("holder").execute())[0]?.holder)
      .toBe("first");
    expect((await collect(w.deps, { ...collecting, holder: "second" })).kind).toBe("waiting");
    over.abort();
    expect((await older).kind).toBe("elsewhere");
  });

  test("whoever is woken while the database is away looks again; one who has no time left is told", async () => {
    w = await world({ kind });
    const { id, prompt, collecting } = await called(page, { username: "ada", voice: number });
    let away: Error | undefined;
    let looks = 0;
    const look = () => {
      looks += 1;
      if (away) throw away;
    };
    const { db } = w.deps;
    const failing = new Proxy(db.q, {
      get: (target, key) => {
        if (key === "selectFrom") look();
        const found = Reflect.get(target, key, target) as unknown;
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
    const looking: typeof db.transaction = async (...given) => {
      look();
      return await db.transaction(...given);
    };
    const deps = { ...w.deps, db: { ...db, q: failing, transaction: looking } };
    const waiting = collect(deps, { ...collecting, waitMs: 60_000 });
    await expect.poll(() => looks).toBeGreaterThan(1);
    away = new Unanswered("away");
    const before = looks;
    expect(await answerByPhone(w.deps, { challengeId: id, answer: prompt.number! })).toEqual({ kind: "right" });
    await expect.poll(() => looks).toBeGreaterThan(before + 1);
    await expect(collect(deps, collecting)).rejects.toThrow("away");
    away = undefined;
    expect(await waiting).toMatchObject({ kind: "allow" });
    away = new TypeError("a mistake");
    await expect(collect(deps, { ...collecting, waitMs: 60_000 })).rejects.toThrow("a mistake");
  });

  test("an answer whose phone was taken away while it was on its way approves nothing", async () => {
    w = await world({ kind });
    const { id, collecting } = await called(page, { username: "ada", voice: number });
    const factor = w.deps.db.q.selectFrom("factor").select(["id", "user_id as userId"]);
    const { id: factorId, userId } = await factor.executeTakeFirstOrThrow();
    await w.deps.db.q.updateTable("factor").set({ state: "suspended" }).execute();
    const entry = { id: "log_1", at: w.clock.at, kind: "approval", result: "", authenticated: false } as const;
    const lost: unknown[] = [];
    await w.deps.db.settle({
      at: w.clock.at,
      accept: [{ factorId, counter: 1, drift: 0, cost: 0 }],
      end: { id, userId, method: "voice", was: "pending", state: "approved", result: "SUCCESS_CALL_NUMBER_VERIFIED" },
      spend: [],
      finish: (why) => {
        lost.push(why);
        return { outcome: { kind: "deny", correlationId: "cor_1", code: "code_duplicate" }, entry, giveBack: [] };
      },
    });
    expect(lost).toEqual(["raced"]);
    const { state } = (await findChallenge(w.deps.db, { id, applicationId: page.id }))!;
    expect(state).toBe("denied");
    expect((await collect(w.deps, collecting)).kind).toBe("deny");
  });
});
