/**
 * CSV as RFC 4180 has it (comma or another separator, quotes, CRLF or LF, UTF-8 with or without BOM), read as it arrives. Must stay true:
 * what is held at once is bounded whatever the file holds, and no error repeats a part of it.
 */

import type { CsvError as ParseError, Options } from "csv-parse";

/** `line` is where the row begins. */
export type CsvRow = { line: number; fields: string[] };
export class CsvError extends Error {}

/** Small enough that parsing one piece is not felt by what else the process does. */
const pieceBytes = 16_384;
const recordBytes = 65_536;

const options: Options & { readableHighWaterMark: number } = {
  bom: true,
  info: true,
  relax_column_count: true,
  skip_empty_lines: true,
  record_delimiter: ["\r\n", "\n"],
  max_record_size: recordBytes,
  // the rows of a piece are taken after it, so the parser must never wait for a reader
  readableHighWaterMark: pieceBytes,
};

/** The rows, some at a time; blank lines are none. */
export async function* readCsv(file: AsyncIterable<Uint8Array>, delimiter = ","): AsyncGenerator<CsvRow[]> {
  // loaded for a file only: a server that reads none need not keep it in memory
  const csv = await import("csv-parse");
  const parser = csv.parse({ ...options, delimiter });
  // whoever wrote the piece is told
  parser.on("error", () => undefined);
  const write = async (piece: Uint8Array) =>
    await new Promise<void>((resolve, reject) => parser.write(piece, (error) => (error ? reject(error) : resolve())));
  const end = async () =>
    await new Promise<void>((resolve, reject) =>
      parser.end((error?: Error | null) => (error ? reject(error) : resolve())),
    );
  const take = taker(parser);
  try {
    for await (const chunk of file)
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        await write(chunk.subarray(at, at + pieceBytes));
        yield take();
      }
    await end();
    yield take();
  } catch (error) {
    throw error instanceof csv.CsvError ? readable(error) : error;
  }
}

type Parsed = { record: string[]; info: { empty_lines: number } };

function taker(parser: { read(): unknown }): () => CsvRow[] {
  let line = 1;
  let blanks = 0;
  return () => {
    const rows: CsvRow[] = [];
    for (let next = parser.read(); next !== null; next = parser.read()) {
      const { record, info } = next as Parsed;
      // the parser's own count takes a CRLF between quotes for two lines
      line += info.empty_lines - blanks;
      blanks = info.empty_lines;
      rows.push({ line, fields: record });
      // its rows would pass for one, with their secrets in what is taken for a header
      if (line === 1 && record.some((field) => field.includes("\r")))
        throw new CsvError("line 1: the lines end with CR alone; save the table with CRLF or LF");
      // what the decoder puts for bytes that are no text; a file that holds the sign itself has lost text before
      if (record.some((field) => field.includes("\ufffd"))) throw new CsvError(`line ${line}: the text is not UTF-8`);
      line += 1;
      for (const field of record) for (const sign of field) if (sign === "\n") line += 1;
    }
    return rows;
  };
}

const reasons: Record<string, string> = {
  CSV_INVALID_CLOSING_QUOTE: 'something stands between a closing " and the next separator',
  CSV_QUOTE_NOT_CLOSED: 'a " is opened and never closed',
  INVALID_OPENING_QUOTE: 'a " stands inside a field that does not begin with one',
  CSV_MAX_RECORD_SIZE: `a row is longer than ${recordBytes} bytes: is a closing " missing?`,
};

function readable(error: ParseError): CsvError {
  const { lines } = error as { lines?: number };
  return new CsvError(`line ${lines ?? "?"}: ${reasons[error.code] ?? "the row cannot be read"}`);
}
