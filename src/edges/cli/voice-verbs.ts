import type { Command } from "commander";
import { details, table } from "./output.ts";
import { verb, type Verb } from "./verb.ts";

/** What is said on verification calls. */

type Where = { language: string; application?: string };
const where = (one: Command): Command =>
  one
    .requiredOption("--language <tag>", "such as sv")
    .option("--application <name>", "on calls for this application alone");
const whichOf = (type: string, { language, application }: Where) => ({ type, language, application });

type Shown = {
  type: string;
  language: string;
  application?: string | undefined;
  source: string;
  text?: string;
  seconds?: number;
  fileName?: string;
  url?: string;
  advice?: string;
};
const saidLines = ({ advice, seconds, fileName, url, ...message }: Shown) =>
  [
    details({
      ...message,
      file: fileName,
      length: seconds === undefined ? undefined : `${seconds.toFixed(1)} seconds`,
      "listen at": url,
    }),
    ...(advice === undefined ? [] : [`Mind: ${advice}.`]),
  ].join("\n");

export const voiceVerbs: Verb[] = [
  verb<"voice-message list", { language?: string }>({
    path: "voice-message list",
    command: "voice-message list",
    summary: "list what is said on calls",
    example: "countersign voice-message list --language sv",
    define: (one) => one.option("--language <tag>", "in this language alone"),
    input: (_, { language }) => ({ language }),
    show: ({ messages }) =>
      table(messages, {
        type: (row) => row.type,
        language: (row) => row.language,
        application: (row) => row.application,
        source: (row) => row.source,
        says: (row) => row.text ?? `${row.fileName} (${row.seconds!.toFixed(1)} s)`,
      }),
  }),
  verb<"voice-message play", Where>({
    path: "voice-message play",
    command: "voice-message play",
    summary: "show the words that are said, or the address at which a recording can be heard",
    example: "countersign voice-message play greeting_number --language sv",
    define: (one) => where(one.argument("<type>")),
    input: ([type = ""], options) => whichOf(type, options),
    show: saidLines,
  }),
  verb<"voice-message set", Where & { text: string }>({
    path: "voice-message set",
    command: "voice-message set",
    summary: "have your own words said; {application} and {fraud} stand for what they name",
    example:
      'countersign voice-message set greeting --language en --text "Acme calling about {application}. Press the hash key."',
    define: (one) => where(one.argument("<type>").requiredOption("--text <words>")),
    input: ([type = ""], options) => ({ ...whichOf(type, options), text: options.text }),
    show: saidLines,
  }),
  verb<"voice-message upload", Where>({
    path: "voice-message upload",
    command: "voice-message upload",
    summary: "have a recording played, WAV or MP3, 5 MiB at most and better not longer than 20 seconds",
    example: "countersign voice-message upload greeting halsning.mp3 --language sv",
    define: (one) => where(one.argument("<type>").argument("<file>", "- is standard input")),
    input: ([type = "", file = ""], options) => ({ ...whichOf(type, options), fileName: file.split("/").at(-1) ?? "" }),
    file: ([, file = ""]) => file,
    show: saidLines,
  }),
  verb<"voice-message remove", Where>({
    path: "voice-message remove",
    command: "voice-message remove",
    summary: "have the words said again that came before yours",
    example: "countersign voice-message remove greeting --language sv",
    define: (one) => where(one.argument("<type>")),
    input: ([type = ""], options) => whichOf(type, options),
    show: ({ type, language }) => `${type} (${language}) is no longer said in your words.`,
  }),
];
