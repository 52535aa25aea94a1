import { expect, test } from "vitest";
import type { Line } from "#core/call.ts";
import { elksOptions } from "../elks.ts";
import type { Callback } from "../gateway.ts";
import { elks } from "./elks.ts";
import { twilio } from "./twilio.ts";

const callbackUrl = "https://mfa.example.org/callbacks/tele?token=t1&delivery=dlv_1";
const nobody = async () => ({ status: 500, body: "" });
const ofTwilio = {
  options: { account: "AC1", token: "12345", key: "", keySecret: "", url: "https://api.twilio.com", voice: "" },
  ask: nobody,
  callbackUrl,
  now: 0,
};
const ofElks = { options: elksOptions.parse({ username: "u1", password: "p1" }), ask: nobody, callbackUrl, now: 0 };
const posted = (url: string, fields: Record<string, string>): Callback => ({
  method: "POST",
  url,
  headers: {},
  body: Buffer.from(new URLSearchParams(fields).toString()),
  clientIp: "192.0.2.1",
});

const asking: Line = {
  turn: 3,
  language: "sv",
  say: [{ text: "Du & jag" }, { recording: "https://mfa.example.org/a.mp3?x=1&y=2" }, { text: "4" }, { pauseMs: 400 }],
  listen: { digits: 20, seconds: 10 },
};
const digits: Line["say"] = ["4", "8"].flatMap((text) => [{ text }, { pauseMs: 400 }]);

test("Twilio is asked to listen until #, and to come back with the line's turn", () => {
  expect(twilio.callback.render(asking, ofTwilio).body).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="dtmf" method="POST" ' +
      'action="https://mfa.example.org/callbacks/tele?token=t1&amp;delivery=dlv_1&amp;at=keys&amp;turn=3" finishOnKey="#" numDigits="20" timeout="10" ' +
      'actionOnEmptyResult="true"><Say language="sv-SE">Du &amp; jag</Say>' +
      '<Play>https://mfa.example.org/a.mp3?x=1&amp;y=2</Play><Say language="sv-SE">4,</Say></Gather></Response>',
  );
});

test("Twilio speaks digits one by one, waits, sends an extension's tones and hangs up after the last word", () => {
  const last: Line = { turn: 4, language: "en", dial: ",890", say: [...digits, { pauseMs: 2000 }, { text: "Bye." }] };
  const withVoice = { ...ofTwilio, options: { ...ofTwilio.options, voice: "Polly.Amy" } };
  expect(twilio.callback.render(last, withVoice).body).toContain(
    '<Response><Play digits="wwww890"/><Say language="en-GB" voice="Polly.Amy">4, 8,</Say><Pause length="2"/>' +
      '<Say language="en-GB" voice="Polly.Amy">Bye.</Say><Hangup/></Response>',
  );
});

test("Twilio's keys are closed by #, and by nothing else", () => {
  const keys = (fields: Record<string, string>) =>
    twilio.callback.read(posted(`${callbackUrl}&at=keys&turn=3`, { CallSid: "CA1", ...fields }));
  const heard = (text: string, closed: boolean) => ({
    kind: "digits",
    id: "dlv_1 3",
    ref: "dlv_1",
    turn: 3,
    digits: text,
    closed,
  });
  expect(keys({ Digits: "482913", FinishedOnKey: "#" })).toEqual(heard("482913", true));
  expect(keys({ Digits: "", FinishedOnKey: "#" })).toEqual(heard("", true));
  expect(keys({ Digits: "#" })).toEqual(heard("", true));
  expect(keys({ Digits: "4829", FinishedOnKey: "" })).toEqual(heard("4829", false));
  expect(keys({ FinishedOnKey: "" })).toEqual(heard("", false));
  expect(keys({})).toEqual(heard("", false));
  expect(keys({ Digits: "482913" })).toEqual(heard("482913", true));
});

test("46elks plays one recording after the other and listens at the last", () => {
  const line: Line = { ...asking, dial: ",890", say: [{ recording: "https://a/1" }, { recording: "https://a/2" }] };
  expect(JSON.parse(elks.callback.render(line, ofElks).body)).toEqual({
    play: "sound/dtmf/PPPP890",
    skippable: false,
    next: {
      play: "https://a/1",
      skippable: false,
      next: {
        ivr: "https://a/2",
        digits: 20,
        timeout: 10,
        repeat: 1,
        next: `${callbackUrl}&at=keys&turn=3`,
      },
    },
  });
});

test("46elks ends after the last recording, and at once where there is none", () => {
  const say = [{ recording: "https://a/1" }, { recording: "https://a/2" }];
  const body = (line: Line) => JSON.parse(elks.callback.render(line, ofElks).body) as unknown;
  expect(body({ turn: 1, language: "sv", say })).toEqual({
    play: "https://a/1",
    skippable: false,
    next: { play: "https://a/2", skippable: false },
  });
  expect(body({ turn: 1, language: "sv", say: [] })).toEqual({ hangup: "reject" });
  expect(body({ turn: 1, language: "sv", say: [], listen: { digits: 1, seconds: 1 } })).toMatchObject({
    ivr: "sound/dtmf/p",
  });
});

test("46elks tells how a call ended, and what it cost", () => {
  const url = `${callbackUrl}&at=ended`;
  const ended = (fields: Record<string, string>) => elks.callback.read(posted(url, { id: "c1", ...fields }));
  expect(ended({ state: "busy" })).toEqual({ kind: "ended", id: "dlv_1 ended", ref: "dlv_1", how: "busy" });
  expect(ended({ state: "failed", cost: "0" })).toMatchObject({ how: "no_answer", costMicros: 0 });
  expect(ended({ state: "success", cost: "1500.001" })).toMatchObject({ how: "hung_up", costMicros: 150_000 });
  for (const cost of ["-1500", "1e300", "much"])
    expect(ended({ state: "success", cost })).toEqual({
      kind: "ended",
      id: "dlv_1 ended",
      ref: "dlv_1",
      how: "hung_up",
    });
  expect(ended({ state: "ongoing" })).toBeUndefined();
});

test("a call that came in is nothing to either (R-050)", () => {
  const url = `${callbackUrl}&at=answered`;
  expect(twilio.callback.read(posted(url, { CallSid: "CA1", Direction: "inbound" }))).toBeUndefined();
  expect(elks.callback.read(posted(url, { callid: "c1", direction: "incoming" }))).toBeUndefined();
  const nameless = url.replace("&delivery=dlv_1", "");
  expect(twilio.callback.read(posted(nameless, { CallSid: "CA1", From: "+46701740635" }))).toBeUndefined();
  expect(elks.callback.read(posted(nameless, { callid: "c1", from: "+46701740635" }))).toBeUndefined();
});

test("an order names the delivery in every address, and gives its name at the vendor back", async () => {
  const asked: { url: string; body: URLSearchParams }[] = [];
  const vendor =
    (answer: object) =>
    async ({ url, body }: { url: string; body?: string }) => {
      asked.push({ url, body: new URLSearchParams(body) });
      return { status: 201, body: JSON.stringify(answer) };
    };
  const order = {
    id: "msg_1",
    to: "+46701740635",
    from: "+46850000000",
    ringSeconds: 30,
    reportUrl: callbackUrl,
    signal: AbortSignal.timeout(5000),
  };
  expect(await twilio.place({ ...ofTwilio, ask: vendor({ sid: "CA1" }) }, order)).toEqual({ ref: "CA1" });
  expect(await elks.place({ ...ofElks, ask: vendor({ id: "c1" }) }, order)).toEqual({ ref: "c1" });
  expect(asked[0]!.url).toBe("https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json");
  expect(asked[0]!.body.get("Url")).toBe(`${callbackUrl}&at=answered`);
  expect(asked[0]!.body.get("AsyncAmdStatusCallback")).toBe(`${callbackUrl}&at=machine`);
  expect(Object.fromEntries(asked[1]!.body)).toEqual({
    to: "+46701740635",
    from: "+46850000000",
    voice_start: `${callbackUrl}&at=answered`,
    whenhangup: `${callbackUrl}&at=ended`,
    timeout: "30",
  });
});
