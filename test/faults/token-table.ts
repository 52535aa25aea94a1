// Tables of tokens as messy as they come: made by chance from a seed, read by the product, and read once more by a reader that
// shares nothing with it. Both have to agree on every row: on its line, on its verdict, and on every octet that is taken.
import type { Deps } from "#actions/deps.ts";
import { importTokens, type ImportedTokens, type TokenImportOptions } from "#actions/token-import.ts";
import { base32 } from "../../bench/token-files.ts";

type Chance = { below(n: number): number; one<T>(of: readonly T[]): T; octets(n: number): Buffer };

/** The same for the same seed (mulberry32). */
function chanceOf(seed: number): Chance {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (n: number) => next() % n;
  return {
    below,
    one: (of) => of[below(of.length)]!,
    octets: (n) => Buffer.from(Array.from({ length: n }, () => below(256))),
  };
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const odd = [
  "",
  " ",
  "=cmd|' /C calc'!A0",
  "@SUM(1)",
  "Säker åäö",
  "令牌",
  "\u202e1",
  "NULL",
  "1e5",
  "-1",
  "'",
  "; drop",
];
const ends = ["\n", "\r\n", "\n\n", "\r\n\r\n\n"];

/** Secrets, good ones first, each in a way that files have them. */
const secrets: ((octets: Buffer, by: Chance) => string)[] = [
  (octets) => base32(octets),
  (octets) => base32(octets).toLowerCase(),
  (octets) => base32(octets).replaceAll(/.{4}/g, "$& ").trim(),
  (octets) => base32(octets).padEnd(Math.ceil(base32(octets).length / 8) * 8, "="),
  (octets) => octets.toString("hex"),
  (octets) => `0x${octets.toString("hex").toUpperCase()}`,
  (octets) => `${base32(octets).slice(1)}1`,
  (octets, by) => base32(octets).replace(/^./, by.one(["0", "8", "9"])),
  (octets) => `9${octets.toString("hex").slice(2)}`,
  (octets) => base32(octets.subarray(0, 9)),
  (octets) => `${base32(octets)}A`,
  (octets) => `${base32(octets)}===`,
  (_, by) => by.one(odd),
];
const good = 6;

function rowOf(by: Chance, index: number): string {
  const isGood = by.below(10) < 6;
  // a few serial numbers and seeds come again
  const number = by.below(20) === 0 ? by.below(index + 1) : index;
  const serial = by.below(40) === 0 ? by.one(odd) : `${by.one(["", " ", "SN-"])}${1_000_000 + number}`;
  const seed = by.below(25) === 0 ? by.below(index + 1) : index;
  const octets = chanceOf(7_000_000 + seed).octets(isGood ? 20 : by.one([9, 15, 16, 20, 64, 128, 129]));
  const secret = secrets[by.below(isGood ? good : secrets.length)]!(octets, by);
  const interval = isGood ? by.one(["30", "60", "", " 30 "]) : by.one(["30", "60", "45", "0", "thirty", "30.0", ""]);
  const maker = by.below(30) === 0 ? by.one([...odd, 'Acme "Best", Ltd', "two\nlines", "two\r\nlines"]) : "Acme";
  const fields = [serial, secret, interval, maker];
  if (!isGood && by.below(8) === 0) fields.splice(by.below(4), 1);
  if (!isGood && by.below(8) === 0) fields.push(by.one(odd));
  const needs = (field: string) => /[",\r\n]/.test(field) || (field === "" && fields.length === 1);
  return fields.map((field) => (needs(field) || by.below(6) === 0 ? quoted(field) : field)).join(",");
}

export function messyTable(seed: number, rows: number): string {
  const by = chanceOf(seed);
  const lines = Array.from({ length: rows }, (_, index) => rowOf(by, index) + by.one(ends));
  return `serial number,secret key,time interval,manufacturer\r\n${lines.join("")}`;
}

type Read = { line: number; token?: { serial: string; key: string; seed: string; period: number } };

/** What a table says, by an expression for one field and what ends it. */
export function readSimply(table: string): Read[] {
  const taken = new Set<string>();
  return recordsOf(table)
    .slice(1)
    .map(({ line, fields }) => {
      const token = tokenOf(fields.map((field) => field.trim()));
      if (!token || taken.has(token.key) || taken.has(token.seed)) return { line };
      taken.add(token.key).add(token.seed);
      return { line, token };
    });
}

function tokenOf([serial, secret, interval, maker, ...more]: string[]): Read["token"] {
  if (!serial || !secret || maker === undefined || more.length > 0) return undefined;
  const seed = seedOf(secret.replaceAll(/[ -]/g, ""));
  const period = { "": 30, "30": 30, "60": 60 }[interval!];
  if (seed === undefined || period === undefined) return undefined;
  const bare = (text: string) => text.normalize("NFKC").replaceAll(/[\s-]/g, "").toUpperCase();
  return { serial, key: `${bare(serial)} of ${bare(maker)}`, seed, period };
}

function recordsOf(table: string): { line: number; fields: string[] }[] {
  const records: { line: number; fields: string[] }[] = [];
  let [line, begun] = [1, 1];
  let fields: string[] = [];
  for (const [whole, field = "", end] of table.matchAll(/("(?:[^"]|"")*"|[^,\r\n"]*)(,|\r?\n)/g)) {
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (fields.length > 1 || field !== "") records.push({ line: begun, fields });
    [fields, begun] = [[], line];
  }
  return records;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** In hexadecimal; undefined where it is no secret of 16 to 128 octets. */
function seedOf(text: string): string | undefined {
  // reads both ways, and the table has secrets of both kinds
  if (/^[A-F2-7]+$/i.test(text)) return undefined;
  const hex = text.replace(/^0x/i, "");
  const isHex = /^[0-9a-f]+$/i.test(hex);
  if (!isHex && !/^[A-Z2-7]+=*$/i.test(text)) return undefined;
  const seed = isHex ? hex.toLowerCase() : ofBase32(text.toUpperCase());
  return seed !== undefined && seed.length % 2 === 0 && seed.length >= 32 && seed.length <= 256 ? seed : undefined;
}
function ofBase32(text: string): string | undefined {
  const signs = text.replace(/=+$/, "");
  if (text.length !== signs.length && text.length !== Math.ceil(signs.length / 8) * 8) return undefined;
  const bits = Array.from(signs, (sign) => alphabet.indexOf(sign).toString(2).padStart(5, "0")).join("");
  const octets = Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => parseInt(eight, 2)));
  return base32(octets) === signs ? octets.toString("hex") : undefined;
}

export async function load(deps: Deps, file: Uint8Array, options: TokenImportOptions): Promise<ImportedTokens> {
  async function* pieces() {
    for (let at = 0; at < file.length; at += 65_536) yield file.subarray(at, at + 65_536);
  }
  return await importTokens(deps, "cli", { file: pieces(), progress: () => undefined, options });
}

/** Reads the table without keeping it, then keeps what is good; says where the product and the simple reader do not agree. */
export async function compareOn(deps: Deps, table: string): Promise<string[]> {
  const expected = readSimply(table);
  const dry = await load(deps, Buffer.from(table), { dryRun: true, goodRowsOnly: true });
  const done = await load(deps, Buffer.from(`\ufeff${table}`, "utf16le"), { goodRowsOnly: true });
  const again = await load(deps, Buffer.from(table), { dryRun: true, goodRowsOnly: true });
  const wrong: string[] = [];
  const tell = (what: string, is: boolean) => void (is && wrong.push(what));
  tell(`refused whole: ${dry.error?.message}`, dry.error !== undefined || done.error !== undefined);
  tell("a second reading, in UTF-16, says something else", JSON.stringify(dry.rows) !== JSON.stringify(done.rows));
  tell(
    `${dry.accepted + dry.refused} verdicts on ${expected.length} rows`,
    dry.accepted + dry.refused !== expected.length,
  );
  tell(`${again.accepted} are taken once more`, again.accepted !== 0);
  const refused = dry.rows.filter(({ verdict }) => verdict === "refused");
  const bad = expected.filter(({ token }) => token === undefined);
  for (const [index, { line }] of bad.entries())
    if (refused[index]?.line !== line) {
      wrong.push(`line ${line} is to be refused, and line ${refused[index]?.line} is: ${refused[index]?.reason}`);
      break;
    }
  tell(`${refused.length} refused where ${bad.length} are bad`, refused.length !== bad.length);
  tell(
    "a refusal without its reason",
    refused.some(({ reason }) => !reason),
  );
  return [...wrong, ...(await compareKept(deps, expected))];
}

async function compareKept(deps: Deps, expected: Read[]): Promise<string[]> {
  const rows = await deps.db.q.selectFrom("token").selectAll().execute();
  const kept = new Map(
    rows.map((row) => {
      const place = { table: "token", column: "sealed_secret", row: row.id };
      const seed = deps.keys.unseal("factor", row.sealed_secret, place).toString("hex");
      return [`${row.serial_key} of ${row.maker_key}`, `${row.serial} ${seed} ${row.parameters}`];
    }),
  );
  const wanted = expected.flatMap(({ token }) => token ?? []);
  const different = wanted.filter(({ serial, key, seed, period }) => {
    const parameters = JSON.stringify({ digits: 6, algorithm: "sha1", period });
    return kept.get(key) !== `${serial} ${seed} ${parameters}`;
  });
  return [
    ...(kept.size === wanted.length ? [] : [`${kept.size} tokens are kept of ${wanted.length}`]),
    ...different.slice(0, 3).map(({ serial }) => `the token ${serial} is not as its row says`),
  ];
}
