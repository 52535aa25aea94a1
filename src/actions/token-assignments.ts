/**
 * Tokens given to people by a table, a row each. Must stay true: the whole file is judged before the first token is given out;
 * each is given by the statement that gives a single one, with an entry of its own, so that whatever happens meanwhile the log
 * says whose which token is; logins go on, so a chunk is small and the event loop turns between two.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { nameKey } from "#core/names.ts";
import { serialKey } from "#core/token.ts";
import { findPeople, type PersonDetails } from "#store/people.ts";
import { assignToken as saveAssigned, countTokens, listTokens, moveToken, type TokenDetails } from "#store/tokens.ts";
import { CsvError, readCsv, type CsvRow } from "#wire/csv/read.ts";
import { openTable } from "#wire/token-csv/text.ts";
import { TokenFileError } from "#wire/token-row.ts";
import { about, changedAll, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { hashed, reporter, type Report } from "./imports.ts";
import { namesOf } from "./rules.ts";
import { errorFile } from "./token-errors.ts";
import { tokensAtMost } from "./token-life.ts";

export type AssignmentOptions = {
  /** give what is good and leave the rest; otherwise all or nothing */
  goodRowsOnly?: boolean | undefined;
  /** judge everything and give nothing */
  dryRun?: boolean | undefined;
  /** give back the refused rows as a table */
  errors?: boolean | undefined;
};
type Input = { file: AsyncIterable<Uint8Array>; progress: (line: string) => void; options: AssignmentOptions };

export type AssignmentVerdict = {
  serial: string;
  username: string;
  line: number;
  verdict: "accepted" | "refused";
  reason?: string;
  warnings?: string[];
};
export type Assigned = {
  rows: AssignmentVerdict[];
  accepted: number;
  refused: number;
  notes?: string[];
  errorFile?: string;
  error?: { code: "invalid"; message: string };
};

const chunkRows = 50;
const rowsAtMost = 100_000;

type Pair = { verdict: AssignmentVerdict; tokenId: string; person: PersonDetails };
type Work = {
  deps: Deps;
  rows: AssignmentVerdict[];
  ready: Pair[];
  accepted: number;
  refused: number;
  /** tokens that a row has named, and how many each person has with those of earlier rows */
  named: Set<string>;
  held: Map<string, number>;
  columns?: { serial: number; username: number; width: number };
  report: Report;
};

export async function assignTokens(deps: Deps, actor: Actor, { file, progress, options }: Input): Promise<Assigned> {
  const counts = { rows: [], accepted: 0, refused: 0 };
  const report = reporter(deps, progress, counts);
  const work: Work = Object.assign(counts, { deps, ready: [], named: new Set<string>(), held: new Map(), report });
  const digest = createHash("sha256");
  const read = await readAll(work, hashed(file, digest));
  if ("broken" in read) return { rows: [], accepted: 0, refused: 0, error: { code: "invalid", message: read.broken } };
  let message = verdictOn(work, options);
  if (message === undefined && !options.dryRun)
    message = await giveAll(work, actor, { options, file: digest.digest("hex") });
  const { rows, accepted, refused } = work;
  return {
    rows,
    accepted,
    refused,
    ...(read.notes.length > 0 && { notes: read.notes }),
    ...(options.errors && { errorFile: errorsOf(rows) }),
    ...(message !== undefined && { error: { code: "invalid", message } }),
  };
}

function errorsOf(rows: AssignmentVerdict[]): string {
  const refused = rows.flatMap(({ serial, username, line, reason }) =>
    reason === undefined ? [] : [{ serial, line, reason, fields: [serial, username] }],
  );
  return errorFile({ header: ["serial", "username"], refused });
}

function verdictOn({ accepted, refused }: Work, { goodRowsOnly }: AssignmentOptions): string | undefined {
  if (accepted + refused === 0) return "the file holds no rows";
  if (refused === 0) return undefined;
  if (goodRowsOnly) return accepted === 0 ? "every row is refused, so nothing was assigned" : undefined;
  return `${refused} of ${accepted + refused} rows are refused, so nothing was assigned`;
}

async function readAll(work: Work, file: AsyncIterable<Uint8Array>): Promise<{ notes: string[] } | { broken: string }> {
  try {
    const { octets, separator, notes } = await openTable(file);
    for await (const rows of readCsv(octets, separator)) {
      const body = work.columns || rows.length === 0 ? rows : readHeader(work, rows);
      for (let at = 0; at < body.length; at += chunkRows) {
        await judgeChunk(work, body.slice(at, at + chunkRows));
        if (work.rows.length > rowsAtMost) return { broken: `the file has more than ${rowsAtMost} rows` };
        await setImmediate();
      }
    }
    return { notes };
  } catch (error) {
    if (error instanceof TokenFileError || error instanceof CsvError) return { broken: error.message };
    throw error;
  }
}

const serialNames = new Set(["serial", "serial number", "serialnumber", "serial no"]);
const personNames = new Set(["username", "user", "user name", "upn"]);

/** Takes the header off, if there is one: of an inventory that was exported the other columns are left alone. */
function readHeader(work: Work, rows: CsvRow[]): CsvRow[] {
  const names = rows[0]!.fields.map((field) => field.trim().toLowerCase());
  const [serial, username] = [serialNames, personNames].map((known) => names.findIndex((name) => known.has(name)));
  if (serial! >= 0 && username! >= 0) {
    work.columns = { serial: serial!, username: username!, width: names.length };
    return rows.slice(1);
  }
  if (serial! >= 0 || username! >= 0 || names.length !== 2)
    throw new TokenFileError("line 1: the columns serial and username are needed");
  work.columns = { serial: 0, username: 1, width: 2 };
  return rows;
}

async function judgeChunk(work: Work, rows: CsvRow[]): Promise<void> {
  const { columns, deps } = work;
  const read = rows.map(({ line, fields }) => {
    const [serial = "", username = ""] = [columns!.serial, columns!.username].map((at) =>
      (fields[at] ?? "").trim().slice(0, 256),
    );
    const fault =
      fields.length === columns!.width
        ? undefined
        : `has ${fields.length} columns where ${columns!.width} are expected`;
    return { line, serial, username, fault, key: nameKey(username, namesOf(deps)) };
  });
  const tokens = await listTokens(deps.db, {
    named: { ids: read.map(({ serial }) => serial), serialKeys: read.map(({ serial }) => serialKey(serial)) },
    limit: chunkRows * 10,
  });
  const people = new Map(
    (
      await findPeople(
        deps.db,
        read.flatMap(({ key }) => key ?? []),
      )
    ).map((person) => [person.nameKey, person]),
  );
  const unknown = [...people.values()].map(({ id }) => id).filter((id) => !work.held.has(id));
  for (const [id, count] of await countTokens(deps.db, unknown)) work.held.set(id, count);
  for (const { line, serial, username, fault, key } of read) {
    const found = tokens.filter((token) => token.id === serial || token.serialKey === serialKey(serial));
    const person = key === undefined ? undefined : people.get(key);
    const judged = fault ?? judge(work, { serial, username }, { found, person });
    const row = { serial, username, line };
    if (typeof judged === "string") record(work, { ...row, verdict: "refused", reason: judged });
    else if ("has" in judged) record(work, { ...row, verdict: "accepted", warnings: ["this person has it already"] });
    else {
      const verdict: AssignmentVerdict = { ...row, verdict: "accepted" };
      work.ready.push({ verdict, ...judged });
      record(work, verdict);
    }
  }
}

type Found = { found: TokenDetails[]; person: PersonDetails | undefined };
/** Why not, or who gets what, or that it is so already. */
type Judged = string | Omit<Pair, "verdict"> | { has: true };
type Row = { serial: string; username: string };

function judge(work: Work, row: Row, { found, person }: Found): Judged {
  const [token] = found;
  if (row.serial === "") return "serial number: is empty";
  if (row.username === "") return "username: is empty";
  if (!token) return "serial number: there is no such token";
  if (found.length > 1) return "serial number: more than one maker has it; name the token by its id";
  if (!person) return "username: there is nobody of this name";
  if (work.named.has(token.id)) return "serial number: stands in an earlier row of this file too";
  const judged = judgePair(work, token, person);
  // a row that is refused takes the token from nobody
  if (typeof judged !== "string") work.named.add(token.id);
  return judged;
}

/** A file that was given before, wholly or in part, can be given again. */
function judgePair({ deps, held }: Work, token: TokenDetails, person: PersonDetails): Judged {
  if (token.userId === person.id) return { has: true };
  if (token.state !== "available") return `serial number: the token is ${token.state}, not available`;
  if (token.expiresAt !== null && token.expiresAt <= deps.clock.now()) return "serial number: the token has expired";
  const count = held.get(person.id) ?? 0;
  if (count >= tokensAtMost) return `username: has ${tokensAtMost} tokens already, with those of earlier rows`;
  held.set(person.id, count + 1);
  return { tokenId: token.id, person };
}

function record(work: Work, verdict: AssignmentVerdict): void {
  work[verdict.verdict] += 1;
  work.rows.push(verdict);
  work.report();
}

type Giving = { options: AssignmentOptions; file: string };

/** Says why nothing was given out after all. */
async function giveAll(work: Work, actor: Actor, { options, file }: Giving): Promise<string | undefined> {
  const given: Pair[] = [];
  for (let at = 0; at < work.ready.length; at += chunkRows) {
    const chunk = work.ready.slice(at, at + chunkRows);
    const won = new Set(await giveChunk(work.deps, actor, { chunk, file }));
    given.push(...won);
    for (const { verdict } of chunk.filter((pair) => !won.has(pair))) {
      Object.assign(verdict, { verdict: "refused", reason: "was changed meanwhile: give the file again" });
      work.accepted -= 1;
      work.refused += 1;
    }
    if (work.refused > 0 && !options.goodRowsOnly) {
      await takeBack(work.deps, actor, given);
      return `${work.refused} rows were changed meanwhile, so what had been assigned was taken back`;
    }
    work.report(`${given.length} of ${work.ready.length} assigned`);
    await setImmediate();
  }
  return undefined;
}

type Chunk = { chunk: Pair[]; file: string };
const giveChunk = async (deps: Deps, actor: Actor, { chunk, file }: Chunk): Promise<Pair[]> =>
  await changedAll(deps, actor, async (run) => {
    const won = [];
    for (const pair of chunk) {
      const { tokenId: id, person } = pair;
      if (!(await saveAssigned(run, { id, userId: person.id, atMost: tokensAtMost }))) continue;
      const detail = { token: id, file };
      won.push({ value: pair, result: "TOKEN_ASSIGNED", userId: person.id, detail, personal: about(person) });
    }
    return won;
  });

async function takeBack(deps: Deps, actor: Actor, given: Pair[]): Promise<void> {
  for (let at = 0; at < given.length; at += chunkRows) {
    await changedAll(deps, actor, async (run) => {
      const taken = [];
      for (const { tokenId: id, person } of given.slice(at, at + chunkRows)) {
        const moved = await moveToken(run, { id, from: ["assigned"], to: "available", userId: person.id });
        const entry = { value: undefined, result: "TOKEN_UNASSIGNED", userId: person.id, detail: { token: id } };
        if (moved) taken.push({ ...entry, personal: about(person) });
      }
      return taken;
    });
    await setImmediate();
  }
}
