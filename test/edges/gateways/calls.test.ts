// Calls through every vendor that carries them: ordered over real sockets, told of by real callbacks, forged, replayed and reordered.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { finishCalls } from "#actions/calls.ts";
import { collect } from "#actions/collect.ts";
import { deliverDue } from "#actions/deliver.ts";
import { testGateways } from "#actions/gateway-test.ts";
import { addGateway, type ListedGateway } from "#actions/gateways.ts";
import { begin } from "#actions/verify.ts";
import { uploadMessage } from "#actions/voice-messages.ts";
import type { Application } from "#core/facts.ts";
import { voiceMessages } from "#core/voice-messages.ts";
import { voiceGateways } from "#delivery/voice/index.ts";
import { wav } from "../../support/sounds.ts";
import { elks, twilio, type CallDriver, type Handset } from "../../support/vendors/calls.ts";
import { startVendor, trustVendors, type Post, type StandIn } from "../../support/vendors/stand-in.ts";
import { startEdge, type Edge } from "./edge.ts";

const number = "+46701740635";
const source = { protocol: "rest" } as const;
const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const drivers: Record<string, CallDriver> = { twilio, "46elks": elks };

beforeAll(trustVendors);

test("every vendor but the evaluation's own is asked here", () => {
  expect([...voiceGateways.keys()].filter((id) => id !== "simulator").toSorted()).toEqual(
    Object.keys(drivers).toSorted(),
  );
});

const recordAll = async ({ w }: Edge) => {
  for (const type of voiceMessages) {
    const file = async function* () {
      yield wav({ seconds: 0.1 });
    };
    await uploadMessage(w.deps, "cli", { type, language: "en", fileName: `${type}.wav`, file: file() });
  }
};

async function ask({ w }: Edge, username: string) {
  // one number is called five times in ten minutes at most
  w.clock.at += 600_000;
  await w.person({ username, totp: false, voice: number });
  const got = await begin(w.deps, { application, username, source });
  if (got.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(got)}`);
  await deliverDue(w.deps);
  return got;
}
const ended = async ({ w }: Edge, id: string) =>
  await w.deps.db.q.selectFrom("challenge").select(["state", "result"]).where("id", "=", id).executeTakeFirstOrThrow();

test("a carrier that cannot speak gets no order while a message has no recording, which is named", async () => {
  const h = await startEdge();
  const vendor = await startVendor(elks.protocol);
  await h.clear();
  const common = { channel: "voice", name: "main", sender: "+46766861004" } as const;
  const added = await addGateway(h.w.deps, "cli", { ...common, ...(elks.gateway(vendor.url) as { vendor: string }) });
  expect(added.advice).toContain("it cannot speak");
  const trial = async () => await testGateways(h.w.deps, "cli", { channel: "voice", number, waitSeconds: 0 });
  const lacking = await trial();
  expect(lacking).toMatchObject({ ok: false, steps: [{}, {}, { step: "recordings" }] });
  expect(lacking.steps[2]!.problem).toContain("there is no recording in en of fraud_greeting_number");
  const { id } = await ask(h, "ada");
  const reason = async () => (await h.w.deps.db.q.selectFrom("delivery").select("reason").executeTakeFirst())?.reason;
  await expect.poll(reason).toContain("there is no recording in en of fraud_greeting_number, retry_number");
  expect(vendor.orders).toEqual([]);
  h.w.clock.at += 20_000;
  await deliverDue(h.w.deps);
  await finishCalls(h.w.deps);
  expect(await ended(h, id)).toEqual({ state: "denied", result: "FAILED_SERVER_ERROR" });
  await recordAll(h);
  h.w.clock.at += 60_000;
  expect(await trial()).toMatchObject({ ok: true, steps: [{}, {}, { answer: "all of en" }, { step: "send" }] });
  const handset = elks.handset(vendor.orders[0]!);
  const { pathname, search } = new URL(handset.answered().url);
  const told = { method: "POST", headers: handset.answered().headers, body: handset.answered().body };
  const greeting = handset.hear(await (await fetch(`http://127.0.0.1:${h.port}${pathname}${search}`, told)).text());
  expect(greeting.recordings).toHaveLength(1);
  await vendor.stop();
  await h.stop();
});

describe.each(Object.entries(drivers))("a call through %s", (name, driver) => {
  let h: Edge;
  let vendor: StandIn;
  let gateway: ListedGateway;
  let people = 0;
  beforeAll(async () => {
    h = await startEdge();
    vendor = await startVendor(driver.protocol);
    if (!voiceGateways.get(name)!.speaks) await recordAll(h);
  });
  afterAll(async () => {
    await vendor.stop();
    await h.stop();
  });
  beforeEach(async () => {
    await h.clear();
    vendor.clear();
    const common = { channel: "voice", name: "main", sender: "+46766861004" } as const;
    gateway = await addGateway(h.w.deps, "cli", { ...common, ...(driver.gateway(vendor.url) as { vendor: string }) });
  });

  const send = async ({ url, headers, body }: Post) => {
    const { pathname, search } = new URL(url);
    const response = await fetch(`http://127.0.0.1:${h.port}${pathname}${search}`, { method: "POST", headers, body });
    return { status: response.status, body: await response.text() };
  };
  async function rung() {
    people += 1;
    const challenge = await ask(h, `ada${people}`);
    await expect.poll(() => vendor.orders.length).toBe(1);
    const handset: Handset = driver.handset(vendor.orders[0]!);
    const hears = async (told: Post) => handset.hear((await send(told)).body);
    return { challenge, handset, hears };
  }
  const recorded = async (id: string) =>
    (
      await h.w.deps.db.q.selectFrom("log").select("result").where("challenge_id", "=", id).orderBy("seq").execute()
    ).map(({ result }) => result);

  test("is answered, and the number typed on it lets in whoever waits", async () => {
    const { challenge, handset, hears } = await rung();
    const waiting = collect(h.w.deps, { application, challengeId: challenge.id, source, waitMs: 60_000 });
    const greeting = await hears(handset.answered());
    expect(greeting.listens).toBe(true);
    expect(greeting.words.includes("Type the number") || greeting.recordings.length === 1).toBe(true);
    expect(await hears(handset.pressed("000000#"))).toMatchObject({ listens: true });
    expect(await hears(handset.pressed(`${challenge.prompt.number}#`))).toMatchObject({ listens: false });
    expect(await waiting).toMatchObject({ kind: "allow", methods: ["voice"] });
    expect((await send(handset.ended("completed"))).status).toBeLessThan(300);
    const row = await h.w.deps.db.q.selectFrom("delivery").select(["state", "ref"]).executeTakeFirstOrThrow();
    expect(row.state).toBe("delivered");
    expect(JSON.stringify(vendor.orders)).not.toContain(challenge.prompt.number);
  });

  test("that nobody answers, or that is busy, is denied", async () => {
    const { challenge, handset } = await rung();
    await send(handset.ended("no-answer"));
    expect(await ended(h, challenge.id)).toEqual({ state: "denied", result: "CONFIG_ISSUE" });
  });

  test("on which nothing is pressed ends after one repetition", async () => {
    const { challenge, handset, hears } = await rung();
    await hears(handset.answered());
    expect(await hears(handset.pressed(""))).toMatchObject({ listens: true });
    expect(await hears(handset.pressed(""))).toMatchObject({ listens: false });
    expect(await ended(h, challenge.id)).toEqual({ state: "denied", result: "SUCCESS_NO_PIN_BUT_TIMEOUT" });
  });

  test("is not moved by what is forged", async () => {
    const { challenge, handset, hears } = await rung();
    await hears(handset.answered());
    const keys = handset.pressed(`${challenge.prompt.number}#`);
    const elsewhere = { ...keys, url: keys.url.replace(/token=[^&]*/, "token=x") };
    const forgeries = [elsewhere, { ...keys, url: keys.url.replace("token=", "t=") }];
    if (driver.signs) {
      forgeries.push({ ...keys, headers: { ...keys.headers, "x-twilio-signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" } });
      forgeries.push({ ...keys, body: keys.body.replace("FinishedOnKey=%23", "FinishedOnKey=%23&x=1") });
      forgeries.push({ ...keys, url: keys.url.replace("turn=1", "turn=2") });
    }
    for (const forged of forgeries) expect(await send(forged)).toEqual({ status: 403, body: "" });
    expect(await ended(h, challenge.id)).toMatchObject({ state: "pending" });
    expect(await recorded(challenge.id)).toEqual(["SUCCESS_CALL_PLACED"]);
  });

  test("told twice and in another order does what it does once (R-052)", async () => {
    const { challenge, handset, hears } = await rung();
    const answered = handset.answered();
    await Promise.all([send(answered), send(answered), hears(answered)]);
    const wrong = handset.pressed("000000#");
    await Promise.all([send(wrong), send(wrong), send(wrong)]);
    await hears(wrong);
    const right = handset.pressed(`${challenge.prompt.number}#`);
    const first = await send(right);
    expect(await send(right)).toEqual(first);
    for (const late of [wrong, answered, handset.ended("busy"), right]) await send(late);
    expect(await ended(h, challenge.id)).toEqual({ state: "approved", result: "SUCCESS_CALL_NUMBER_VERIFIED" });
    expect(await recorded(challenge.id)).toEqual([
      "SUCCESS_CALL_PLACED",
      "FAILED_CALL_NUMBER_INCORRECT",
      "SUCCESS_CALL_NUMBER_VERIFIED",
    ]);
  });

  test("that comes in from the person's own number is nothing to anybody (R-050)", async () => {
    const { challenge } = await rung();
    await send(driver.incoming(gateway.callbackUrl, number));
    await send(driver.incoming(`${gateway.callbackUrl}&at=keys&turn=1`, number));
    expect(await ended(h, challenge.id)).toEqual({ state: "pending", result: null });
    expect(await recorded(challenge.id)).toEqual(["SUCCESS_CALL_PLACED"]);
  });
});
