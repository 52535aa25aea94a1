import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvError, readCsv, type CsvRow } from "./read.ts";

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(text: string | Uint8Array, size = 1000): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const some of readCsv(inPieces(Buffer.from(text as string), size))) rows.push(...some);
  return rows;
}
const fields = async (text: string, size?: number) => (await read(text, size)).map((row) => row.fields);
const refusal = async (text: string | Uint8Array) => {
  const error: unknown = await read(text).catch((caught: unknown) => caught);
  if (!(error instanceof CsvError)) throw new Error("it was read");
  return error.message;
};

describe("CSV", () => {
  test("is read with CRLF or LF, quotes, a BOM and no last line break", async () => {
    const expected = [
      ["a", "b"],
      ["1", 'say "x", y'],
      ["", "ö"],
    ];
    for (const end of ["\r\n", "\n"])
      for (const bom of ["", "\ufeff"])
        for (const size of [1, 3, 1000])
          expect(await fields(`${bom}a,b${end}1,"say ""x"", y"${end},ö`, size)).toEqual(expected);
  });

  test("whose lines end with CR alone is refused, and nothing of it is told (R-086)", async () => {
    expect(await refusal("serial,secret\rA-1,GEZDGNBV\r")).toBe(
      "line 1: the lines end with CR alone; save the table with CRLF or LF",
    );
    expect(await fields('a,b\r\n"1\r2",3\r\n')).toEqual([
      ["a", "b"],
      ["1\r2", "3"],
    ]);
  });

  test("each row knows the line it begins in", async () => {
    const text = 'a,b\r\n1,"two\r\nlines\r\nand more"\r\n\r\n2,3\r\n"x\ny",4\n5,6\n';
    expect((await read(text)).map((row) => row.line)).toEqual([1, 2, 6, 7, 9]);
  });

  test("whatever is written is read again, however it arrives", async () => {
    // a replacement character says that text was lost before, and is refused like octets that are none
    const field = fc.string({ unit: "grapheme" }).filter((text) => text !== "" && !text.includes("\ufffd"));
    const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        expect(await fields(quoted.join("\r\n"), size)).toEqual(rows);
      }),
    );
  });

  test("any bytes are read or refused, and nothing of a refused file is repeated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const error: unknown = await read(bytes).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        expect(error === undefined || error instanceof CsvError).toBe(true);
      }),
    );
    const reasons = [
      await refusal('a,b\n1,"SECRET'),
      await refusal('a,b\n1,"SECRET"x\n'),
      await refusal('a,b\n1,S"ECRET\n'),
      await refusal(`a,b\n1,"SECRET${"x".repeat(70_000)}`),
      await refusal(Buffer.concat([Buffer.from("a,b\n1,SECRET"), Buffer.from([0xff, 0xfe])])),
      await refusal(Buffer.from([0x61, 0x0a, 0xc3])),
    ];
    expect(reasons).toEqual([
      'line 2: a " is opened and never closed',
      'line 2: something stands between a closing " and the next separator',
      'line 2: a " stands inside a field that does not begin with one',
      'line 2: a row is longer than 65536 bytes: is a closing " missing?',
      "line 2: the text is not UTF-8",
      "line 2: the text is not UTF-8",
    ]);
  });
});
