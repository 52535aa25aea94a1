import type { Settings } from "#core/settings/index.ts";
import type { Ask } from "#delivery/gateway.ts";
import type { OpenDirectory } from "#directory/directory.ts";
import type { Keys } from "#store/keys.ts";
import type { Store } from "#store/index.ts";

/** The effects an action may have. Code is imported; only effects are handed in. */
export type Deps = {
  db: Store;
  clock: Clock;
  random: Random;
  /** Asks whoever carries texts and calls. */
  net: Ask;
  /** Hands a mail to the mail server; resolves when the server has it. */
  send: (mail: Mail) => Promise<void>;
  directories: OpenDirectory;
  keys: Keys;
  settings: LiveSettings;
  log: Logger;
};

/** `sleep` ends early, without error, when the signal aborts. `after` gives what calls it off, and is the smaller. */
export type Clock = {
  now: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  after: (ms: number, run: () => void) => () => void;
};
export type Random = {
  id: (prefix: string) => string;
  int: (below: number) => number;
  bytes: (length: number) => Buffer;
};
/** `to`: a number (E.164), or one e-mail address. A message that is handed over twice under one id is one message. */
export type Message = Text | Call | Push | Mail;
export type Text = { id: string; channel: "sms"; to: string; text: string };
/**
 * A call is made up as it goes along: what is said is the challenge's and the person's. Without a challenge it reads the code, once
 * a key was pressed.
 */
export type Call = { id: string; channel: "voice"; to: string } & (
  | { challengeId: string }
  | { code: string; application: string }
);
/** To the apps of a person, or to the one that proves its channel: an id, and what it stands for is fetched. */
export type Push = { id: string; channel: "push" } & PushTo;
export type PushTo = { userId: string } & (
  | { type: "request" | "over"; challengeId: string }
  | { type: "validate"; deviceId: string; activationId: string }
);
export type Mail = { id: string; channel: "email"; to: string; subject: string; text: string };
/** The settings in force; `version` rises with each change and is written to every record. */
export type LiveSettings = { values: () => Settings; version: () => number; reload: () => Promise<void> };
export type LogFields = Record<string, string | number | boolean | null | undefined>;
export type Logger = Record<"debug" | "info" | "warn" | "error", (message: string, fields?: LogFields) => void>;
