/** A call as its script sees it, and what is said on it in the person's language and the organisation's words. */

import { speak, type CallContext, type CallMode, type CallState, type Line } from "#core/call.ts";
import { readExtension } from "#core/extension.ts";
import { voiceMessages, type VoiceMessage } from "#core/voice-messages.ts";
import { languageOf, languages, type Language } from "#i18n/translate.ts";
import type { Callee, CallRow, Leg } from "#store/calls.ts";
import type { Deps } from "./deps.ts";
import { voiceOf, type Voice } from "./voice-messages.ts";

/** Of the usual calls, on which a number is typed: what has no recording in the language that has most of them. */
export async function lackingRecordings(deps: Deps): Promise<{ language: Language; missing: string[] }> {
  const every = await Promise.all(
    (Object.keys(languages) as Language[]).map(async (language) => {
      const nobody = { userId: "", address: null, parameters: "", applicationId: null, isNew: false };
      const callee = { ...nobody, language, mode: "number" };
      const call = onCall(deps, { callee, leg: "primary", application: "" });
      return { language, missing: await missingRecordings(deps, call) };
    }),
  );
  return every.toSorted((x, y) => x.missing.length - y.missing.length)[0]!;
}

export type OnCall = { language: Language; application: string; context: CallContext };

/** What a method keeps beside its number. */
export type Parameters = { extension?: string; backup?: string; backupExtension?: string };
export const parametersOf = ({ parameters }: Pick<Callee, "parameters">): Parameters =>
  JSON.parse(parameters || "{}") as Parameters;

export const extensionOf = (callee: Callee, leg: Leg): string | undefined => {
  const { extension, backupExtension } = parametersOf(callee);
  return (leg === "primary" ? extension : backupExtension) || undefined;
};

/** No PIN is asked for, so none is judged. */
const withoutPin: CallContext["pin"] = { findFault: () => "form", hash: () => "" };

type Given = { callee: Callee; leg: Leg; application: string; code?: string | undefined; pin?: CallContext["pin"] };
export function onCall(deps: Deps, { callee, leg, application, code, pin = withoutPin }: Given): OnCall {
  const settings = deps.settings.values();
  const mode = (callee.mode || "number") as CallMode;
  const written = extensionOf(callee, leg);
  const extension = written === undefined ? undefined : readExtension(written);
  const fraud = settings["fraud.report"] && mode !== "code" && !callee.isNew;
  return {
    language: languageOf(callee.language),
    application,
    context: {
      mode,
      ...(callee.isNew && { activation: true }),
      ...(fraud && { fraud: { code: settings["fraud.code"], block: settings["fraud.block"] } }),
      ...(extension && { extension: { ...extension, operator: extension.operator || settings["voice.operator"] } }),
      ...(code !== undefined && { code }),
      pin,
    },
  };
}

export async function lineOf(deps: Deps, state: CallState, { language, application, context }: OnCall): Promise<Line> {
  const { say, dial, listen } = speak(state, context);
  const voice = await voiceOf(deps, { language, application });
  const values = valuesOf(deps, application);
  return {
    turn: state.turn,
    language,
    say: say.map((one) => (typeof one === "string" ? voice(one, values) : one)),
    ...(dial !== undefined && { dial }),
    ...(listen && { listen }),
  };
}

/** Digits one by one, or a voice makes a number of them. */
const valuesOf = (deps: Deps, application: string) => {
  const settings = deps.settings.values();
  const fraud = Array.from(settings["fraud.code"]).join(" ");
  return { application, fraud, shortest: settings["pin.shortest"] };
};

/** What a carrier that cannot speak lacks a recording of, of all that this call may come to say. */
export async function missingRecordings(deps: Deps, { language, application, context }: OnCall): Promise<string[]> {
  const voice: Voice = await voiceOf(deps, { language, application });
  return messagesOf(context).filter((type) => "text" in voice(type, {}));
}

const named = (start: string) => voiceMessages.filter((type) => type.startsWith(start));
function messagesOf({ mode, activation, fraud, extension }: CallContext): VoiceMessage[] {
  if (mode === "code") return ["greeting_code", "code", "code_again", "goodbye", ...named("digit_")];
  const greetings = {
    standard: [fraud ? "fraud_greeting" : "greeting", "retry"],
    pin: [fraud ? "fraud_greeting_pin" : "greeting_pin", "retry_pin", ...named("pin_")],
    number: [fraud ? "fraud_greeting_number" : "greeting_number", "retry_number"],
  } satisfies Partial<Record<CallMode, VoiceMessage[]>>;
  const transfer: VoiceMessage[] = extension?.operator
    ? ["extension_before", "extension_after", ...named("digit_")]
    : ["extension"];
  return [
    ...greetings[mode],
    ...(activation ? named("activat") : []),
    ...(["authenticated", "denied", "denied_retry"] as const),
    ...(fraud ? (["fraud_reported", "fraud_confirmation"] as const) : []),
    ...(extension ? transfer : []),
  ];
}

export const codePlace = (id: string) => ({ table: "call", column: "sealed_code", row: id });
export const codeOf = (deps: Deps, { id, sealedCode }: CallRow): string | undefined =>
  sealedCode ? deps.keys.unseal("code", sealedCode, codePlace(id)).toString() : undefined;
