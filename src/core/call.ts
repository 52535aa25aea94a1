/**
 * One leg of a verification call, from the ringing to the end, whoever carries it: what is said, what is listened for, and what
 * has to be done. Pure, and what is said follows from the state alone, so that a callback which comes twice is answered twice
 * and moves nothing. Must stay true: no code is read before a key was pressed, digits without the closing # are
 * forgotten, and whether an answer is right is the engine's to say.
 */

import type { PinFault } from "./pin.ts";
import type { ResultCode } from "./results.ts";
import type { VoiceMessage } from "./voice-messages.ts";

/**
 * `number`: the digits shown on the page are typed. `pin`: the PIN. `standard`: # alone, which transfers no secret.
 * `code`: a code is read, for typing on a page.
 */
export const callModes = ["number", "pin", "standard", "code"] as const;
export type CallMode = (typeof callModes)[number];

/** What does not change while the call lasts. */
export type CallContext = {
  mode: CallMode;
  /** the number is being set up, and this call proves it */
  activation?: boolean;
  /** how fraud is reported, where it may be */
  fraud?: { code: string; block: boolean };
  extension?: { keys: string; operator: boolean };
  /** what is read in mode `code` */
  code?: string;
  /** how a new PIN is judged, and hashed while it waits to be typed again */
  pin: { findFault(pin: string): PinFault | undefined; hash(pin: string): string };
};

/** `asking` has the engine's verdict to wait for. */
type Stage = "ringing" | "extension" | "greeting" | "asking" | "reading" | "pin_new" | "pin_confirm" | "fraud" | "over";

export type CallState = {
  stage: Stage;
  /** rises whenever something new is said; an event of an older turn comes too late */
  turn: number;
  /** how often this stage has asked */
  asked: number;
  /** said before the stage's own words */
  first?: VoiceMessage;
  /** the last words */
  last?: VoiceMessage;
  /** the PIN is over: without a new one nothing is approved */
  pinOver?: true;
  /** keyed hash of the new PIN's first entry */
  newPin?: string;
  /** a machine has answered, as far as the carrier can tell; people who were taken for one may still press keys */
  machine?: true;
  /** hung up while the engine was deciding */
  gone?: true;
};

/** What the engine said to an answer; `code` is its reason. */
export type Verdict = { kind: "right" } | { kind: "wrong"; retry: boolean; code: string } | { kind: "over" };

/** How a call ends, as its carrier tells it. */
export type CallEnd = "busy" | "no_answer" | "unreachable" | "hung_up" | "failed";

export type ScriptEvent =
  | { kind: "answered"; machine?: boolean }
  | { kind: "digits"; turn: number; digits: string; closed: boolean }
  | { kind: "verdict"; verdict: Verdict }
  | { kind: "ended"; how: CallEnd };

/** `answer` and `change_pin` bring a verdict back; `end` denies; the report follows its denial. */
export type Act =
  | { do: "answer"; answer: string }
  | { do: "change_pin"; pin: string }
  | { do: "end"; result: ResultCode }
  | { do: "report_fraud"; block: boolean };

export type Move = { state: CallState; acts: Act[] };

const maxAsked = 2;
const maxReadings = 2;

/** A leg before it is dialled. */
export const begin = (): CallState => ({ stage: "ringing", turn: 0, asked: 0 });

/** `undefined`: the event changes nothing: too late, twice, or out of turn. */
export function advance(state: CallState, event: ScriptEvent, context: CallContext): Move | undefined {
  if (state.stage === "over") return undefined;
  if (event.kind === "ended") return ended(state, event.how);
  if (event.kind === "answered") return answered(state, event.machine === true, context);
  if (event.kind === "verdict") return state.stage === "asking" ? judged(state, event.verdict, context) : undefined;
  if (event.turn !== state.turn) return undefined;
  return heard[state.stage](state, event, context);
}

const to = (state: CallState, next: Partial<CallState> & { stage: Stage }, ...acts: Act[]): Move => {
  const { pinOver, machine, turn } = state;
  const kept = { ...(pinOver && { pinOver }), ...(machine && { machine }) };
  return { state: { ...kept, turn: turn + 1, asked: 1, ...next }, acts };
};

const over = (state: CallState, last: VoiceMessage, ...acts: Act[]): Move =>
  to(state, { stage: "over", last }, ...acts);
/** Nobody is there to hear a last word. */
const gone = (state: CallState, ...acts: Act[]): Move => to(state, { stage: "over" }, ...acts);

const denial = (result: ResultCode): Act => ({ do: "end", result });
const end = (state: CallState, result: ResultCode): Move => over(state, "denied", denial(result));

function answered(state: CallState, machine: boolean, context: CallContext): Move | undefined {
  if (state.stage === "ringing" && machine)
    return gone({ ...state, machine: true }, denial("SUCCESS_NO_PIN_BUT_TIMEOUT"));
  if (state.stage === "ringing") return to(state, { stage: context.extension ? "extension" : "greeting" });
  return machine && !state.machine ? { state: { ...state, machine: true }, acts: [] } : undefined;
}

type Heard = { digits: string; closed: boolean };

/** Asks once more; whoever is not understood then either is denied, with the reason. */
function again(state: CallState, result: ResultCode, next: Partial<CallState> = {}): Move {
  const { stage, asked } = state;
  if (asked < maxAsked && !state.machine) return to(state, { stage, asked: asked + 1, ...next });
  return end(state, state.pinOver ? "SUCCESS_PIN_EXPIRED" : result);
}

/** What was not closed was not entered (fact sheet 2.2). */
const unfinished = (state: CallState, { digits }: Heard): Move =>
  again(state, digits === "" ? "SUCCESS_NO_PIN_BUT_TIMEOUT" : "SUCCESS_WITH_PIN_BUT_TIMEOUT");

type Hearing = (state: CallState, heard: Heard, context: CallContext) => Move | undefined;

const heard: Record<Exclude<Stage, "over">, Hearing> = {
  ringing: () => undefined,
  asking: () => undefined,
  extension: (state, entry) => (entry.closed ? to(state, { stage: "greeting" }) : unfinished(state, entry)),
  greeting: hearEntry,
  reading: (state, entry) =>
    entry.closed && state.asked < maxReadings
      ? to(state, { stage: "reading", asked: state.asked + 1 })
      : over(state, "goodbye"),
  pin_new: hearNewPin,
  pin_confirm: hearConfirmation,
  fraud: (state, { digits }) => over(state, "fraud_reported", { do: "report_fraud", block: digits === "1" }),
};

function hearEntry(state: CallState, entry: Heard, context: CallContext): Move {
  if (!entry.closed) return unfinished(state, entry);
  const { fraud, mode } = context;
  if (fraud && entry.digits === fraud.code) return reported(state, fraud.block);
  if (/\D/.test(entry.digits)) return again(state, "SUCCESS_INVALID_INPUT");
  if (mode === "code") return to(state, { stage: "reading" });
  if (mode === "standard" && entry.digits !== "") return end(state, "SUCCESS_WITH_PIN");
  if (mode === "pin" && entry.digits === "") return end(state, "SUCCESS_NO_PIN");
  // whoever is used to # alone is asked for the number once more
  if (mode === "number" && entry.digits === "") return again(state, "SUCCESS_NO_PIN");
  return to(state, { stage: "asking" }, { do: "answer", answer: entry.digits });
}

/** Denied at once; whether it also blocks is asked where blocking is on (fact sheet 2.5). */
function reported(state: CallState, block: boolean): Move {
  const denied = denial("FAILED_FRAUD_CODE_ENTERED");
  if (block) return to(state, { stage: "fraud" }, denied);
  return over(state, "fraud_reported", denied, { do: "report_fraud", block: false });
}

function judged(state: CallState, verdict: Verdict, { activation }: CallContext): Move {
  if (verdict.kind === "right")
    return over(state, state.pinOver ? "pin_changed" : activation ? "activated" : "authenticated");
  if (verdict.kind === "over") return over(state, "denied");
  if (state.gone) return gone(state, denial("FAILED_USER_HUNGUP_ON_US"));
  if (!verdict.retry) return over(state, "denied");
  // the PIN was right, but counts for nothing until there is a new one
  if (verdict.code === "pin_expired") return to(state, { stage: "pin_new", pinOver: true, first: "pin_over" });
  return to(state, { stage: "greeting", asked: maxAsked, first: "denied_retry" });
}

function hearNewPin(state: CallState, entry: Heard, { pin }: CallContext): Move {
  if (!entry.closed) return again(state, "SUCCESS_PIN_EXPIRED");
  const fault = pin.findFault(entry.digits);
  if (fault) return again(state, "SUCCESS_PIN_EXPIRED", { first: `pin_${fault}` });
  return to(state, { stage: "pin_confirm", asked: state.asked, newPin: pin.hash(entry.digits) });
}

function hearConfirmation(state: CallState, entry: Heard, { pin }: CallContext): Move {
  if (entry.closed && pin.hash(entry.digits) === state.newPin)
    return to(state, { stage: "asking" }, { do: "change_pin", pin: entry.digits });
  return again({ ...state, stage: "pin_new" }, "SUCCESS_PIN_EXPIRED", { first: "pin_mismatch" });
}

const unreached: Record<CallEnd, ResultCode> = {
  busy: "CONFIG_ISSUE",
  no_answer: "CONFIG_ISSUE",
  unreachable: "CONFIG_ISSUE",
  hung_up: "FAILED_USER_HUNGUP_ON_US",
  failed: "FAILED_SERVER_ERROR",
};

function ended(state: CallState, how: CallEnd): Move | undefined {
  if (state.stage === "asking") return state.gone ? undefined : { state: { ...state, gone: true }, acts: [] };
  if (state.stage === "fraud") return gone(state, { do: "report_fraud", block: false });
  // who has heard the code may hang up
  if (state.stage === "reading") return gone(state);
  if (state.pinOver) return gone(state, denial("SUCCESS_PIN_EXPIRED"));
  const voicemail = state.machine && how === "hung_up";
  return gone(state, denial(voicemail ? "SUCCESS_NO_PIN_BUT_TIMEOUT" : unreached[how]));
}

/** A leg that ended so reached nobody, and the person's other phone is called. */
export const isUnreached = ({ machine }: CallState, result: ResultCode): boolean =>
  result === "CONFIG_ISSUE" || (machine === true && result === "SUCCESS_NO_PIN_BUT_TIMEOUT");

/** What is said now, one after the other, and what is listened for; without `listen` the call ends after the last word. */
export type Script = { say: (VoiceMessage | { pauseMs: number })[]; dial?: string; listen?: Listen };
/** Keys until # or until there are `digits` of them; over after `seconds` without a key. */
export type Listen = { digits: number; seconds: number };

const entry: Listen = { digits: 20, seconds: 10 };
const oneKey: Listen = { digits: 1, seconds: 10 };

export function speak(state: CallState, context: CallContext): Script {
  const say = (...own: Script["say"]) => [...(state.first ? [state.first] : []), ...own];
  switch (state.stage) {
    case "extension":
      return toExtension(state, context.extension!);
    case "greeting":
      return { say: say(state.asked === 1 ? greeting(context) : retry(context)), listen: entry };
    case "reading":
      return toReader(state, context.code!);
    case "pin_new":
      return { say: say("pin_new"), listen: entry };
    case "pin_confirm":
      return { say: say("pin_confirm"), listen: entry };
    case "fraud":
      return { say: ["fraud_confirmation"], listen: oneKey };
    case "asking":
      // heard only where a carrier asks again while the engine decides: it comes back in a second
      return { say: [], listen: { digits: 1, seconds: 1 } };
    case "ringing":
    case "over":
      return { say: state.last ? [state.last] : [] };
  }
}

const digits = (text: string): Script["say"] =>
  Array.from(text.replaceAll(/\D/g, "")).flatMap((digit) => [`digit_${digit}` as VoiceMessage, { pauseMs: 400 }]);

/** Tones, or words to whoever answers for everyone; then # from the right person, so that no switchboard hears a greeting. */
function toExtension({ asked }: CallState, { keys, operator }: { keys: string; operator: boolean }): Script {
  if (operator) return { say: ["extension_before", ...digits(keys), "extension_after"], listen: entry };
  return { say: ["extension"], ...(asked === 1 && { dial: keys }), listen: entry };
}

function toReader({ asked }: CallState, code: string): Script {
  const say: Script["say"] = ["code", { pauseMs: 600 }, ...digits(code)];
  return asked < maxReadings ? { say: [...say, "code_again"], listen: entry } : { say: [...say, "goodbye"] };
}

const greetings: Record<CallMode, Record<"plain" | "fraud" | "activation", VoiceMessage>> = {
  standard: { plain: "greeting", fraud: "fraud_greeting", activation: "activation_greeting" },
  pin: { plain: "greeting_pin", fraud: "fraud_greeting_pin", activation: "activation_greeting_pin" },
  number: { plain: "greeting_number", fraud: "fraud_greeting_number", activation: "activation_greeting_number" },
  code: { plain: "greeting_code", fraud: "greeting_code", activation: "greeting_code" },
};
const retries: Record<CallMode, VoiceMessage> = {
  standard: "retry",
  pin: "retry_pin",
  number: "retry_number",
  code: "greeting_code",
};

const greeting = ({ mode, activation, fraud }: CallContext) =>
  greetings[mode][activation ? "activation" : fraud ? "fraud" : "plain"];
const retry = ({ mode, activation }: CallContext) =>
  activation && mode === "standard" ? "activation_retry" : retries[mode];

/** A script in words: `say` is text in the person's language, or a recording of ours by its address. */
export type Line = {
  /** what the carrier gives back with the keys */
  turn: number;
  language: string;
  say: ({ text: string } | { recording: string } | { pauseMs: number })[];
  /** keys to send first: an extension, `,` a pause */
  dial?: string;
  listen?: Listen;
};
