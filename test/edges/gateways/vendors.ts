// What differs between vendors when one suite asks them all: how each is set up, how its stand-in speaks, and what it calls back.
import type { NewGateway } from "#actions/gateways.ts";
import { elks, elksReply, elksReport, password, username } from "../../support/vendors/elks.ts";
import type { Post, Protocol, Text } from "../../support/vendors/stand-in.ts";
import { account, token, twilio, twilioReply, twilioReport } from "../../support/vendors/twilio.ts";

type Reply = { id: string; from: string; to: string; text: string; at: number };
export type Driver = {
  protocol: Protocol;
  gateway: (url: string) => Pick<NewGateway, "vendor" | "options" | "secrets">;
  /** what its callbacks say; none: it has none */
  report?: (text: Text, state: "delivered" | "failed" | "sent") => Post;
  reply?: (callbackUrl: string, reply: Reply) => Post;
  signs?: true;
  /** what an answer that nobody can read means: whether the text left is not known, unless an administrator has said what a yes is */
  garbled: "unsure" | "refused";
  costMicros?: number;
};

/** A made-up vendor that takes JSON, behind the generic gateway. */
const httpSecret = "bearer-of-the-vendor";
const http: Protocol = {
  refuse: ({ authorization, body, type }) => {
    if (authorization !== `Bearer ${httpSecret}`) return { status: 403, body: { ok: false } };
    const { msisdn } = JSON.parse(body) as { msisdn: string };
    return type === "application/json" && /^\d{7,15}$/.test(msisdn) ? undefined : { status: 400, body: { ok: false } };
  },
  read: ({ body }, ref) => {
    const { msisdn, sender, content } = JSON.parse(body) as Record<"msisdn" | "sender" | "content", string>;
    return { to: `+${msisdn}`, from: sender, text: content, ref, reportUrl: undefined };
  },
  accept: ({ ref }) => ({ status: 200, body: { ok: true, messages: [{ id: ref }] } }),
  moods: {
    failing: { status: 503, body: { ok: false } },
    busy: { status: 429, body: { ok: false } },
    refusing: { status: 200, body: { ok: false, error: "+46701234567 is not a number" } },
  },
};

export const drivers: Record<string, Driver> = {
  twilio: {
    protocol: twilio,
    gateway: (url) => ({ vendor: "twilio", options: { account, url }, secrets: { token } }),
    report: (text, state) => twilioReport(text, state === "failed" ? "undelivered" : state),
    reply: twilioReply,
    garbled: "unsure",
    signs: true,
  },
  "46elks": {
    protocol: elks,
    gateway: (url) => ({ vendor: "46elks", options: { username, url }, secrets: { password } }),
    report: elksReport,
    reply: elksReply,
    garbled: "unsure",
    costMicros: 350_000,
  },
  http: {
    protocol: http,
    gateway: (url) => ({
      vendor: "http",
      options: {
        url: `${url}/send/{id}`,
        type: "json",
        headers: "Authorization: Bearer {secret}\nX-Other: 1",
        body: `{"msisdn":"{digits}","sender":"{from}","content":"{text}"}`,
        success: `"ok":true`,
        ref: "messages.0.id",
      },
      secrets: { secret: httpSecret },
    }),
    garbled: "refused",
  },
};
