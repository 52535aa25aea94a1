/**
 * One call on the simulated network, from the first ring to its end. It reports by the events of any carrier and says what
 * it is told to say. Must stay true: no key is heard that nobody pressed, and voicemail presses none.
 */

import type { CallEnd, Line } from "#core/call.ts";
import type { CallEvent } from "../gateway.ts";

export type Clock = { now: () => number; sleep: (ms: number, signal?: AbortSignal) => Promise<void> };

/** How a phone takes calls by itself, and what its owner may do with one that rings. */
export type Reception = "ring" | "busy" | "unreachable" | "voicemail";
export type Pickup = "answer" | "decline" | "busy" | "voicemail";
/** What one line said; `keys` are those that the network sent to reach an extension. */
export type Said = { language: string; words: ({ text: string } | { recording: string } | { keys: string })[] };

/** As the phone shows it. */
export type CallView = {
  id: string;
  from: string;
  at: number;
  /** placed: the phone knows nothing of it yet; connected: whoever called is asked what to say */
  state: "placed" | "ringing" | "connected" | "speaking" | "listening" | "ended";
  /** voicemail has answered in the owner's place */
  voicemail: boolean;
  said: Said[];
  /** whether a key that is pressed now is heard */
  hears: boolean;
  /** pressed since the last line began */
  keys: string;
  ended?: { at: number; how: CallEnd };
};

export type PlacedCall = { id: string; from: string; ringSeconds: number };
export type Network = {
  clock: Clock;
  newId: (prefix: string) => string;
  /** Gives what to say next; nothing: the call is unknown there, or over. */
  report: (event: CallEvent) => Promise<Line | undefined>;
  changed: () => void;
  stopping: AbortSignal;
};
export type Call = {
  view: CallView;
  pickUp: (how: Pickup) => void;
  press: (keys: string) => void;
  hangUp: () => void;
};

type Live = {
  network: Network;
  placed: PlacedCall;
  reception: Reception;
  view: CallView;
  pickedUp?: Pickup;
  hungUp: boolean;
  /** `#` has ended what was typed */
  closed: boolean;
  /** as many keys are waited for */
  wanted: number;
  wake: AbortController;
};

/** From the order to the first ring: by then whoever calls has noted that the order was taken. */
const setupMs = 400;
const msOf = { letter: 60, comma: 1000, key: 200, recording: 6000 };

export function startCall(network: Network, placed: PlacedCall, reception: Reception): Call {
  const { id, from } = placed;
  const at = network.clock.now();
  const view: CallView = { id, from, at, state: "placed", voicemail: false, said: [], hears: false, keys: "" };
  const wake = new AbortController();
  const live: Live = { network, placed, reception, view, hungUp: false, closed: false, wanted: 0, wake };
  void run(live);
  return {
    view,
    pickUp: (how) => {
      if (view.state !== "ringing") return;
      live.pickedUp ??= how;
      live.wake.abort();
    },
    press: (keys) => {
      for (const key of keys) if (view.hears) hear(live, key);
      network.changed();
    },
    hangUp: () => {
      live.hungUp = true;
      live.wake.abort();
    },
  };
}

function hear(live: Live, key: string): void {
  const { view } = live;
  live.closed = key === "#";
  if (!live.closed) view.keys += key;
  view.hears = !isTyped(live);
  live.wake.abort();
}

const isTyped = ({ closed, view, wanted }: Live) => closed || view.keys.length >= wanted;

async function run(live: Live): Promise<void> {
  try {
    const end = await converse(live);
    if (!live.network.stopping.aborted) await ended(live, end);
  } catch {
    // whoever called cannot say what to say: every carrier hangs up then
    await ended(live, "failed").catch(() => undefined);
  }
}

async function converse(live: Live): Promise<CallEnd> {
  const { view } = live;
  const way = await ring(live);
  if (way !== "answer" && way !== "voicemail") return way === "decline" ? "no_answer" : way;
  view.voicemail = way === "voicemail";
  show(live, "connected");
  let line = await tell(live, { kind: "answered", ...(view.voicemail && { machine: true }) });
  while (line && !isOver(live)) {
    await speak(live, line);
    if (!line.listen || isOver(live)) break;
    const heard = await listen(live, line.listen.seconds);
    if (isOver(live)) break;
    show(live, "connected");
    line = await tell(live, { kind: "digits", turn: line.turn, ...heard });
  }
  return "hung_up";
}

async function ring(live: Live): Promise<Pickup | "no_answer" | "unreachable"> {
  await pause(live, setupMs);
  if (live.reception !== "ring") return live.reception;
  show(live, "ringing");
  if (!live.pickedUp) await pause(live, live.placed.ringSeconds * 1000);
  return live.pickedUp ?? "no_answer";
}

/** The words are on the phone at once; a key ends the speaking where one is waited for. */
async function speak(live: Live, line: Line): Promise<void> {
  const { view } = live;
  const said = line.say.flatMap((one) => ("pauseMs" in one ? [] : [one]));
  const words = [...(line.dial ? [{ keys: line.dial }] : []), ...said];
  if (words.length > 0) view.said.push({ language: line.language, words });
  view.keys = "";
  view.hears = line.listen !== undefined && !view.voicemail;
  live.closed = false;
  live.wanted = line.listen?.digits ?? 0;
  show(live, "speaking");
  await pause(live, lengthMs(line));
}

function lengthMs({ say, dial = "" }: Line): number {
  const dialled = Array.from(dial).map((key) => (key === "," ? msOf.comma : msOf.key));
  const spoken = say.map((one) => {
    if ("pauseMs" in one) return one.pauseMs;
    return "text" in one ? one.text.length * msOf.letter : msOf.recording;
  });
  return [...dialled, ...spoken].reduce((sum, ms) => sum + ms, 0);
}

/** Each key gives the time anew, as with every carrier. */
async function listen(live: Live, seconds: number) {
  const { view } = live;
  show(live, "listening");
  for (let known = -1; known !== view.keys.length && !isTyped(live) && !isOver(live);) {
    known = view.keys.length;
    await pause(live, seconds * 1000);
  }
  view.hears = false;
  return { digits: view.keys, closed: live.closed };
}

async function ended(live: Live, how: CallEnd): Promise<void> {
  live.view.ended = { at: live.network.clock.now(), how };
  live.view.hears = false;
  show(live, "ended");
  await tell(live, { kind: "ended", how });
}

type Told = CallEvent extends infer Event ? (Event extends CallEvent ? Omit<Event, "id" | "ref"> : never) : never;
const tell = async ({ network, placed }: Live, event: Told) =>
  await network.report({ ...event, id: network.newId("evt_"), ref: placed.id });

const isOver = ({ hungUp, network }: Live) => hungUp || network.stopping.aborted;

function show({ view, network }: Live, state: CallView["state"]): void {
  view.state = state;
  network.changed();
}

/** Ends early when the owner does something. */
async function pause(live: Live, ms: number): Promise<void> {
  live.wake = new AbortController();
  if (isOver(live)) return;
  await live.network.clock.sleep(ms, AbortSignal.any([live.wake.signal, live.network.stopping]));
}
