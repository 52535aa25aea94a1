import { writeSync } from "node:fs";
import { pino } from "pino";
import type { LogFields, Logger } from "#actions/deps.ts";

/**
 * One JSON object a line. Fields are numbers, booleans and short texts by type: a Buffer, an Error or a request cannot be
 * logged, so neither can what they hold.
 */

const longest = 1000;
/** what could move a terminal's cursor or turn text around is written as its code point. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const escaped = (text: string) =>
  text.slice(0, longest).replaceAll(unsafe, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);

const heldBytes = 1_048_576;
const pauseMs = 1000;

/**
 * Standard output, line by line, so that the last words of a process are not lost. What cannot be written (the disk is full,
 * nobody reads) is held for a while, then lost: the server goes on. Not pino's own, which tries for ever as the process
 * exits and so keeps it: deaf, and with its ports.
 */
function output(): { write(line: string): void } {
  let held: Buffer = Buffer.alloc(0);
  let again: NodeJS.Timeout | undefined;
  const go = () => {
    again = undefined;
    try {
      while (held.length > 0) held = held.subarray(writeSync(1, held));
    } catch {
      again = setTimeout(go, pauseMs).unref();
    }
  };
  return {
    write: (line) => {
      if (held.length + line.length > heldBytes) return;
      held = Buffer.concat([held, Buffer.from(line)]);
      if (!again) go();
    },
  };
}

type Level = "debug" | "info" | "warn" | "error";
type Write = (at: Level, message: string, fields: LogFields) => void;

const linesAMinute = 50;
const minuteMs = 60_000;

/**
 * of one message (about one client, where it names one) so many lines a minute, then one that counts the rest, whoever
 * sends what causes them. A message is one of those in the code, so there are few of them.
 */
function limited(write: Write): Write {
  const lately = new Map<string, { at: Level; message: string; fields: LogFields; count: number }>();
  const sumUp = () => {
    for (const { at, message, fields, count } of lately.values())
      if (count > linesAMinute) write(at, message, { ...fields, more: count - linesAMinute });
    lately.clear();
  };
  setInterval(sumUp, minuteMs).unref();
  return (at, message, fields) => {
    const about = fields["client"] === undefined ? {} : { client: fields["client"] };
    const key = `${message} ${about.client ?? ""}`;
    const known = lately.get(key) ?? { at, message, fields: about, count: 0 };
    lately.set(key, { ...known, count: known.count + 1 });
    if (known.count < linesAMinute) write(at, message, fields);
  };
}

export function openLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(options, destination ?? output());
  const write: Write = (at, message, fields) => {
    const safe = Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? escaped(value) : value,
    ]);
    log[at](Object.fromEntries(safe), message);
  };
  const sparing = limited(write);
  const line =
    (at: Level) =>
    (message: string, fields: LogFields = {}) =>
      // whoever asked for all that happens gets it
      (level === "debug" ? write : sparing)(at, message, fields);
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
