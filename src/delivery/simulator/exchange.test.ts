import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Line } from "#core/call.ts";
import type { CallEvent, TextEvent } from "../gateway.ts";
import { openExchange } from "./exchange.ts";

const phone = "+46701740605";
const ours = "+46701740699";
const reportUrl = "https://mfa.example.org/callbacks/simulator?attempt=1";
const callbackUrl = "https://mfa.example.org/callbacks/simulator";

/** An exchange with a clock to move; `script` answers what happens on calls. */
function network(script: (event: CallEvent) => Line | undefined = () => undefined) {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  const stopping = new AbortController();
  const kept: string[] = [];
  const texts: TextEvent[] = [];
  const calls: CallEvent[] = [];
  let ids = 0;
  const exchange = openExchange({
    clock: {
      now: () => now,
      sleep: async (ms, signal) =>
        await new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          signal?.addEventListener("abort", () => resolve());
          sleepers.push({ at: now + ms, wake: resolve });
        }),
    },
    newId: (prefix) => `${prefix}${++ids}`,
    keep: async ({ text }) => void kept.push(text),
    reportText: async (_url, event) => void texts.push(event),
    reportCall: async (_url, event) => {
      calls.push(event);
      return script(event);
    },
    changed: () => undefined,
    stopping: stopping.signal,
  });
  const pass = async (ms: number) => {
    await turn();
    const until = now + ms;
    for (;;) {
      const [next] = sleepers.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      now = next.at;
      sleepers = sleepers.filter((one) => one !== next);
      next.wake();
      await turn();
    }
    now = until;
  };
  const order = async (what: "texts" | "calls", more: object) =>
    await exchange.ask({
      method: "POST",
      url: `https://simulator.invalid/${what}`,
      body: JSON.stringify({ id: "dlv_1", to: phone, from: ours, reportUrl, callbackUrl, ...more }),
      signal: stopping.signal,
    });
  const text = (body: string, more: object = {}) => order("texts", { text: body, ...more });
  const ring = async (more: object = {}) => {
    await order("calls", { ringSeconds: 30, ...more });
    await pass(500);
  };
  const kinds = () => calls.map((event) => (event.kind === "ended" ? event.how : event.kind));
  const shown = () => exchange.phones()[0]!;
  return { exchange, kept, texts, calls, text, ring, pass, kinds, shown, stopping };
}

const line = (text: string, listen?: { digits: number; seconds: number }): Line => ({
  turn: 1,
  language: "en",
  say: [{ text }],
  ...(listen && { listen }),
});
const entry = { digits: 20, seconds: 10 };

test("a text arrives at once and its receipt a second later", async () => {
  const n = network();
  expect(await n.text("hello")).toEqual({ status: 201, body: '{"ref":"dlv_1"}' });
  expect([n.kept, n.texts]).toEqual([["hello"], []]);
  await n.pass(1000);
  expect(n.texts).toEqual([expect.objectContaining({ kind: "status", ref: "dlv_1", state: "delivered" })]);
});

test("a delayed text arrives when its time is over, a lost one never, and neither order fails", async () => {
  const n = network();
  n.exchange.setPhone(phone, { texts: "delayed", delaySeconds: 30 });
  await n.text("late");
  await n.pass(29_999);
  expect(n.kept).toEqual([]);
  await n.pass(1);
  expect(n.kept).toEqual(["late"]);
  n.exchange.setPhone(phone, { texts: "lost" });
  expect((await n.text("lost")).status).toBe(201);
  await n.pass(86_400_000);
  expect(n.kept).toEqual(["late"]);
});

test("a phone without reception gets its texts when it is back", async () => {
  const n = network();
  n.exchange.setPhone(phone, { calls: "unreachable" });
  await n.text("one");
  await n.pass(60_000);
  expect([n.kept, n.texts]).toEqual([[], []]);
  n.exchange.setPhone(phone, { calls: "ring" });
  await n.pass(1000);
  expect([n.kept, n.texts.length]).toEqual([["one"], 1]);
});

test("an order that is no order is refused", async () => {
  const n = network();
  expect((await n.text("hello", { to: "070-123" })).status).toBe(400);
  expect(n.kept).toEqual([]);
});

test("a reply is told as from the phone it was written on", async () => {
  const n = network();
  await n.exchange.reply({ from: phone, to: ours, text: "482913", callbackUrl });
  expect(n.texts).toEqual([{ kind: "reply", id: expect.any(String), from: phone, to: ours, text: "482913" }]);
});

test("a call rings, is answered, says its words, hears keys until #, and ends with the last word", async () => {
  const n = network(({ kind }) => (kind === "answered" ? line("type it", entry) : line("thank you")));
  await n.ring();
  expect(n.shown().call).toMatchObject({ state: "ringing", from: ours, said: [] });
  n.exchange.pickUp(phone, "answer");
  await n.pass(0);
  expect(n.shown().call).toMatchObject({ state: "speaking", hears: true });
  n.exchange.press(phone, "48");
  await n.pass(9_000);
  expect(n.shown().call).toMatchObject({ state: "listening", keys: "48" });
  n.exchange.press(phone, "2913#7");
  await n.pass(0);
  expect(n.shown().call).toMatchObject({ state: "speaking", hears: false });
  n.exchange.press(phone, "9#");
  await n.pass(10_000);
  expect(n.shown().call).toMatchObject({ state: "ended", keys: "", ended: { how: "hung_up" } });
  expect(n.shown().call!.said.map(({ words }) => words)).toEqual([[{ text: "type it" }], [{ text: "thank you" }]]);
  expect(n.kinds()).toEqual(["answered", "digits", "hung_up"]);
  expect(n.calls[1]).toMatchObject({ turn: 1, digits: "482913", closed: true });
});

test("keys without # are told when the time is over, counted from the last of them, or when they are enough", async () => {
  const n = network((event) => (event.kind === "ended" ? undefined : line("press", { digits: 2, seconds: 10 })));
  await n.ring();
  n.exchange.pickUp(phone, "answer");
  await n.pass(1000);
  await n.pass(9000);
  n.exchange.press(phone, "1");
  await n.pass(9999);
  expect(n.kinds()).toEqual(["answered"]);
  await n.pass(1);
  expect(n.calls[1]).toMatchObject({ digits: "1", closed: false });
  n.exchange.press(phone, "234");
  await n.pass(0);
  expect(n.calls[2]).toMatchObject({ digits: "23", closed: false });
});

test.each([
  ["busy", "busy"],
  ["unreachable", "unreachable"],
] as const)("a phone that is %s ends the call as %s and shows nothing", async (calls, how) => {
  const n = network();
  n.exchange.setPhone(phone, { calls });
  await n.ring();
  expect(n.kinds()).toEqual([how]);
  expect(n.shown().call).toBeUndefined();
  expect(n.shown().past).toMatchObject([{ ended: { how } }]);
});

test("who declines has not answered, who is busy says so, and nobody answers when the ringing is over", async () => {
  for (const [pickup, how] of [
    ["decline", "no_answer"],
    ["busy", "busy"],
    [undefined, "no_answer"],
  ] as const) {
    const n = network();
    await n.ring();
    if (pickup) n.exchange.pickUp(phone, pickup);
    else await n.pass(29_000);
    expect(n.shown().call?.state).toBe("ringing");
    await n.pass(1000);
    expect(n.kinds()).toEqual([how]);
  }
});

test("who hangs up ends the call, also while somebody speaks", async () => {
  const n = network(() => line("type it", entry));
  await n.ring();
  n.exchange.pickUp(phone, "answer");
  await n.pass(0);
  n.exchange.hangUp(phone);
  await n.pass(0);
  expect(n.kinds()).toEqual(["answered", "hung_up"]);
  n.exchange.putAway(phone);
  expect(n.shown().call).toBeUndefined();
  expect(n.shown().past).toHaveLength(1);
});

test("voicemail answers as a machine, hears the words and presses nothing, whoever sits before the phone", async () => {
  const n = network((event) => (event.kind === "digits" ? undefined : line("type it", entry)));
  n.exchange.setPhone(phone, { calls: "voicemail" });
  await n.ring();
  expect(n.calls[0]).toMatchObject({ kind: "answered", machine: true });
  n.exchange.press(phone, "482913#");
  await n.pass(20_000);
  expect(n.calls[1]).toMatchObject({ digits: "", closed: false });
  expect(n.shown().past).toMatchObject([{ voicemail: true, said: [{ words: [{ text: "type it" }] }] }]);
});

test("a call that comes while another lasts is busy, and the same order is one call", async () => {
  const n = network(() => line("type it", entry));
  await n.ring();
  n.exchange.pickUp(phone, "answer");
  await n.ring();
  await n.ring({ id: "dlv_2" });
  expect(n.calls.map(({ kind, ref }) => [kind, ref])).toEqual([
    ["answered", "dlv_1"],
    ["ended", "dlv_2"],
  ]);
});

test("a caller who cannot say what to say is hung up on", async () => {
  const n = network((event) => {
    if (event.kind === "answered") throw new Error("no database");
    return undefined;
  });
  await n.ring();
  n.exchange.pickUp(phone, "answer");
  await n.pass(0);
  expect(n.kinds()).toEqual(["answered", "failed"]);
});

test("nothing is told once the exchange stops", async () => {
  const n = network();
  n.exchange.setPhone(phone, { texts: "delayed" });
  await n.text("late");
  await n.ring();
  n.stopping.abort();
  await n.pass(60_000);
  expect([n.kept, n.texts, n.calls]).toEqual([[], [], []]);
});
