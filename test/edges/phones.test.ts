// The evaluation's simulated phones as their page and a test's driver meet them.
import { beforeEach, expect, test } from "vitest";
import { collect } from "#actions/collect.ts";
import { addGateway } from "#actions/gateways.ts";
import { openPhones, type Phone, type Phones } from "#actions/phones.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
const bo = "+46701740605";
const ours = "+46701740699";
const source = { protocol: "rest" } as const;
const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
let phones: Phones;

beforeEach(async () => {
  phones = await openPhones(h.w.deps);
  h.server = await h.start(h.w.deps, { phones });
});

const url = (path: string) => `http://127.0.0.1:${h.server.people!.port}${path}`;
const post = async (path: string, body: object, headers: Record<string, string> = {}) =>
  (
    await fetch(url(path), {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    })
  ).status;
const shown = async () => ((await (await fetch(url("/phone/phones"))).json()) as { phones: Phone[] }).phones;
const text = async (body: string, id = "dlv_1") => {
  const callbackUrl = "https://mfa.example.org/callbacks/simulator";
  const order = { id, to: bo, from: ours, text: body, callbackUrl, reportUrl: callbackUrl };
  const signal = AbortSignal.timeout(10_000);
  return await phones.ask({
    method: "POST",
    url: "https://simulator.invalid/texts",
    body: JSON.stringify(order),
    signal,
  });
};

test("a text is on the phone it was sent to, with the name of whose it is, and among the messages", async () => {
  await h.w.person({ username: "bo", phone: bo });
  expect((await text("482913 is your code")).status).toBe(201);
  expect(await shown()).toMatchObject([
    { number: bo, name: "bo", texts: [{ from: ours, text: "482913 is your code" }] },
  ]);
  expect(await (await fetch(url("/phone/messages"))).json()).toEqual({
    messages: [{ id: "dlv_1", to: bo, kind: "text", text: "482913 is your code", at: h.w.clock.at }],
  });
});

test("a reply is on the phone that wrote it, is no message to it, and goes to nobody who has not written", async () => {
  await text("reply with the code");
  const target = `/phone/phones/${encodeURIComponent(bo)}/reply`;
  expect(await post(target, { to: ours, text: "482913" })).toBe(204);
  expect((await shown())[0]!.texts).toMatchObject([{ from: ours }, { from: bo, to: ours, text: "482913" }]);
  expect(await phones.inbox()).toHaveLength(1);
  expect(await post(target, { to: "+46701740698", text: "482913" })).toBe(404);
});

test("the code that is written back on the phone approves the sign-in that waits for it, written on another it does not", async () => {
  const { deps, person, set } = h.w;
  set({ "methods.sms-reply.enabled": true });
  deps.net = phones.ask;
  await addGateway(deps, "system", { channel: "sms", vendor: "simulator", name: "phones", sender: ours, place: 0 });
  await person({ username: "bo", totp: false, reply: bo });
  const asked = await begin(deps, { application, username: "bo", source });
  if (asked.kind !== "challenge") throw new Error(asked.kind);
  await expect.poll(async () => (await shown())[0]?.texts.length).toBe(1);
  const code = /\d{6}/.exec((await shown())[0]!.texts[0]!.text)![0];
  const ended = async () => (await collect(deps, { application, challengeId: asked.id, source, waitMs: 0 })).kind;
  const reply = async (from: string) =>
    await post(`/phone/phones/${encodeURIComponent(from)}/reply`, { to: ours, text: code });
  expect(await reply("+46701740607")).toBe(204);
  expect(await ended()).toBe("waiting");
  expect(await reply(bo)).toBe(204);
  expect(await ended()).toBe("allow");
  const delivery = async () => (await deps.db.q.selectFrom("delivery").select("state").executeTakeFirst())?.state;
  await expect.poll(delivery).toBe("delivered");
});

/** Somebody is called; gives their sign-in and what ends it. */
async function called() {
  const { deps, person } = h.w;
  deps.net = phones.ask;
  await addGateway(deps, "system", { channel: "voice", vendor: "simulator", name: "calls", sender: ours, place: 0 });
  await person({ username: "bo", totp: false, voice: bo });
  const asked = await begin(deps, { application, username: "bo", source });
  if (asked.kind !== "challenge") throw new Error(asked.kind);
  await expect.poll(async () => (await shown())[0]?.call?.state).toBe("ringing");
  const result = async () =>
    (await deps.db.q.selectFrom("challenge").select("result").executeTakeFirstOrThrow()).result;
  const act = async (what: string, body: object = {}) =>
    expect(await post(`/phone/phones/${encodeURIComponent(bo)}/${what}`, body)).toBe(204);
  const hears = async () => await expect.poll(async () => (await shown())[0]?.call?.hears).toBe(true);
  return { asked, result, act, hears };
}

test("a phone that rings is answered, says what to do, and the number that is typed signs its owner in", async () => {
  const { asked, act, hears } = await called();
  await act("pick-up", { how: "answer" });
  await hears();
  expect((await shown())[0]!.call).toMatchObject({ from: ours, said: [{ language: "en" }] });
  await act("press", { keys: `${asked.prompt.number}#` });
  const over = async () => (await collect(h.w.deps, { application, challengeId: asked.id, source, waitMs: 100 })).kind;
  await expect.poll(over).toBe("allow");
});

test.each([
  ["busy", "CONFIG_ISSUE"],
  ["decline", "CONFIG_ISSUE"],
  ["voicemail", "SUCCESS_NO_PIN_BUT_TIMEOUT"],
])("a call that meets %s ends as %s", async (how, as) => {
  const { act, result } = await called();
  await act("pick-up", { how });
  await expect.poll(result).toBe(as);
});

test("who answers and hangs up has hung up, and the phone shows what was said until it is put away", async () => {
  const { act, hears, result } = await called();
  await act("pick-up", { how: "answer" });
  await hears();
  await act("hang-up");
  await expect.poll(result).toBe("FAILED_USER_HUNGUP_ON_US");
  expect((await shown())[0]).toMatchObject({ call: { state: "ended" }, past: [{ ended: { how: "hung_up" } }] });
  await act("put-away");
  expect((await shown())[0]!.call).toBeUndefined();
});

test("phones are still there after a restart, and a number that is typed as people write it is added", async () => {
  await text("hello");
  expect(await post("/phone/phones", { number: "+46 70 174 06 06" })).toBe(200);
  expect((await shown()).map(({ number }) => number)).toEqual(["+46701740606", bo]);
  expect(await post("/phone/phones", { number: "twelve" })).toBe(400);
  expect((await (await openPhones(h.w.deps)).read()).map(({ number }) => number)).toEqual([bo]);
});

test("how a phone takes texts and calls is switched, within what there is", async () => {
  const target = `/phone/phones/${encodeURIComponent(bo)}/switches`;
  const switches = { texts: "lost", delaySeconds: 30, calls: "busy" };
  expect(await post(target, switches)).toBe(204);
  expect(await shown()).toMatchObject([{ number: bo, switches }]);
  await text("hello");
  expect(await phones.inbox()).toEqual([]);
  for (const wrong of [{ ...switches, calls: "maybe" }, { ...switches, delaySeconds: 0 }, {}])
    expect(await post(target, wrong)).toBe(400);
  expect(await post("/phone/phones/nobody/switches", switches)).toBe(400);
});

test("pages of other sites read no phone and press no key", async () => {
  const elsewhere = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
  ];
  for (const headers of elsewhere) {
    for (const path of ["/phone/messages", "/phone/phones", "/phone/events"])
      expect((await fetch(url(path), { headers })).status).toBe(403);
    expect(await post(`/phone/phones/${encodeURIComponent(bo)}/press`, { keys: "1" }, headers)).toBe(403);
  }
  expect(
    await post(`/phone/phones/${encodeURIComponent(bo)}/press`, { keys: "1" }, { "content-type": "text/plain" }),
  ).toBe(400);
});

test("an open page is told of every change, until the server stops", async () => {
  const response = await fetch(url("/phone/events"));
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  const until = async (words: string) => {
    while (!seen.includes(words)) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream ended");
      seen += value;
    }
  };
  await until('data: {"phones":[]}');
  await text("482913 is your code");
  await until("482913 is your code");
  const ended = (async () => {
    while (!(await reader.read()).done);
  })();
  await h.server.stop();
  await ended;
});
