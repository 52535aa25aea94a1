/**
 * The import of hardware tokens: read as the file arrives, judged row by row, written in chunks that nobody sees, and there at
 * one moment. Must stay true: a seed is sealed at once and its octets wiped, whatever becomes of its row; a token that is known
 * is never changed by a file; logins go on meanwhile, so a chunk is small and the event loop turns between two.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { AppError } from "#core/errors.ts";
import { judgeToken, serialKey, tokenDefaults, type JudgedToken, type TokenDefaults } from "#core/token.ts";
import { fitsOf, type TokenCodes, type TokenFit } from "#core/token-proof.ts";
import { commitImport, findImport, touchImport, undoImport } from "#store/imports.ts";
import type { Run } from "#store/open.ts";
import { clearBudget, takeFrom } from "#store/throttle.ts";
import { insertTokens, readHolders, type Holder, type NewTokenRow } from "#store/tokens.ts";
import { TokenFileError, type FileRow, type TokenRow } from "#wire/token-row.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { cleanImports, givenUp, hashed, reporter, underImport, type Report } from "./imports.ts";
import { errorFile, type FileTold } from "./token-errors.ts";
import { openSource, type SourceOptions, type TokenFormat } from "./token-source.ts";

export type TokenImportOptions = SourceOptions &
  // said of the file, for what it does not say itself
  { [Name in keyof TokenDefaults]?: TokenDefaults[Name] | undefined } & {
  /** take what is good and leave the rest; otherwise all or nothing */
  goodRowsOnly?: boolean | undefined;
  /** judge everything and keep nothing */
  dryRun?: boolean | undefined;
  /** two codes that a token of the file shows, one soon after the other: the import is done only if the file is read so */
  prove?: (TokenCodes & { serial: string }) | undefined;
  /** give back the refused rows as a table of the same columns */
  errors?: boolean | undefined;
};
type Input = { file: AsyncIterable<Uint8Array>; progress: (line: string) => void; options: TokenImportOptions };

export type TokenVerdict = {
  serial: string;
  line: number;
  verdict: "accepted" | "refused";
  reason?: string;
  warnings?: string[];
};
/** `rows`: every one of a file of up to 50,000; of a larger one those refused, the first 50,000 of them. */
export type ImportedTokens = {
  importId?: string;
  format?: TokenFormat;
  rows: TokenVerdict[];
  accepted: number;
  refused: number;
  notes?: string[];
  errorFile?: string;
  /** ways to read the token's secret under which its codes are right */
  fits?: TokenFit[];
  error?: { code: "invalid"; message: string };
};

const chunkRows = 50;
const pieceBytes = 8192;
const listedRows = 50_000;

type Work = {
  deps: Deps;
  id: string;
  options: TokenImportOptions;
  defaults: TokenDefaults;
  rows: TokenVerdict[];
  accepted: number;
  refused: number;
  /** how many secrets so far could be nothing but this */
  clear: { base32: number; hex: number };
  report: Report;
  told: FileTold;
  /** of the token whose codes were given: what they fit, and whether that is how it was read */
  proof?: Proof;
};
type Proof = { fits: TokenFit[]; isRight: boolean };

export async function importTokens(deps: Deps, actor: Actor, input: Input): Promise<ImportedTokens> {
  const tries = await takeTry(deps, actor, input.options);
  const imported = await underImport(deps, "tokens", async (id) => await importOne(deps, actor, { ...input, id }));
  if (tries !== undefined && !imported.error) await deps.db.transaction((run) => clearBudget(run, tries));
  return imported;
}

const keyTries = { limit: 10, windowMs: 600_000 };

/** an integration must not learn by trying whether a key opens a file; whoever has the command line has the store. */
async function takeTry(deps: Deps, actor: Actor, options: TokenImportOptions): Promise<string | undefined> {
  const { keyHex, passphrase, privateKey } = options;
  if (actor === "cli" || [keyHex, passphrase, privateKey].every((key) => key === undefined)) return undefined;
  const id = `token key ${actor}`;
  const isTaken = await deps.db.transaction((run) => takeFrom(run, { id, ...keyTries }, deps.clock.now()));
  if (!isTaken) throw new AppError("busy", "too many files did not open; try again in ten minutes");
  return id;
}

async function importOne(
  deps: Deps,
  actor: Actor,
  { id, file, progress, options }: Input & { id: string },
): Promise<ImportedTokens> {
  const counts = { rows: [], accepted: 0, refused: 0 };
  const work: Work = Object.assign(counts, {
    deps,
    id,
    options,
    defaults: { ...tokenDefaults, ...defined(options) },
    clear: { base32: 0, hex: 0 },
    report: reporter(deps, progress, counts),
    told: { refused: [], header: [] },
  });
  const digest = createHash("sha256");
  const read = await readAll(work, paced(hashed(file, digest)));
  if ("broken" in read) return { rows: [], accepted: 0, refused: 0, error: { code: "invalid", message: read.broken } };
  const message = verdictOn(work);
  const result = resultOf(work, read);
  if (message !== undefined) return { ...result, error: { code: "invalid", message } };
  if (options.dryRun) return result;
  await commit(deps, actor, { work, detail: { sha256: digest.digest("hex"), format: read.format } });
  return { importId: id, ...result };
}

/** What is said of the file holds where the file is silent. */
function defined({ type, algorithm, digits, period, encoding }: TokenImportOptions): Partial<TokenDefaults> {
  const given = { type, algorithm, digits, period, encoding };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

type Read = { format: TokenFormat; notes: string[] };

function resultOf(work: Work, { format, notes }: Read): ImportedTokens {
  const { rows, accepted, refused, options, told } = work;
  return {
    format,
    rows,
    accepted,
    refused,
    ...(notes.length > 0 && { notes }),
    ...(work.proof && { fits: work.proof.fits }),
    ...(options.errors && { errorFile: errorFile(told) }),
  };
}

function verdictOn(work: Work): string | undefined {
  return verdictOnRows(work) ?? verdictOnProof(work);
}

function verdictOnProof({ options: { prove }, proof }: Work): string | undefined {
  if (!prove || proof?.isRight) return undefined;
  if (!proof) return "the token whose codes were given is not in the file, so nothing was imported";
  return proof.fits.length > 0
    ? "the two codes show that the file has to be read otherwise, so nothing was imported; the result says how"
    : "the two codes are not of this token, however it is read, so nothing was imported";
}

function verdictOnRows({ accepted, refused, options }: Work): string | undefined {
  if (accepted + refused === 0) return "the file holds no tokens";
  if (refused === 0) return undefined;
  if (options.goodRowsOnly) return accepted === 0 ? "every row is refused, so nothing was imported" : undefined;
  return `${refused} of ${accepted + refused} rows are refused, so nothing was imported`;
}

/** A piece is read in a few milliseconds, and the event loop turns between two: nobody who signs in meanwhile waits. */
async function* paced(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of file)
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      yield chunk.subarray(at, at + pieceBytes);
      await setImmediate();
    }
}

/** Says why the file as a whole cannot be read, or how it was. */
async function readAll(work: Work, file: AsyncIterable<Uint8Array>): Promise<Read | { broken: string }> {
  try {
    const { format, rows, table } = await openSource(file, work.options);
    let held: FileRow[] = [];
    for await (const some of rows) {
      held.push(...some);
      for (; held.length >= chunkRows; held = held.slice(chunkRows)) {
        await writeChunk(work, held.slice(0, chunkRows));
        await setImmediate();
      }
    }
    await writeChunk(work, held);
    work.told.header = table?.header ?? [];
    return { format, notes: table?.notes ?? [] };
  } catch (error) {
    if (error instanceof TokenFileError) return { broken: error.message };
    throw error;
  }
}

type Ready = { row: TokenRow; token: NewTokenRow; warnings: string[] };
type Refused = { row: FileRow; reason: string };

async function writeChunk(work: Work, rows: FileRow[]): Promise<void> {
  if (rows.length === 0) return;
  for (const row of rows) countClear(work, row);
  const judged = rows.map((row) => judgeRow(work, row));
  const ready = judged.filter((one) => "token" in one);
  const { deps } = work;
  const taken = await deps.db.transaction(
    async (run) => {
      const at = deps.clock.now();
      if (!(await touchImport(run, { id: work.id, accepted: work.accepted, at }))) throw givenUp();
      return await insertInOrder(
        run,
        ready.map(({ token }) => token),
      );
    },
    // the commit of the import makes its chunks durable with it
    { relaxed: true },
  );
  for (const one of judged) {
    const reason = "reason" in one ? one.reason : taken.get(one.token.id);
    record(work, reason === undefined ? one : { row: one.row, reason });
  }
}

/**
 * As if row by row, though what is inserted together the database takes in an order of its own: a row waits for those before it
 * that want its serial number or its secret, since they may be refused and then stand in nobody's way. Gives why of those that
 * are refused, as it is then: what comes after a row is not in its way.
 */
async function insertInOrder(run: Run, tokens: NewTokenRow[]): Promise<Map<string, string>> {
  const taken = new Map<string, string>();
  for (let left = tokens; left.length > 0;) {
    const first = firstOfEach(left);
    const inserted = await insertTokens(run, [...first]);
    const lost = [...first].filter(({ id }) => !inserted.has(id));
    const holders = await readHolders(run, lost);
    for (const token of lost) taken.set(token.id, whyTaken(token, holders));
    left = left.filter((token) => !first.has(token));
  }
  return taken;
}

/** Those that want nothing that one before them wants. */
function firstOfEach(tokens: NewTokenRow[]): Set<NewTokenRow> {
  const seen = new Set<string>();
  const first = tokens.filter(({ serial_key, maker_key, seed_mac }) => {
    const marks = [`${serial_key}\0${maker_key}`, Buffer.from(seed_mac).toString("hex")];
    const isFirst = marks.every((mark) => !seen.has(mark));
    for (const mark of marks) seen.add(mark);
    return isFirst;
  });
  return new Set(first);
}

function countClear({ clear }: Work, row: FileRow): void {
  if (!("secret" in row) || !("text" in row.secret)) return;
  const { encoding } = row.secret;
  if (encoding !== "unclear") clear[encoding] += 1;
}

function judgeRow(work: Work, row: FileRow): Ready | Refused {
  if ("reason" in row) return { row, reason: row.reason };
  try {
    const encoding = encodingOf(work, row);
    if (!encoding) return { row, reason: "secret: reads as Base32 and as hexadecimal; say which with the import" };
    const judged = judgeToken(row, { ...work.defaults, encoding }, { now: work.deps.clock.now() });
    if (!judged.ok) return { row, reason: judged.reason };
    if (work.options.prove && serialKey(work.options.prove.serial) === serialKey(row.serial))
      work.proof = prove(work, row, { prove: work.options.prove, judged: judged.token, encoding });
    const token = tokenRow(work, row, judged.token);
    return { row, token, warnings: [...row.warnings, ...judged.token.warnings] };
  } finally {
    if ("bytes" in row.secret) row.secret.bytes.fill(0);
  }
}

type Proving = { prove: TokenCodes; judged: JudgedToken; encoding: TokenDefaults["encoding"] };

function prove({ deps }: Work, row: TokenRow, { prove: codes, judged, encoding }: Proving): Proof {
  const fits = fitsOf(row, codes, { now: deps.clock.now() });
  const { type, parameters } = judged;
  const readAs = "text" in row.secret && row.secret.encoding !== "unclear" ? row.secret.encoding : encoding;
  const isRight = fits.some(
    (fit) =>
      fit.type === type &&
      fit.algorithm === parameters.algorithm &&
      fit.digits === parameters.digits &&
      fit.period === parameters.period &&
      (fit.encoding ?? readAs) === readAs,
  );
  return { fits, isRight };
}

/** Of a secret that reads both ways, the other secrets of its file tell, unless they are of both kinds. */
function encodingOf({ options, clear, defaults }: Work, { secret }: TokenRow): TokenDefaults["encoding"] | undefined {
  const isUnclear = "text" in secret && secret.encoding === "unclear";
  if (options.encoding !== undefined || !isUnclear) return defaults.encoding;
  if (clear.hex > 0 && clear.base32 > 0) return undefined;
  return clear.hex > 0 ? "hex" : "base32";
}

function tokenRow({ deps, id: importId }: Work, row: TokenRow, judged: JudgedToken): NewTokenRow {
  const id = deps.random.id("tok_");
  const { seed, type, parameters, counter, drift, startsAt, expiresAt } = judged;
  const manufacturer = (row.manufacturer ?? "").slice(0, 256);
  const place = { table: "token", column: "sealed_secret", row: id };
  const sealed = { sealed_secret: deps.keys.seal("factor", seed, place), seed_mac: deps.keys.mac("seed", seed) };
  seed.fill(0);
  return {
    id,
    serial: row.serial,
    serial_key: serialKey(row.serial),
    manufacturer,
    maker_key: serialKey(manufacturer),
    model: row.model?.slice(0, 256) ?? null,
    type,
    parameters: JSON.stringify(parameters),
    ...sealed,
    counter,
    drift,
    starts_at: startsAt,
    expires_at: expiresAt,
    import_id: importId,
    created_at: deps.clock.now(),
  };
}

function whyTaken(token: NewTokenRow, holders: Holder[]): string {
  const mac = Buffer.from(token.seed_mac).toString("hex");
  const same = holders.find(({ serialKey: key, makerKey }) => key === token.serial_key && makerKey === token.maker_key);
  const where = ({ importId, isCommitted }: Holder) => {
    if (importId === token.import_id) return "stands in an earlier row of this file too";
    return isCommitted ? "is imported already" : "is being imported by somebody else at this moment";
  };
  if (same && same.seedMac === mac) return `serial number: ${where(same)}`;
  if (same) return `serial number: ${where(same)}, with another secret; a token's secret is never replaced`;
  const twin = holders.find(({ seedMac }) => seedMac === mac);
  return twin
    ? `secret: that of ${JSON.stringify(twin.serial)}, which ${where(twin)}`
    : "was taken back meanwhile; import it again";
}

function record(work: Work, one: Ready | Refused): void {
  const { line, serial } = one.row;
  const verdict: TokenVerdict =
    "reason" in one
      ? { serial: unlessSecret(serial), line, verdict: "refused", reason: one.reason }
      : { serial, line, verdict: "accepted", ...(one.warnings.length > 0 && { warnings: one.warnings }) };
  work[verdict.verdict] += 1;
  if (work.accepted + work.refused === listedRows + 1)
    work.rows = work.rows.filter(({ verdict: is }) => is === "refused");
  const isListed = verdict.verdict === "refused" || work.accepted + work.refused <= listedRows;
  if (isListed && work.rows.length < listedRows) work.rows.push(verdict);
  if (work.options.errors && verdict.reason !== undefined && work.told.refused.length < listedRows)
    work.told.refused.push({ ...verdict, reason: verdict.reason, fields: one.row.fields?.map(unlessSecret) });
  work.report();
}

/** In a row that is not as it should be a secret may stand in another column. */
const unlessSecret = (text: string): string => (/[A-Za-z0-9+/]{24,}/.test(text) ? "" : text);

async function commit(
  deps: Deps,
  actor: Actor,
  { work: { id, accepted, refused }, detail }: { work: Work; detail: { sha256: string; format: TokenFormat } },
): Promise<void> {
  await changed(deps, actor, async (run) => {
    const at = deps.clock.now();
    if (!(await commitImport(run, { id, accepted, at, sha256: detail.sha256 }))) throw givenUp();
    return { value: undefined, result: "TOKENS_IMPORTED", detail: { import: id, ...detail, accepted, refused } };
  });
}

/** Takes back a whole import while none of its tokens was given to anybody. */
export async function undoTokenImport(deps: Deps, actor: Actor, id: string): Promise<{ importId: string }> {
  const found = await findImport(deps.db, id);
  if (found?.kind !== "tokens" || !found.isCommitted)
    throw new AppError("not_found", `there is no import of tokens ${id}`);
  await changed(deps, actor, async (run) => {
    if (!(await undoImport(run, id)))
      throw new AppError(
        "conflict",
        "a token of this import was given to somebody or reported, so it cannot be undone",
      );
    return { value: undefined, result: "TOKEN_IMPORT_UNDONE", detail: { import: id } };
  });
  await cleanImports(deps);
  return { importId: id };
}
