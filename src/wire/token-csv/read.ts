/**
 * Token tables: the cloud's six columns, serial-secret-interval without a header, vendors' own, and the log of Yubico's
 * programming tool. Read as they arrive. Must stay true: every row gets its line, and no reason repeats a part of a secret.
 */

import { CsvError, readCsv, type CsvRow } from "../csv/read.ts";
import { TokenFileError, type FileRow, type TokenRow } from "../token-row.ts";
import { bareColumns, readHeader, secretColumns, type Column } from "./columns.ts";
import { openTable } from "./text.ts";
import { isYubicoLog, readYubicoRow } from "./yubico.ts";

export type TokenTable = {
  /** known once the first rows came; none: a table without a header */
  header: string[];
  notes: string[];
  rows: AsyncGenerator<FileRow[]>;
};

export function readTokenCsv(file: AsyncIterable<Uint8Array>): TokenTable {
  const table: TokenTable = { header: [], notes: [], rows: nothing() };
  table.rows = readRows(file, table);
  return table;
}

async function* nothing(): AsyncGenerator<FileRow[]> {}

async function* readRows(file: AsyncIterable<Uint8Array>, table: TokenTable): AsyncGenerator<FileRow[]> {
  const { octets, separator, notes } = await openTable(file);
  table.notes = notes;
  let read: ((row: CsvRow) => FileRow | undefined) | undefined;
  try {
    for await (const rows of readCsv(octets, separator)) {
      if (rows.length === 0) continue;
      const take = (read ??= readerFor(rows, table));
      yield rows.flatMap((row) => take(row) ?? []);
    }
  } catch (error) {
    throw error instanceof CsvError ? new TokenFileError(error.message) : error;
  }
}

/** Takes the header off, if there is one. */
function readerFor(rows: CsvRow[], table: TokenTable): (row: CsvRow) => FileRow | undefined {
  const first = rows[0]!.fields;
  if (isYubicoLog(first)) return readYubicoRow;
  const header = readHeader(first);
  if (header) {
    rows.shift();
    table.header = first;
    if (header.includes("username")) table.notes.push(unassigned);
    return (row) => readRow(row, header);
  }
  if (first.length < 2 || first.length > 3)
    throw new TokenFileError("line 1: no header, and not the columns serial, secret, interval");
  return (row) => readRow(row, bareColumns.slice(0, first.length));
}

const unassigned = "tokens start unassigned: the column with people's names is not used; token assign gives them out";

function readRow({ line, fields }: CsvRow, header: Column[]): FileRow {
  const trimmed = fields.map((field) => field.trim());
  const value = (column: Column) => trimmed[header.indexOf(column)] || undefined;
  const serial = (header.includes("serial") ? (value("serial") ?? "") : "").slice(0, 256);
  const shown = fields.map((field, index) => (isSecret(header[index]) ? "" : field));
  const refuse = (reason: string) => ({ line, serial, reason, fields: shown });
  if (fields.length !== header.length)
    return refuse(`has ${fields.length} columns where ${header.length} are expected`);
  if (serial === "") return refuse("serial number: is empty");
  const column = header.find(isSecret)!;
  const text = value(column);
  if (text === undefined) return refuse("secret: is empty");
  const told = { line, serial, secret: secretOf(text, column), warnings: [], fields: shown };
  return readDetails(told, value) ?? refuse("type: is neither TOTP nor HOTP");
}

/** A field too many may be a part of the secret. */
const isSecret = (column: Column | undefined): boolean => column === undefined || secretColumns.includes(column);

function readDetails(told: TokenRow, value: (column: Column) => string | undefined): TokenRow | undefined {
  const kind = value("type");
  const type = kind === undefined ? undefined : typeOf(kind);
  if (kind !== undefined && type === undefined) return undefined;
  return {
    ...told,
    type,
    algorithm: value("algorithm")?.slice(0, 60),
    digits: numberOf(value("digits")),
    period: numberOf(value("interval")),
    counter: numberOf(value("counter")),
    manufacturer: value("manufacturer"),
    model: value("model"),
    username: value("username"),
    startsAt: dateOf(value("starts")),
    expiresAt: dateOf(value("expires")),
  };
}

/** `OATH-TOTP`, `time based`, `event`; of other words one that says neither is refused. */
function typeOf(text: string): "totp" | "hotp" | undefined {
  if (/totp|time/i.test(text)) return "totp";
  return /hotp|event|counter/i.test(text) ? "hotp" : undefined;
}

/** NaN: is no number, which whoever judges says. */
const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : NaN;

const dateOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) ? Date.parse(text.replace(" ", "T")) : NaN;

function secretOf(text: string, column: Column): TokenRow["secret"] {
  // grouped for the eye
  const secret = text.replaceAll(/[ -]/g, "");
  if (column === "base32" || column === "hex") return { text: secret, encoding: column };
  const digits = secret.replace(/^0x/i, "");
  if (/[^0-9A-Fa-f]/.test(digits)) return { text: secret, encoding: "base32" };
  return { text: digits, encoding: digits !== secret || /[0189]/.test(digits) ? "hex" : "unclear" };
}
