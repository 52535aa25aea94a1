/**
 * The simulated carrier of the evaluation: it takes orders for texts and calls over an `Ask`, as a carrier does, and has the
 * phones at the other end. Must stay true: it exists in the evaluation only, and tells a gateway no more than a carrier does.
 */

import { z } from "zod";
import type { Line } from "#core/call.ts";
import type { Ask, CallEvent, TextEvent } from "../gateway.ts";
import { startCall, type Call, type CallView, type Clock, type Pickup, type Reception } from "./call.ts";

const number = z.string().regex(/^\+\d{7,15}$/);
const order = { id: z.string(), to: number, from: z.string(), callbackUrl: z.string(), reportUrl: z.string() };
const textOrder = z.object({ ...order, text: z.string() });
const callOrder = z.object({ ...order, ringSeconds: z.number().int().positive() });
export type TextOrder = z.infer<typeof textOrder>;

/** `callbackUrl` is of the gateway by which whoever is written to sends texts themselves. */
export type Reply = { from: string; to: string; text: string; callbackUrl: string };
export type Switches = { texts: "at_once" | "delayed" | "lost"; delaySeconds: number; calls: Reception };
/** `call` stays when it has ended, until it is put away; `past` are the ended ones, oldest first. */
export type PhoneView = { number: string; switches: Switches; call?: CallView; past: CallView[] };

export type Effects = {
  clock: Clock;
  newId: (prefix: string) => string;
  /** a text has reached its phone */
  keep: (text: TextOrder) => Promise<void>;
  reportText: (url: string, event: TextEvent) => Promise<void>;
  reportCall: (url: string, event: CallEvent) => Promise<Line | undefined>;
  /** something can be seen on a phone that could not be seen before */
  changed: () => void;
  stopping: AbortSignal;
};
/** `calls` has the one that is on the screen too. */
type Phone = { number: string; switches: Switches; held: TextOrder[]; onScreen?: Call; calls: CallView[] };

export type Exchange = {
  ask: Ask;
  /** the newest first */
  phones: () => PhoneView[];
  addPhone: (number: string) => void;
  setPhone: (number: string, switches: Partial<Switches>) => void;
  reply: (reply: Reply) => Promise<void>;
  pickUp: (number: string, how: Pickup) => void;
  press: (number: string, keys: string) => void;
  hangUp: (number: string) => void;
  /** the screen of a call that has ended goes away */
  putAway: (number: string) => void;
};

/** The receipt comes after the text by this: whoever sent it has noted its name by then. */
const receiptMs = 1000;
const keptCalls = 20;

export function openExchange(effects: Effects): Exchange {
  const phones = new Map<string, Phone>();
  const phone = (of: string): Phone => {
    const known = phones.get(of);
    if (known) return known;
    const switches: Switches = { texts: "at_once", delaySeconds: 20, calls: "ring" };
    const fresh: Phone = { number: of, switches, held: [], calls: [] };
    phones.set(of, fresh);
    effects.changed();
    return fresh;
  };
  const onCall = (of: string, act: (call: Call) => void) => {
    const call = phones.get(of)?.onScreen;
    if (call) act(call);
  };
  const ask: Ask = async ({ url, body = "" }) => {
    const wanted = url.endsWith("/texts") ? textOrder.safeParse(parse(body)) : callOrder.safeParse(parse(body));
    if (!wanted.success) return { status: 400, body: "" };
    const to = phone(wanted.data.to);
    if ("text" in wanted.data) await takeText(effects, to, wanted.data);
    else takeCall(effects, to, wanted.data);
    return { status: 201, body: JSON.stringify({ ref: wanted.data.id }) };
  };
  return {
    ask,
    phones: () => [...phones.values()].toReversed().map(shown),
    addPhone: (of) => void phone(of),
    setPhone: (of, switches) => {
      const one = phone(of);
      one.switches = { ...one.switches, ...switches };
      if (isReachable(one)) for (const text of one.held.splice(0)) later(arrive(effects, one, text));
      effects.changed();
    },
    reply: async ({ callbackUrl, from, to, text }) => {
      effects.changed();
      const id = effects.newId("evt_");
      await effects.reportText(callbackUrl, { kind: "reply", id, from, to, text });
    },
    pickUp: (of, how) => onCall(of, (call) => call.pickUp(how)),
    press: (of, keys) => onCall(of, (call) => call.press(keys)),
    hangUp: (of) => onCall(of, (call) => call.hangUp()),
    putAway: (of) => {
      putAway(phone(of));
      effects.changed();
    },
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What fails after the order was taken is lost, as on any network. */
const later = (work: Promise<void>): void => void work.catch(() => undefined);

function putAway(phone: Phone): void {
  if (phone.onScreen?.view.ended) delete phone.onScreen;
}

const isReachable = ({ switches }: Phone) => switches.calls !== "unreachable";

const shown = ({ number: of, switches, onScreen, calls }: Phone): PhoneView => ({
  number: of,
  switches,
  ...(onScreen && onScreen.view.state !== "placed" && { call: onScreen.view }),
  past: calls.filter(({ ended }) => ended),
});

async function takeText(effects: Effects, phone: Phone, text: TextOrder): Promise<void> {
  const { texts, delaySeconds } = phone.switches;
  if (texts === "at_once") await arrive(effects, phone, text);
  if (texts === "delayed") later(arriveLater(effects, phone, { text, ms: delaySeconds * 1000 }));
}

async function arriveLater(effects: Effects, phone: Phone, { text, ms }: { text: TextOrder; ms: number }) {
  await effects.clock.sleep(ms, effects.stopping);
  if (!effects.stopping.aborted) await arrive(effects, phone, text);
}

/** A phone without reception gets its texts when it is back. */
async function arrive(effects: Effects, phone: Phone, text: TextOrder): Promise<void> {
  if (!isReachable(phone)) return void phone.held.push(text);
  await effects.keep(text);
  putAway(phone);
  effects.changed();
  later(giveReceipt(effects, text));
}

async function giveReceipt(effects: Effects, { id, reportUrl }: TextOrder): Promise<void> {
  await effects.clock.sleep(receiptMs, effects.stopping);
  if (effects.stopping.aborted) return;
  const eventId = effects.newId("evt_");
  await effects.reportText(reportUrl, { kind: "status", id: eventId, ref: id, state: "delivered" });
}

function takeCall(effects: Effects, phone: Phone, order: z.infer<typeof callOrder>): void {
  const { id, from, ringSeconds, reportUrl } = order;
  if (phone.calls.some((call) => call.id === id)) return;
  const { calls } = phone.switches;
  const isTalking = phone.onScreen !== undefined && !phone.onScreen.view.ended;
  const call = startCall(
    { ...effects, report: async (event) => await effects.reportCall(reportUrl, event) },
    { id, from, ringSeconds },
    isTalking && calls === "ring" ? "busy" : calls,
  );
  if (!isTalking && calls === "ring") phone.onScreen = call;
  phone.calls = [...phone.calls, call.view].slice(-keptCalls);
}
