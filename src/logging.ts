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

export function openLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = destination ? pino(options, destination) : pino(options);
  const write =
    (at: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: LogFields = {}) => {
      const safe = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? escaped(value) : value,
      ]);
      log[at](Object.fromEntries(safe), message);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
