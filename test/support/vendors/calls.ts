// Calls at the vendors, as their documents say: what an order must hold, what is asked when somebody answers and presses keys, how
// what is answered reads, and how the end is told. Must stay true: nothing here is our own code's reading of it.
import { elks as elksTexts, password, post as elksPost, username } from "./elks.ts";
import type { Order, Post, Protocol } from "./stand-in.ts";
import { account, post as twilioPost, token, twilio as twilioTexts } from "./twilio.ts";

/** What somebody with the phone at their ear hears, and where the keys they press go. */
export type Heard = { words: string; recordings: string[]; listens: boolean };
export type Handset = {
  answered: () => Post;
  /** `12#` is closed, `12` is what was pressed when the time was over */
  pressed: (keys: string) => Post;
  ended: (how: "completed" | "busy" | "no-answer") => Post;
  hear: (body: string) => Heard;
};
export type CallDriver = {
  protocol: Protocol;
  gateway: (url: string) => { vendor: string; options: object; secrets: Record<string, string> };
  handset: (order: Order) => Handset;
  /** somebody calls us from a number, and the vendor asks what to do */
  incoming: (callbackUrl: string, from: string) => Post;
  signs: boolean;
};

const basic = (user: string, secret: string) => `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
const text = (order: Order, of: { to: string; from: string; url: string }, ref: string) => ({
  to: order.form.get(of.to)!,
  from: order.form.get(of.from)!,
  text: "",
  ref,
  reportUrl: order.form.get(of.url) ?? undefined,
});

const sid = "CA00112233445566778899aabbccddeeff";

/** twilio.com/docs/voice/api/call-resource, …/twiml/gather, …/answering-machine-detection */
export const twilio: CallDriver = {
  signs: true,
  gateway: (url) => ({ vendor: "twilio", options: { account, url }, secrets: { token } }),
  protocol: {
    moods: twilioTexts.moods,
    refuse({ path, authorization, form }) {
      const error = (status: number, code: number) => ({ status, body: { code, status } });
      if (authorization !== basic(account, token)) return error(401, 20003);
      if (path !== `/2010-04-01/Accounts/${account}/Calls.json`) return error(404, 20404);
      if (!/^\+[1-9]\d{6,14}$/.test(form.get("To") ?? "")) return error(400, 21211);
      if (!form.get("From")) return error(400, 21212);
      if (!form.get("Url")?.startsWith("https:")) return error(400, 21205);
      if (!(Number(form.get("Timeout")) > 0 && Number(form.get("Timeout")) <= 600)) return error(400, 21220);
      return form.get("AsyncAmd") === "true" && !form.get("AsyncAmdStatusCallback") ? error(400, 21262) : undefined;
    },
    read: (order) => text(order, { to: "To", from: "From", url: "Url" }, sid),
    accept: ({ ref, to, from }) => ({
      status: 201,
      body: { sid: ref, to, from, status: "queued", direction: "outbound-api" },
    }),
  },
  handset({ form }) {
    const about = {
      CallSid: sid,
      AccountSid: account,
      From: form.get("From")!,
      To: form.get("To")!,
      Direction: "outbound-api",
      ApiVersion: "2010-04-01",
    };
    let action = "";
    return {
      answered: () => twilioPost(form.get("Url")!, { ...about, CallStatus: "in-progress" }),
      pressed(keys) {
        const closed = keys.endsWith("#");
        const Digits = closed ? keys.slice(0, -1) : keys;
        return twilioPost(action, {
          ...about,
          CallStatus: "in-progress",
          msg: "Gather End",
          Digits,
          FinishedOnKey: closed ? "#" : "",
        });
      },
      ended: (CallStatus) =>
        twilioPost(form.get("StatusCallback")!, { ...about, CallStatus, CallDuration: "12", SequenceNumber: "0" }),
      hear(body) {
        action = unescaped(/<Gather [^>]*action="([^"]*)"/.exec(body)?.[1] ?? "");
        const said = [...body.matchAll(/<Say [^>]*>([^<]*)<\/Say>/g)].map(([, words]) => unescaped(words!));
        return { words: said.join(" "), recordings: [], listens: action !== "" };
      },
    };
  },
  incoming: (url, From) =>
    twilioPost(url, {
      CallSid: "CAother",
      AccountSid: account,
      From,
      To: "+46766861004",
      Direction: "inbound",
      CallStatus: "ringing",
    }),
};
const unescaped = (xml: string) =>
  xml
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

const callId = "c45072a1eeafebccc3dffbd4d27b5ebcc";
type Action = { play?: string; ivr?: string; next?: Action | string; hangup?: string };

/** 46elks.se/docs/make-call, …/call-actions, …/voice-ivr, …/voice-play */
export const elks: CallDriver = {
  signs: false,
  gateway: (url) => ({ vendor: "46elks", options: { username, url }, secrets: { password } }),
  protocol: {
    moods: elksTexts.moods,
    refuse({ path, authorization, form }) {
      if (authorization !== basic(username, password))
        return { status: 401, body: "API access requires Basic HTTP authentication" };
      if (path.toLowerCase() !== "/a1/calls") return { status: 404, body: "404 Not Found" };
      if (!/^\+\d{7,15}$/.test(form.get("to") ?? "")) return { status: 400, body: "Invalid to number" };
      return form.get("voice_start") ? undefined : { status: 400, body: "Missing key voice_start" };
    },
    read: (order) => text(order, { to: "to", from: "from", url: "voice_start" }, callId),
    accept: ({ ref, to, from }) => ({
      status: 200,
      body: { id: ref, to, from, direction: "outgoing", state: "ongoing" },
    }),
  },
  handset({ form }) {
    const about = { callid: callId, direction: "outgoing", from: form.get("from")!, to: form.get("to")! };
    let next = "";
    return {
      answered: () => elksPost(form.get("voice_start")!, { ...about, created: "2027-01-15T08:00:00.000000" }),
      pressed: (keys) =>
        elksPost(next, { ...about, result: keys.endsWith("#") ? keys.slice(0, -1) : "failed", why: "timeout" }),
      ended(how) {
        const state = { completed: "success", busy: "busy", "no-answer": "failed" }[how];
        const { callid: id, ...rest } = about;
        return elksPost(form.get("whenhangup")!, { id, ...rest, state, duration: "12", cost: "1500", actions: "[]" });
      },
      hear(body) {
        const recordings: string[] = [];
        next = "";
        for (
          let action = JSON.parse(body) as Action | string | undefined;
          typeof action === "object";
          action = action.next
        ) {
          const sound = action.ivr ?? action.play;
          if (sound?.startsWith("https:")) recordings.push(sound);
          if (action.ivr !== undefined && typeof action.next === "string") ({ next } = action as { next: string });
        }
        return { words: "", recordings, listens: next !== "" };
      },
    };
  },
  incoming: (url, from) => elksPost(url, { callid: "cother", direction: "incoming", from, to: "+46766861004" }),
};
