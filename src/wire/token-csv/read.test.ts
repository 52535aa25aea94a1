import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenFileError, type FileRow } from "../token-row.ts";
import { readTokenCsv } from "./read.ts";

async function* inPieces(octets: Uint8Array, size: number) {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}
async function read(table: string | Uint8Array, size = 7) {
  const source = readTokenCsv(inPieces(typeof table === "string" ? Buffer.from(table) : table, size));
  const rows: FileRow[] = [];
  for await (const some of source.rows) rows.push(...some);
  return { rows, notes: source.notes, header: source.header };
}
const refusal = async (table: string | Uint8Array) =>
  await read(table).then(
    () => "read",
    (error: unknown) => (error instanceof TokenFileError ? error.message : String(error)),
  );
const reasons = async (table: string) =>
  (await read(table)).rows.map((row) => ("reason" in row ? `${row.line} ${row.reason}` : `${row.line} read`));

const base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const hex = "3132333435363738393031323334353637383930";
const cloud = "upn,serial number,secret key,time interval,manufacturer,model";

describe("what the columns are", () => {
  test("the cloud's six columns", async () => {
    const { rows, notes, header } = await read(
      `${cloud}\r\nanna@example.org,1234567,${base32},30,Contoso,HardwareKey\r\n`,
    );
    expect(rows).toMatchObject([
      {
        line: 2,
        serial: "1234567",
        secret: { text: base32, encoding: "base32" },
        period: 30,
        manufacturer: "Contoso",
        model: "HardwareKey",
        username: "anna@example.org",
      },
    ]);
    expect(notes.join()).toContain("tokens start unassigned");
    expect(header).toEqual(cloud.split(","));
  });

  test("serial, secret and interval without a header", async () => {
    expect((await read(`1,${base32},60\n2,${base32},30\n`)).rows).toMatchObject([
      { line: 1, serial: "1", period: 60 },
      { line: 2, serial: "2", period: 30 },
    ]);
    expect((await read(`1,${base32}\n`)).rows).toMatchObject([{ serial: "1" }]);
  });

  test.each<[string, object]>([
    [
      `Serial No;Seed (hex);OTP Length;Algorithm\nA1;${hex};8;SHA256\n`,
      { serial: "A1", digits: 8, algorithm: "SHA256" },
    ],
    [`"Token Serial Number"\t"Seed Value"\t"Token Type"\nB2\t${hex}\tOATH Event\n`, { serial: "B2", type: "hotp" }],
    [`SerialNumber,Secret,Counter,Type\nC3,${hex},17,HOTP\n`, { serial: "C3", counter: 17, type: "hotp" }],
    [`sn;secret;expiry date\nD4;${base32};2031-01-02\n`, { serial: "D4", expiresAt: Date.UTC(2031, 0, 2) }],
    [
      `Batch,Serial Number,Seed (hex),Time Step (sec),OTP Digits,Hash Algorithm\n7,F6,${hex},60,8,HMAC-SHA-256\n`,
      { serial: "F6", period: 60, digits: 8, algorithm: "HMAC-SHA-256", secret: { text: hex, encoding: "hex" } },
    ],
    [`device serial,oath seed,otp type\nE5,${base32},time based\n`, { type: "totp" }],
  ])("%#: vendors' own words", async (table, told) => {
    expect((await read(table)).rows).toMatchObject([told]);
  });

  test("the log of Yubico's programming tool; what is no OATH token is passed over", async () => {
    const log = [
      "LOGGING START,11.12.13 18:55",
      `OATH-HOTP,11.12.13 18:55,1,ubhe00001234,,${hex},,,0,0,0,8,0,0,0,0,0,0`,
      "Yubico OTP,11.12.13 18:58,1,,,a54c68c7c3d5a1fec8a0c85b8d60765b,,,0,0,0,0,0,0,0,0,0,0",
      `OATH-HOTP,11.12.13 18:55,2,,,${hex},,,0,0,0,6,0,0,0,0,0,0`,
    ].join("\n");
    expect((await read(log)).rows).toMatchObject([
      { line: 2, serial: "ubhe00001234", type: "hotp", digits: 8, secret: { text: hex, encoding: "hex" } },
      { line: 4, reason: "public id: is empty, so the key has no serial number" },
    ]);
  });

  test.each<[string, string]>([
    ["serial,secret,colour\n", 'line 1: unknown column "colour"'],
    ["serial,secret,seed\n", "line 1: two columns are the secret"],
    ["serial,secret base32,secret hex\n", "line 1: more than one column holds a secret"],
    ["serial,interval\n", "line 1: no column holds the secret"],
    ["secret,interval\n", "line 1: no column holds the serial number"],
    ["1\n", "line 1: no header"],
    ["1,2,3,4\n", "line 1: no header"],
    ['serial,secret\n1,"a\n', 'a " is opened and never closed'],
    ["serial,secret\n1,\0\n", "neither text in UTF-8 nor in UTF-16"],
  ])("%#: a table that cannot be understood is refused whole", async (table, reason) => {
    expect(await refusal(table)).toContain(reason);
  });
});

describe("how a secret is written", () => {
  test("is seen by its signs, and left open where it reads both ways", async () => {
    const encodings = async (secret: string, column = "secret") =>
      (await read(`serial,${column}\n1,${secret}\n`)).rows.map((row) => ("secret" in row ? row.secret : row.reason));
    expect(await encodings(base32)).toEqual([{ text: base32, encoding: "base32" }]);
    expect(await encodings(hex)).toEqual([{ text: hex, encoding: "hex" }]);
    expect(await encodings(`0x${hex}`)).toEqual([{ text: hex, encoding: "hex" }]);
    expect(await encodings("ABCD EF22-ABCD EF22")).toEqual([{ text: "ABCDEF22ABCDEF22", encoding: "unclear" }]);
    expect(await encodings("0xABCDEF22ABCDEF22")).toEqual([{ text: "ABCDEF22ABCDEF22", encoding: "hex" }]);
    expect(await encodings("ABCDEF22", "secret (Base32)")).toEqual([{ text: "ABCDEF22", encoding: "base32" }]);
    expect(await encodings("ABCDEF22", "seed hex")).toEqual([{ text: "ABCDEF22", encoding: "hex" }]);
  });
});

describe("a row that cannot be read says why, with its line", () => {
  test("missing and superfluous columns, empty serial numbers and secrets, another type", async () => {
    const table = `serial,secret,interval,type\n1,${base32}\n2,${base32},30,totp,x\n,${base32},30,totp\n4,,30,totp\n5,${base32},30,mOTP\n6,${base32},30,\n`;
    expect(await reasons(table)).toEqual([
      "2 has 2 columns where 4 are expected",
      "3 has 5 columns where 4 are expected",
      "4 serial number: is empty",
      "5 secret: is empty",
      "6 type: is neither TOTP nor HOTP",
      "7 read",
    ]);
  });

  test("and keeps the row for correction without its secret", async () => {
    const { rows } = await read(`serial,secret,interval\n1,${base32},30,${base32}\n2,,60\n`);
    expect(rows.map((row) => row.fields)).toEqual([
      ["1", "", "30", ""],
      ["2", "", "60"],
    ]);
  });

  test("a number that is none is told apart from one that is not there", async () => {
    expect((await read(`serial,secret,interval,digits\n1,${base32},x,\n`)).rows).toMatchObject([
      { period: NaN, digits: undefined },
    ]);
  });
});

describe("how the text is written", () => {
  const table = `serial,secret,manufacturer\n1,${base32},Säker\n`;
  test("UTF-8 with a byte order mark, UTF-16 of both orders", async () => {
    const utf16 = Buffer.from(`\ufeff${table}`, "utf16le");
    for (const octets of [Buffer.from(table), Buffer.from(`\ufeff${table}`), utf16, Buffer.from(utf16).swap16()])
      for (const size of [1, 5, 1000])
        expect((await read(octets, size)).rows).toMatchObject([{ serial: "1", manufacturer: "Säker" }]);
  });

  test("Windows-1252 is read and noted; a mixture is refused", async () => {
    const western = Buffer.from(table, "latin1");
    const { rows, notes } = await read(western);
    expect(rows).toMatchObject([{ manufacturer: "Säker" }]);
    expect(notes.join()).toContain("Windows-1252");
    expect(await refusal(Buffer.concat([Buffer.from(table), Buffer.from("2,x,S\xe4ker\n", "latin1")]))).toContain(
      "throughout",
    );
  });
});

test("anything is read or refused, and no word of a secret comes back", { timeout: 30_000 }, async () => {
  const field = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom("serial", "secret", "1", base32, hex, "30", '"', "\r\n", "\n", ";", "\t", ",", "\ufeff", "\0"),
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const row = fc.array(fc.oneof(field, field.map(quoted)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.constantFrom(",", ";", "\t"), async (rows, separator) => {
      const table = [
        `serial${separator}secret`,
        ...rows.map((fields) => fields.join(separator)),
        "last,CANARY2CANARY!",
      ];
      const told = await read(table.join("\n"), 1000).then(
        ({ rows: seen }) => seen.map((one) => ("reason" in one ? one.reason : "")),
        (error: unknown) => {
          expect(error).toBeInstanceOf(TokenFileError);
          return (error as Error).message;
        },
      );
      expect(JSON.stringify(told)).not.toContain("CANARY");
    }),
    { numRuns: 40 },
  );
});
