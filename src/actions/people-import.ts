/**
 * The import of people: read as it arrives, written in chunks that nobody sees, and there at one moment for all or not at
 * all. Must stay true: logins go on meanwhile, so a chunk is small and the event loop turns between two; no file is too
 * large for memory; no verdict repeats a secret.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { AppError } from "#core/errors.ts";
import { insertFactors, type NewFactorRow } from "#store/factors.ts";
import { commitImport, touchImport } from "#store/imports.ts";
import { insertPeople, readOwners, type NewPersonRow } from "#store/people.ts";
import { CsvError, readCsv, type CsvRow } from "#wire/csv/read.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { givenUp, hashed, reporter, underImport, type Report } from "./imports.ts";
import { newPasswordHash } from "./passwords.ts";
import { columns, readPerson, rowsOf, startReading, type Column, type Draft, type Reading } from "./person-fields.ts";

export type Verdict = {
  line: number;
  username: string;
  verdict: "accepted" | "refused";
  reason?: string;
};
/** `rows`: every one of a file of up to 10,000; of a larger one those refused, the first 10,000 of them. */
export type Imported = {
  importId?: string;
  rows: Verdict[];
  accepted: number;
  refused: number;
  error?: { code: "invalid"; message: string };
};
type Input = { file: AsyncIterable<Uint8Array>; progress: (line: string) => void };

/** Reading or inserting this many takes about 5 ms, which is what a login may have to wait behind. */
const chunkRows = 120;
const listedRows = 10_000;
type Import = Reading & {
  id: string;
  columns: Column[];
  rows: Verdict[];
  accepted: number;
  refused: number;
  report: Report;
};

export async function importPeople(deps: Deps, actor: Actor, { file, progress }: Input): Promise<Imported> {
  return await underImport(deps, "people", async (id) => {
    const counts = { rows: [], accepted: 0, refused: 0 };
    const report = reporter(deps, progress, counts);
    const work: Import = Object.assign(counts, await startReading(deps), { id, columns: [], report });
    const digest = createHash("sha256");
    const broken = await readRows(work, hashed(file, digest));
    const error = broken ?? verdictOn(work);
    if (error)
      return {
        ...(broken ? { rows: [], accepted: 0, refused: 0 } : tally(work)),
        error: { code: "invalid", message: error },
      };
    await commit(deps, actor, { work, sha256: digest.digest("hex") });
    return { importId: id, ...tally(work) };
  });
}

const tally = ({ rows, accepted, refused }: Import) => ({ rows, accepted, refused });

function verdictOn({ accepted, refused }: Import): string | undefined {
  if (refused > 0) return `${refused} of ${accepted + refused} rows are refused, so nobody was imported`;
  return accepted === 0 ? "the file holds no people" : undefined;
}

/** Says why the file as a whole cannot be read. */
async function readRows(work: Import, file: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    for await (const rows of readCsv(file)) {
      const body = work.columns.length === 0 && rows.length > 0 ? readHeader(work, rows) : rows;
      for (let at = 0; at < body.length; at += chunkRows) {
        await writeChunk(work, body.slice(at, at + chunkRows));
        await setImmediate();
      }
    }
    return work.columns.length === 0 ? "the file is empty" : undefined;
  } catch (error) {
    if (error instanceof CsvError) return error.message;
    throw error;
  }
}

function readHeader(work: Import, [header, ...body]: CsvRow[]): CsvRow[] {
  const seen = new Set<Column>();
  const isHeader = header!.fields.some((field) => /\busername\b/i.test(field));
  for (const field of header!.fields) {
    const name = field.trim();
    const column = columns.find((known) => known === name);
    // without a header this is somebody's row, with a password or a seed in it
    const unknown = isHeader ? `unknown column ${JSON.stringify(name.slice(0, 100))}` : "no column is called username";
    const hint = /[;\t]/.test(name)
      ? "columns are separated by commas"
      : "countersign user import --help names the columns";
    if (!column) throw new CsvError(`line 1: ${unknown}; ${hint}`);
    if (seen.has(column)) throw new CsvError(`line 1: the column ${column} is there twice`);
    seen.add(column);
  }
  if (!seen.has("username")) throw new CsvError("line 1: the column username is missing");
  work.columns = [...seen];
  return body;
}

type Ready = { line: number; person: NewPersonRow; factors: NewFactorRow[] };

async function writeChunk(work: Import, rows: CsvRow[]): Promise<void> {
  const { db, clock } = work.deps;
  const drafts = rows.map((row) => readRow(work, row));
  const hashes = await hashPasswords(work, drafts);
  const ready: Ready[] = [];
  const verdicts: Verdict[] = [];
  for (const [index, { line, username, draft, reason }] of drafts.entries()) {
    if (!draft) {
      verdicts.push({ line, username, verdict: "refused", reason });
      continue;
    }
    const making = { passwordHash: hashes[index] ?? null, importId: work.id, text: true };
    ready.push({ line, ...rowsOf(work.deps, draft, making) });
    draft.seed?.fill(0);
  }
  await setImmediate();
  const taken = await db.transaction(async (run) => {
    const at = clock.now();
    if (!(await touchImport(run, { id: work.id, accepted: work.accepted, at }))) throw givenUp();
    const inserted = await insertPeople(
      run,
      ready.map(({ person }) => person),
    );
    const won = ready.filter(({ person }) => inserted.has(person.id));
    await insertFactors(
      run,
      won.flatMap(({ factors }) => factors),
    );
    const lost = ready.filter(({ person }) => !inserted.has(person.id));
    const keys = lost.map(({ person }) => person.name_key);
    return { lost: new Set(lost), owners: await readOwners(run, keys) };
  });
  for (const one of ready) {
    const { line, person } = one;
    const reason = taken.lost.has(one) ? whyTaken(work.id, taken.owners.get(person.name_key)) : undefined;
    verdicts.push({
      line,
      username: person.username,
      verdict: reason === undefined ? "accepted" : "refused",
      ...(reason !== undefined && { reason }),
    });
  }
  record(work, verdicts);
}

type Read = { line: number; username: string } & ({ draft: Draft; reason?: never } | { draft?: never; reason: string });

function readRow(work: Import, { line, fields }: CsvRow): Read {
  const given = Object.fromEntries(work.columns.map((column, index) => [column, fields[index]]));
  const expected = work.columns.length;
  // in a row with a field too many or too few, what stands under "username" may be the password
  const isShifted = fields.length !== expected && work.columns[0] !== "username";
  const username = isShifted ? "" : (given["username"] ?? "").trim().slice(0, 256);
  if (fields.length !== expected) {
    const reason = `has ${fields.length} fields, the header has ${expected}`;
    return { line, username, reason };
  }
  try {
    return { line, username, draft: readPerson(work, given) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { line, username, reason: error.message };
  }
}

/** Two at a time, as the pool has room: logins share it. None for a file that is refused already. */
async function hashPasswords(work: Import, drafts: Read[]): Promise<(string | undefined)[]> {
  const hashes: (string | undefined)[] = [];
  const waiting = drafts.flatMap(({ draft }, index) => (draft?.password ? [{ index, draft }] : []));
  if (waiting.length === 0 || work.refused > 0 || drafts.some(({ draft }) => !draft)) return hashes;
  const total = waiting.length;
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      hashes[next.index] = await hashWhenFree(work.deps, next.draft.password);
      work.report(`${total - waiting.length} of ${total} passwords of this part hashed`);
    }
  };
  await Promise.all([worker(), worker()]);
  return hashes;
}

async function hashWhenFree(deps: Deps, password: string): Promise<string> {
  for (;;) {
    try {
      return await newPasswordHash(deps, password);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "busy")) throw error;
      await deps.clock.sleep(100);
    }
  }
}

function whyTaken(importId: string, owner: string | null | undefined): string {
  if (owner === importId) return "username: stands in an earlier line of this file too";
  return owner
    ? "username: another import that is under way holds this name"
    : "username: a person of this name exists already";
}

function record(work: Import, verdicts: Verdict[]): void {
  for (const verdict of verdicts.toSorted((a, b) => a.line - b.line)) {
    work[verdict.verdict] += 1;
    const read = work.accepted + work.refused;
    if (read === listedRows + 1) work.rows = work.rows.filter((row) => row.verdict === "refused");
    const listed = verdict.verdict === "refused" || read <= listedRows;
    if (listed && work.rows.length < listedRows) work.rows.push(verdict);
  }
  work.report();
}

async function commit(
  deps: Deps,
  actor: Actor,
  { work: { id, accepted }, sha256 }: { work: Import; sha256: string },
): Promise<void> {
  await changed(deps, actor, async (run) => {
    const at = deps.clock.now();
    if (!(await commitImport(run, { id, accepted, at, sha256 }))) throw givenUp();
    return { value: undefined, result: "PEOPLE_IMPORTED", detail: { import: id, sha256, accepted } };
  });
}
