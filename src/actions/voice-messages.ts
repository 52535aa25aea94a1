/**
 * What is said on calls: stock words in each language, an organisation's own in their place, as text or as a recording, for one
 * application or for all. Must stay true: a recording is told by its content, and its public address cannot be guessed.
 */

import { AppError } from "#core/errors.ts";
import { voiceMessages, type VoiceMessage } from "#core/voice-messages.ts";
import { languages, translate, type Language } from "#i18n/translate.ts";
import {
  deleteVoiceMessage,
  listVoiceMessages,
  readAudioOf,
  saveVoiceMessage,
  type MessageKey,
  type NewVoiceMessage,
  type VoiceMessageRow,
} from "#store/voice-messages.ts";
import { readAudio } from "#wire/audio/audio.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

/** `application` is its name; none: for all. */
export type Which = { type: string; language: string; application?: string | undefined };
export type ShownMessage = Which & {
  source: "stock" | "text" | "recording";
  /** the words that are spoken; a recording has none */
  text?: string;
  seconds?: number;
  fileName?: string;
  /** where the recording can be heard */
  url?: string;
};

/** People stop listening; the greeting is heard at every sign-in. */
const adviceSeconds = 20;
const longestAudioOctets = 5 * 1024 * 1024;

/** What is said of each type in each language, the organisation's own beside the stock. */
export async function listMessages(
  deps: Deps,
  { language }: { language?: string | undefined },
): Promise<ShownMessage[]> {
  const shown = language === undefined ? (Object.keys(languages) as Language[]) : [readLanguage(language)];
  const rows = await listVoiceMessages(deps.db);
  return shown.flatMap((one) =>
    voiceMessages.flatMap((type) => {
      const own = rows.filter((row) => row.type === type && row.language === one);
      const stock: ShownMessage = { type, language: one, source: "stock", text: translate(one, `voice.${type}`) };
      const forAll = own.some(({ application }) => application === "");
      return [...(forAll ? [] : [stock]), ...own.map((row) => shownOf(deps, row))];
    }),
  );
}

function shownOf(deps: Deps, { type, language, application, words, recording }: VoiceMessageRow): ShownMessage {
  const which = { type, language, ...(application !== "" && { application }) };
  if (!recording) return { ...which, source: "text", text: words! };
  const { ms, fileName, key } = recording;
  return { ...which, source: "recording", seconds: ms / 1000, fileName, url: audioUrl(deps, key) };
}

/** What is said now, for hearing it before people do. */
export async function loadMessage(deps: Deps, which: Which): Promise<ShownMessage> {
  const { type, language, application } = keyOf(which);
  const own = (await listMessages(deps, { language })).filter((one) => one.type === type);
  return own.find((one) => one.application === application) ?? own.find((one) => one.application === undefined)!;
}

export async function setMessage(deps: Deps, actor: Actor, input: Which & { text: string }): Promise<ShownMessage> {
  const text = input.text.trim();
  if (text === "" || text.length > 1000) throw new AppError("invalid", "text must have 1 to 1000 characters");
  return await save(deps, actor, { which: input, said: { words: text } });
}

type Upload = Which & { file: AsyncIterable<Uint8Array>; fileName: string };
/** `advice`: it is taken, but people may not listen so long. */
export async function uploadMessage(
  deps: Deps,
  actor: Actor,
  { file, fileName, ...which }: Upload,
): Promise<ShownMessage & { advice?: string }> {
  keyOf(which);
  const audio = await collected(file);
  const read = readAudio(audio);
  if (!read.ok) throw new AppError("invalid", `the file ${read.reason}`);
  const key = deps.random.bytes(24).toString("base64url");
  const said = { audio, type: read.type, ms: Math.round(read.seconds * 1000), key, fileName: fileName.slice(-200) };
  const shown = await save(deps, actor, { which, said });
  if (read.seconds <= adviceSeconds) return shown;
  const advice = `it lasts ${Math.round(read.seconds)} seconds; people hang up on what lasts longer than ${adviceSeconds}`;
  return { ...shown, advice };
}

async function collected(file: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of file) {
    octets += part.length;
    if (octets > longestAudioOctets) throw new AppError("invalid", "the file has more than 5 MiB");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function save(
  deps: Deps,
  actor: Actor,
  { which, said }: { which: Which; said: NewVoiceMessage["said"] },
): Promise<ShownMessage> {
  const key = keyOf(which);
  const row = { ...key, application: key.application ?? "" };
  return await changed(deps, actor, async (run) => {
    await saveVoiceMessage(run, { id: deps.random.id("vmg_"), ...row, at: deps.clock.now(), said });
    const recording = "words" in said ? undefined : said;
    const words = "words" in said ? said.words : null;
    return {
      value: shownOf(deps, { ...row, words, recording }),
      result: "VOICE_MESSAGE_CHANGED",
      detail: { ...key, ...(recording ? { seconds: recording.ms / 1000 } : { text: words }) },
    };
  });
}

/** The stock words are said again, or those for all applications. */
export async function removeMessage(deps: Deps, actor: Actor, which: Which): Promise<Which> {
  const key = keyOf(which);
  const row: MessageKey = { ...key, application: key.application ?? "" };
  return await changed(deps, actor, async (run) => {
    if (!(await deleteVoiceMessage(run, row))) throw new AppError("not_found", "nothing of your own is said there");
    return { value: key, result: "VOICE_MESSAGE_REMOVED", detail: key };
  });
}

function keyOf({ type, language, application }: Which) {
  const known = voiceMessages.find((one) => one === type);
  if (!known) throw new AppError("invalid", "type is none that a call has");
  const name = application?.trim() ?? "";
  return { type: known, language: readLanguage(language), ...(name !== "" && { application: name }) };
}

function readLanguage(language: string): Language {
  if (Object.hasOwn(languages, language)) return language as Language;
  throw new AppError("invalid", `language is none of ${Object.keys(languages).join(", ")}`);
}

const audioUrl = (deps: Deps, key: string): string =>
  `${new URL(deps.db.node.publicUrl).origin}/callbacks/audio/${key}`;

/** For carriers, and for browsers that play it. */
export const findAudio = async (deps: Deps, key: string) => await readAudioOf(deps.db, key);

export type Voice = (type: VoiceMessage, values: Record<string, string | number>) => Spoken;
export type Spoken = { text: string } | { recording: string };

/** How each type is said on a call to this application, in this language. */
export async function voiceOf(
  deps: Deps,
  { language, application }: { language: Language; application: string },
): Promise<Voice> {
  const rows = (await listVoiceMessages(deps.db, language)).filter((row) =>
    ["", application].includes(row.application),
  );
  return (type, values) => {
    const own = rows.filter((row) => row.type === type).toSorted((a, b) => b.application.length - a.application.length);
    const [row] = own;
    if (row?.recording) return { recording: audioUrl(deps, row.recording.key) };
    return {
      text: row?.words === undefined ? translate(language, `voice.${type}`, values) : filled(row.words!, values),
    };
  };
}

const filled = (words: string, values: Record<string, string | number>): string =>
  words.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
