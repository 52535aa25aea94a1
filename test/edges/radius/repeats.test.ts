// A request that comes again, to the same server, to another node, or after a restart: one verification, one answer.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Deps } from "#actions/deps.ts";
import { answerByPhone } from "#actions/by-phone.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { waitUntil } from "../../support/process.ts";
import { kinds } from "../../support/world.ts";
import { results, settled, site, state, together, type Site } from "./setup.ts";

const phone = "+46701234567";
let s: Site;
afterEach(async () => await s.close());

const factorOf = async (userId: string) =>
  await s.w.deps.db.q
    .selectFrom("factor")
    .select(["fails", "counter", "day_cost"])
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();

/** These dependencies, with verifications held back until it is let go. */
function held(deps: Deps) {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  let calls = 0;
  const atOnce: Deps["db"]["atOnce"] = async (item) => {
    calls += 1;
    await promise;
    return await deps.db.atOnce(item);
  };
  return { deps: { ...deps, db: { ...deps.db, atOnce } }, release, calls: () => calls };
}

//
describe("one packet sent eight times", () => {
  beforeEach(async () => void (s = await site()));

  const eightTimes = async (asked: { password: string }) => {
    const { deps, release, calls } = held(s.w.deps);
    const server = await s.serve(deps);
    const vpn = await s.nas();
    const bytes = vpn.request(asked);
    for (let time = 0; time < 4; time++) vpn.send(bytes, server);
    await waitUntil("the work to begin", () => server.stats().received === 4 && calls() === 1);
    expect(vpn.inbox).toEqual([]);
    release();
    await vpn.answerTo(bytes);
    for (let time = 0; time < 4; time++) vpn.send(bytes, server);
    await settled(vpn, server);
    expect(calls()).toBe(1);
    // what was under way got silence, what was answered got the answer: once, then four times
    expect(vpn.inbox).toHaveLength(5);
    expect(new Set(vpn.inbox.map((reply) => reply.bytes.toString("hex"))).size).toBe(1);
    expect(server.stats().dropped).toEqual({ "repeated while under way": 3 });
    return vpn.inbox[0]!.code;
  };

  test("a right code: identical bytes, one record", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    expect(await eightTimes({ password: s.w.code(ada) })).toBe(code.accessAccept);
    expect(await results(s.w)).toEqual(["SUCCESS_OATH_CODE_VERIFIED"]);
  });

  test("a wrong code: one attempt", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    expect(await eightTimes({ password: "000000" })).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["FAILED_OATH_CODE_INCORRECT"]);
    expect(await factorOf(ada.id)).toMatchObject({ fails: 1, day_cost: 3 });
  });

  test("a request for a text: one text", async () => {
    await s.w.person({ username: "ada", totp: false, phone });
    await s.client();
    expect(await eightTimes({ password: "" })).toBe(code.accessChallenge);
    await waitUntil("the text", () => s.w.sent.length > 0);
    expect(s.w.sent).toHaveLength(1);
    expect(await results(s.w)).toEqual(["SUCCESS_SMS_SENT"]);
  });
});

//
describe("an Identifier used again", () => {
  beforeEach(async () => void (s = await site()));

  test("with a new Authenticator it is a new request, and the old one is forgotten", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const wrong = vpn.request({ password: "000000", identifier: 5 });
    const right = vpn.request({ password: s.w.code(ada), identifier: 5 });
    expect((await vpn.exchange(wrong, server)).code).toBe(code.accessReject);
    expect((await vpn.exchange(right, server)).code).toBe(code.accessAccept);
    expect((await vpn.exchange(wrong, server)).code).toBe(code.accessReject);
    expect(await results(s.w)).toHaveLength(3);
  });

  test("a request that a newer one overtook is not answered any more", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const { deps, release } = held(s.w.deps);
    const server = await s.serve(deps);
    const vpn = await s.nas();
    const older = vpn.request({ password: "000000", identifier: 5 });
    const newer = vpn.request({ password: s.w.code(ada), identifier: 5 });
    vpn.send(older, server);
    vpn.send(newer, server);
    await waitUntil("both to arrive", () => server.stats().received === 2);
    // the older one is work still: overtaking must be no way past the limit of what is under way
    expect(server.stats().pending).toBe(2);
    release();
    await settled(vpn, server);
    expect(vpn.inbox.map((reply) => reply.code)).toEqual([code.accessAccept]);
    expect(vpn.inbox[0]!.bytes).toEqual((await vpn.answerTo(newer)).bytes);
  });

  test("forged packets in between change nothing", async () => {
    const ada = await s.w.person({ username: "ada" });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const right = vpn.request({ password: s.w.code(ada), identifier: 5 });
    const forge = () => {
      const forged = vpn.request({ password: "000000", identifier: 5 });
      forged[30]! ^= 1;
      vpn.send(forged, server);
    };
    forge();
    const { bytes } = await vpn.exchange(right, server);
    for (let time = 0; time < 3; time++) {
      forge();
      vpn.send(right, server);
    }
    await settled(vpn, server);
    expect(vpn.inbox.map((reply) => reply.bytes.equals(bytes))).toEqual([true, true, true, true]);
    expect(await results(s.w)).toEqual(["SUCCESS_OATH_CODE_VERIFIED"]);
  });
});

describe.each(kinds)("on %s", (kind) => {
  beforeEach(async () => void (s = await site({ kind })));

  test("two requests of one client at the same moment: one text, one State", async () => {
    await s.w.person({ username: "bob", totp: false, phone });
    await s.client();
    const server = await s.serve(together(s.w.deps, 2));
    const vpn = await s.nas();
    const asked = await Promise.all([1, 2].map(async () => await vpn.ask({ user: "bob", password: "" }, server)));
    expect(asked.map((one) => one.code)).toEqual([code.accessChallenge, code.accessChallenge]);
    expect(state(asked[1]!)).toEqual(state(asked[0]!));
    await waitUntil("the text", () => s.w.sent.length > 0);
    expect(s.w.sent).toHaveLength(1);
    const answer = { user: "bob", password: s.w.texted(), state: state(asked[0]!) };
    expect((await vpn.ask(answer, server)).code).toBe(code.accessAccept);
  });

  test("after a restart a repetition gets the same answer", async () => {
    const ada = await s.w.person({ username: "ada", phone });
    await s.client({ reply: ["Session-Timeout=60"] });
    const before = await s.serve();
    const vpn = await s.nas();
    const packets = [s.w.code(ada), s.w.code(ada), ""].map((password) => vpn.request({ password }));
    const answers = [];
    for (const bytes of packets) answers.push(await vpn.exchange(bytes, before));
    expect(answers.map((one) => one.code)).toEqual([code.accessAccept, code.accessReject, code.accessChallenge]);
    await before.stop();
    vpn.inbox.length = 0;
    const after = await s.serve(await s.w.node("node_b"));
    for (const [index, bytes] of packets.entries())
      expect((await vpn.exchange(bytes, after)).bytes).toEqual(answers[index]!.bytes);
    expect(await results(s.w)).toHaveLength(3);
  });

  test("what could not be decided is decided when it comes again, to whichever server", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    const ada = await s.w.person({ username: "ada", passwordHash });
    await s.client({ firstFactor: "local", mode: "append" });
    const { keys } = s.w.deps;
    let fails = true;
    const mac: typeof keys.mac = (purpose, ...more) => {
      if (fails && purpose === "pepper") throw new Error("no password can be checked");
      return keys.mac(purpose, ...more);
    };
    const first = await s.serve({ ...s.w.deps, keys: { ...keys, mac } });
    const vpn = await s.nas();
    const undecided = async () => {
      const bytes = vpn.request({ password: `correct horse,${s.w.code(ada)}` });
      vpn.send(bytes, first);
      await settled(vpn, first);
      expect(vpn.inbox).toEqual([]);
      return bytes;
    };
    const [here, elsewhere] = [await undecided(), await undecided()];
    const other = await s.serve(await s.w.node("node_b"));
    fails = false;
    expect((await vpn.exchange(here, first)).code).toBe(code.accessAccept);
    s.w.clock.at += 1;
    // the same code again
    expect((await vpn.exchange(elsewhere, other)).code).toBe(code.accessReject);
  });
});

test("one packet that two nodes hold while its person is called: the later answers, and the earlier is silent", async () => {
  s = await site({ kind: "postgres", hasty: false });
  await s.w.person({ username: "ada", totp: false, voice: "+46701234567", pin: "8264" });
  await s.client({ mode: "append", waitSeconds: 120 });
  const [a, b] = [await s.serve(), await s.serve(await s.w.node("node_b"))];
  const vpn = await s.nas();
  const bytes = vpn.request({ password: "" });
  const held = async () =>
    await s.w.deps.db.q.selectFrom("challenge").select(["id", "holder"]).executeTakeFirstOrThrow();
  vpn.send(bytes, a);
  const first = await waitUntil("the first to hold it", async () => (await held().catch(() => undefined))?.holder);
  s.w.clock.at += 10_000;
  vpn.send(bytes, b);
  await waitUntil("the second to take over", async () => (await held()).holder !== first);
  await answerByPhone(s.w.deps, { challengeId: (await held()).id, answer: "8264" });
  await waitUntil("both to be done", () => a.stats().pending + b.stats().pending === 0);
  expect((await vpn.exchange(bytes, b)).code).toBe(code.accessAccept);
  expect((await vpn.exchange(bytes, a)).code).toBe(code.accessAccept);
  expect(new Set(vpn.inbox.map((reply) => reply.code))).toEqual(new Set([code.accessAccept]));
  expect(await results(s.w)).not.toContain("FAILED_CHALLENGE_USED");
});

describe("two nodes of a group", () => {
  let [a, b] = [] as unknown as Awaited<ReturnType<Site["serve"]>>[];
  beforeEach(async () => {
    s = await site({ kind: "postgres" });
    await s.client();
    a = await s.serve();
    b = await s.serve(await s.w.node("node_b"));
  });

  test("one packet to both: the same bytes, one record", async () => {
    const ada = await s.w.person({ username: "ada" });
    const vpn = await s.nas();
    const bytes = vpn.request({ password: s.w.code(ada) });
    vpn.send(bytes, a!);
    vpn.send(bytes, b!);
    await settled(vpn, a!);
    await settled(vpn, b!);
    const first = vpn.inbox[0]!.bytes;
    for (const server of [a!, b!]) expect((await vpn.exchange(bytes, server)).bytes).toEqual(first);
    expect(new Set(vpn.inbox.map((reply) => reply.bytes.toString("hex"))).size).toBe(1);
    expect(vpn.inbox[0]!.code).toBe(code.accessAccept);
    expect(await results(s.w)).toEqual(["SUCCESS_OATH_CODE_VERIFIED"]);
  });

  test("a node that dies at work holds its request for five seconds, not for ever", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    const ada = await s.w.person({ username: "ada", passwordHash });
    await s.client({ firstFactor: "local", mode: "append" }, { name: "other", addresses: ["127.0.0.2"] });
    await b!.reload();
    const { promise: never, reject: end } = Promise.withResolvers<never>();
    let atWork = false;
    const settle = async () => {
      atWork = true;
      return await never;
    };
    const dying = await s.serve({ ...s.w.deps, db: { ...s.w.deps.db, settle } });
    const vpn = await s.nas({ from: "127.0.0.2" });
    const bytes = vpn.request({ password: `correct horse,${s.w.code(ada)}` });
    vpn.send(bytes, dying);
    await waitUntil("it to be at work", () => atWork);
    vpn.send(bytes, b!);
    await settled(vpn, b!);
    expect(vpn.inbox).toEqual([]);
    s.w.clock.at += 5001;
    expect((await vpn.exchange(bytes, b!)).code).toBe(code.accessAccept);
    end(new Error("died"));
  });

  //
  test("a client that fails over joins the challenge that is open: one text, and any node takes its code", async () => {
    const passwordHash = await newPasswordHash(s.w.deps, "correct horse");
    await s.w.person({ username: "bob", totp: false, phone, passwordHash });
    await s.client({ firstFactor: "local" }, { name: "other", addresses: ["127.0.0.2"] });
    await a!.reload();
    await b!.reload();
    const vpn = await s.nas({ from: "127.0.0.2" });
    const more = [{ type: type.callingStationId, value: Buffer.from("198.51.100.7") }];
    const asking = { user: "bob", password: "correct horse", more };
    const first = await vpn.ask(asking, a!);
    const second = await vpn.ask(asking, b!);
    expect([first.code, second.code]).toEqual([code.accessChallenge, code.accessChallenge]);
    expect(state(second)).toEqual(state(first));
    await waitUntil("the text", () => s.w.sent.length > 0);
    expect(s.w.sent).toHaveLength(1);
    const answer = { user: "bob", password: s.w.texted(), more, state: state(second) };
    expect((await vpn.ask(answer, b!)).code).toBe(code.accessAccept);
    // the code is consumed, wherever it comes in
    expect((await vpn.ask(answer, a!)).code).toBe(code.accessReject);
    expect((await results(s.w)).at(-1)).toBe("FAILED_SMS_CODE_DUPLICATE");
  });

  test("whoever starts over later than a client fails over gets a new text, wherever (R-123)", async () => {
    await s.w.person({ username: "bob", totp: false, phone });
    const vpn = await s.nas();
    const ask = async (server: typeof a) => state(await vpn.ask({ user: "bob", password: "" }, server!));
    const first = await ask(a);
    await waitUntil("the text", () => s.w.sent.length === 1);
    s.w.clock.at += 19_999;
    expect(await ask(b)).toEqual(first);
    s.w.clock.at += 1;
    expect(await ask(b)).not.toEqual(first);
    await waitUntil("the second text", () => s.w.sent.length === 2);
    expect((await vpn.ask({ user: "bob", password: s.w.texted(), state: first }, a!)).code).toBe(code.accessReject);
    expect((await results(s.w)).at(-1)).toBe("FAILED_CODE_SUPERSEDED");
  });

  test("another caller of the same person joins nothing", async () => {
    await s.w.person({ username: "ada" });
    const vpn = await s.nas();
    const from = (station: string) => [{ type: type.callingStationId, value: Buffer.from(station) }];
    const one = await vpn.ask({ password: "", more: from("198.51.100.7") }, a!);
    const other = await vpn.ask({ password: "", more: from("203.0.113.9") }, b!);
    expect(state(other)).not.toEqual(state(one));
  });

  test("a code consumed at one node is refused at the other", async () => {
    const ada = await s.w.person({ username: "ada" });
    const vpn = await s.nas();
    expect((await vpn.ask({ password: s.w.code(ada) }, a!)).code).toBe(code.accessAccept);
    s.w.clock.at += 1;
    expect((await vpn.ask({ password: s.w.code(ada) }, b!)).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["SUCCESS_OATH_CODE_VERIFIED", "FAILED_OATH_CODE_DUPLICATE"]);
  });
});
