// Conversations of several rounds: what a State is bound to, the choice of another method, and who a name means.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { waitUntil } from "../../support/process.ts";
import { message, results, site, state, valuesOf, type Nas, type Serving, type Site } from "./setup.ts";

const phone = "+46701234567";
let s: Site;
let server: Serving;
let vpn: Nas;
beforeEach(async () => {
  s = await site();
  await s.client({ reply: ["Session-Timeout=60", "Filter-Id=staff"] });
  await s.client({}, { name: "other", addresses: ["127.0.0.2"] });
  server = await s.serve();
  vpn = await s.nas();
});
afterEach(async () => await s.close());

const ask = async (asking: Parameters<Nas["ask"]>[0]) => await vpn.ask(asking, server);
const texts = async (count: number) => await waitUntil("a text", () => s.w.sent.length === count);

//
describe("a State", () => {
  test("carries 128 bits by chance, and each round has its own", async () => {
    const ada = await s.w.person({ username: "ada" });
    const states = [];
    let reply = await ask({ password: "" });
    states.push(state(reply));
    reply = await ask({ password: "000000", state: state(reply) });
    states.push(state(reply));
    expect(states.map((one) => one.length)).toEqual([17, 17]);
    expect(states[0]).not.toEqual(states[1]);
    // the older round's is spent
    expect((await ask({ password: s.w.code(ada), state: states[0] })).code).toBe(code.accessReject);
    expect((await ask({ password: s.w.code(ada), state: states[1] })).code).toBe(code.accessAccept);
  });

  test("of another person, or at another client, or made up: Reject; its owner's conversation goes on", async () => {
    const [ada, eve] = [await s.w.person({ username: "ada" }), await s.w.person({ username: "eve" })];
    const own = state(await ask({ password: "" }));
    const other = await s.nas({ from: "127.0.0.2" });
    const madeUp = Buffer.concat([randomBytes(16), Buffer.of(0)]);
    expect((await ask({ user: "eve", password: s.w.code(eve), state: own })).code).toBe(code.accessReject);
    expect((await other.ask({ password: s.w.code(ada), state: own }, server)).code).toBe(code.accessReject);
    expect((await ask({ password: s.w.code(ada), state: madeUp })).code).toBe(code.accessReject);
    expect((await results(s.w)).slice(1)).toEqual(Array.from({ length: 3 }, () => "FAILED_CHALLENGE_FOREIGN"));
    expect((await ask({ password: s.w.code(ada), state: own })).code).toBe(code.accessAccept);
  });

  test("is good for one Accept", async () => {
    const ada = await s.w.person({ username: "ada" });
    const once = state(await ask({ password: "" }));
    expect((await ask({ password: s.w.code(ada), state: once })).code).toBe(code.accessAccept);
    for (const password of [s.w.code(ada), "000000"])
      expect((await ask({ password, state: once })).code).toBe(code.accessReject);
    expect((await results(s.w)).slice(1)).toEqual([
      "SUCCESS_OATH_CODE_VERIFIED",
      "FAILED_OATH_CODE_DUPLICATE",
      "FAILED_OATH_TOKEN_TIMEOUT",
    ]);
  });

  test("twice in a packet, or of another length than ours: Reject, and no attempt is taken", async () => {
    const ada = await s.w.person({ username: "ada" });
    const own = state(await ask({ password: "" }));
    const twice = [{ type: type.state, value: own }];
    const password = s.w.code(ada);
    expect((await ask({ password, state: own, more: twice })).code).toBe(code.accessReject);
    for (const foreign of [Buffer.alloc(0), own.subarray(0, 16), Buffer.concat([own, Buffer.of(0)]), randomBytes(253)])
      expect((await ask({ password, state: foreign })).code).toBe(code.accessReject);
    expect(await results(s.w)).toHaveLength(1);
    expect((await ask({ password, state: own })).code).toBe(code.accessAccept);
  });

  test("a text's code answers its own challenge, not another person's (R-027)", async () => {
    await s.w.person({ username: "ada", totp: false, phone });
    await s.w.person({ username: "eve", totp: false, phone: "+46700000001" });
    const adas = state(await ask({ password: "" }));
    await texts(1);
    const code1 = s.w.texted();
    const eves = state(await ask({ user: "eve", password: "" }));
    await texts(2);
    const code2 = s.w.texted();
    const replies = [
      (await ask({ user: "ada", password: code2, state: adas })).code,
      (await ask({ user: "eve", password: code1, state: eves })).code,
    ];
    expect(replies).not.toContain(code.accessAccept);
  });

  // A wrong first packet must not show a round of the open challenge that its answer did not take.
  test("whatever a client is asked, the right code to it is accepted: a wrong code without a State, challenge open", async () => {
    const ada = await s.w.person({ username: "ada" });
    await ask({ password: "" });
    const reply = await ask({ password: "000000" });
    if (reply.code === code.accessReject) return;
    expect((await ask({ password: s.w.code(ada), state: state(reply) })).code).toBe(code.accessAccept);
  });
});

describe("a choice of methods", () => {
  test("is offered by digit; the digit gets the other method, and the way back is open", async () => {
    const ada = await s.w.person({ username: "ada", phone });
    const first = await ask({ password: "" });
    expect(message(first)).toBe("Enter the code from your app or token. For another way answer 2: text to •• 67.");
    const second = await ask({ password: "2", state: state(first) });
    expect(second.code).toBe(code.accessChallenge);
    expect(message(second)).toBe("Enter the code we sent to •• 67. For another way answer 1: app or token.");
    await texts(1);
    expect(s.w.sent[0]).toMatchObject({ to: phone });
    const third = await ask({ password: "1", state: state(second) });
    expect((await ask({ password: s.w.code(ada), state: state(third) })).code).toBe(code.accessAccept);
  });

  test("the text's code is accepted, and the challenge it replaced is not answered any more", async () => {
    const ada = await s.w.person({ username: "ada", phone });
    const first = await ask({ password: "" });
    const second = await ask({ password: "2", state: state(first) });
    await texts(1);
    expect((await ask({ password: s.w.code(ada), state: state(first) })).code).toBe(code.accessReject);
    expect((await ask({ password: s.w.texted(), state: state(second) })).code).toBe(code.accessAccept);
    expect((await results(s.w)).at(-1)).toBe("SUCCESS_SMS_AUTHENTICATED");
  });

  test("a digit that stands for nothing is a wrong code", async () => {
    await s.w.person({ username: "ada", phone });
    const first = await ask({ password: "" });
    const again = await ask({ password: "7", state: state(first) });
    expect(again.code).toBe(code.accessChallenge);
    expect(message(again)).toContain("That code is not right. Try again.");
    expect((await results(s.w)).at(-1)).toBe("FAILED_OATH_CODE_INCORRECT");
  });

  test("is put in the person's own language", async () => {
    const ada = await s.w.person({ username: "ada", phone });
    await s.w.deps.db.q.updateTable("person").set({ language: "sv-SE" }).where("id", "=", ada.id).execute();
    expect(message(await ask({ password: "" }))).toBe(
      "Ange koden från din app eller dosa. Svara 2: sms till •• 67 för ett annat sätt.",
    );
  });
});

test("the client's reply attributes come with every Accept, whatever the method, and with nothing else", async () => {
  const ada = await s.w.person({ username: "ada", phone });
  await s.w.person({ username: "noone", totp: false });
  const attributes = (reply: Awaited<ReturnType<typeof ask>>) => [
    reply.code,
    valuesOf(reply, type.sessionTimeout).map((value) => value.readUInt32BE()),
    valuesOf(reply, type.filterId).map(String),
  ];
  const withAll = [code.accessAccept, [60], ["staff"]];
  const first = await ask({ password: "" });
  expect(attributes(first)).toEqual([code.accessChallenge, [], []]);
  expect(attributes(await ask({ password: s.w.code(ada), state: state(first) }))).toEqual(withAll);
  expect(attributes(await ask({ password: s.w.code(ada) }))).toEqual([code.accessReject, [], []]);
  expect(attributes(await ask({ password: s.w.code(ada, 1) }))).toEqual(withAll);
  const chosen = await ask({ password: "2", state: state(await ask({ password: "" })) });
  await texts(1);
  expect(attributes(await ask({ password: s.w.texted(), state: state(chosen) }))).toEqual(withAll);
});

//
describe("a name", () => {
  const forms = [
    "ADA",
    "CORP\\ada",
    "corp.example\\Ada",
    "ada@corp.example",
    "Ada@CORP",
    "ａｄａ",
    " ada ",
    "ａｄａ＠ｃｏｒｐ",
  ];
  test.each(forms)("written %j is one person's", async (form) => {
    const ada = await s.w.person({ username: "ada" });
    expect((await ask({ user: form, password: s.w.code(ada) })).code).toBe(code.accessAccept);
    // one person, one counter: the code is used, however the name is spelt
    expect((await ask({ user: "ada", password: s.w.code(ada) })).code).toBe(code.accessReject);
    expect((await results(s.w)).at(-1)).toBe("FAILED_OATH_CODE_DUPLICATE");
  });

  test("may be spelt otherwise in the answer than in the first packet", async () => {
    const ada = await s.w.person({ username: "ada" });
    const asked = await ask({ user: "CORP\\ADA", password: "" });
    expect((await ask({ user: "ada@corp.example", password: s.w.code(ada), state: state(asked) })).code).toBe(
      code.accessAccept,
    );
  });

  test.each(["", "@corp", "CORP\\", "ada\nadmin", "x".repeat(253)])("that is none, %j, is refused", async (user) => {
    const ada = await s.w.person({ username: "ada" });
    expect((await ask({ user, password: s.w.code(ada) })).code).toBe(code.accessReject);
  });
});
