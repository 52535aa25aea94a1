import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { cleanImports } from "#actions/imports.ts";
import type { Deps } from "#actions/deps.ts";
import { importTokens, undoTokenImport, type TokenImportOptions } from "#actions/token-import.ts";
import { startImport } from "#store/imports.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

const seed = (index: number) => Buffer.alloc(20, index + 1);
const secret = (index: number) => base32(seed(index));
const cloud = "upn,serial number,secret key,time interval,manufacturer,model";

async function* inPieces(text: string, size = 4096) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const load = async (deps: Deps, text: string, options: TokenImportOptions = {}) =>
  await importTokens(deps, "cli", { file: inPieces(text), progress: () => undefined, options });
const reasons = ({ rows }: { rows: { line: number; reason?: string }[] }) =>
  rows.flatMap(({ line, reason }) => (reason === undefined ? [] : [`${line} ${reason}`]));
const tokens = async (deps: Deps) => await deps.db.q.selectFrom("token").selectAll().orderBy("serial").execute();
const imports = async (deps: Deps) => await deps.db.q.selectFrom("import").select(["id", "committed_at"]).execute();
const entries = async (deps: Deps) =>
  (await deps.db.q.selectFrom("log").select(["result", "detail"]).orderBy("seq").execute()).filter(({ result }) =>
    result.startsWith("TOKEN"),
  );
const figure = (number: number) =>
  readFileSync(new URL(`../vectors/rfc6030/figure${number}.xml`, import.meta.url), "utf8");

let made: World[] = [];
const start = async (kind: Kind) => {
  const here = await world({ kind });
  made.push(here);
  return here;
};
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});

describe.each(kinds)("the import of tokens on %s", (kind) => {
  test("tokens of a table are there at once, sealed, unassigned, with one audit entry", async () => {
    const { deps } = await start(kind);
    const done = await load(
      deps,
      `${cloud}\r\nanna,100-1,${secret(0)},30,Contoso,Key\r\n,1002,${secret(1)},60,Contoso,Key\r\n`,
    );
    expect(done).toMatchObject({
      format: "csv",
      accepted: 2,
      refused: 0,
      rows: [
        { serial: "100-1", line: 2, verdict: "accepted" },
        { serial: "1002", line: 3, verdict: "accepted" },
      ],
      notes: [expect.stringContaining("unassigned")],
    });
    const rows = await tokens(deps);
    expect(rows).toMatchObject([
      {
        serial: "100-1",
        serial_key: "1001",
        manufacturer: "Contoso",
        model: "Key",
        type: "totp",
        state: "available",
        user_id: null,
      },
      {
        serial: "1002",
        parameters: JSON.stringify({ digits: 6, algorithm: "sha1", period: 60 }),
        import_id: done.importId,
      },
    ]);
    const [first] = rows;
    const place = { table: "token", column: "sealed_secret", row: first!.id };
    expect(deps.keys.unseal("factor", first!.sealed_secret, place)).toEqual(seed(0));
    const [entry, ...more] = await entries(deps);
    expect(more).toEqual([]);
    expect(entry!.result).toBe("TOKENS_IMPORTED");
    const detail = JSON.parse(entry!.detail!) as object;
    expect(detail).toMatchObject({ import: done.importId, format: "csv", accepted: 2, refused: 0 });
    expect(Object.keys(detail).toSorted()).toEqual(["accepted", "format", "import", "refused", "sha256"]);
  });

  test("a messy table: every row has its verdict, and nothing stays; then the good rows alone", async () => {
    const { deps } = await start(kind);
    const table = [
      "serial,secret,interval",
      `1,${secret(0)},30`,
      `2,${secret(1).slice(1)}1,30`,
      `3,0${seed(2).toString("hex")},30`,
      `1,${secret(3)},30`,
      `5,${secret(4)},45`,
      `6,${secret(5)}`,
      `7,${secret(0)},30`,
      `8,${seed(7).toString("hex")},30`,
    ].join("\n");
    const refused = await load(deps, table);
    expect(refused.error?.message).toBe("6 of 8 rows are refused, so nothing was imported");
    expect(reasons(refused)).toEqual([
      "3 secret: has a 0, 1, 8 or 9, which Base32 does not know: O, I and B are letters there",
      "4 secret: has an odd number of hexadecimal digits: one is missing or too many",
      "5 serial number: stands in an earlier row of this file too, with another secret; a token's secret is never replaced",
      "6 time interval: has to be 30 or 60 seconds",
      "7 has 2 columns where 3 are expected",
      '8 secret: that of "1", which stands in an earlier row of this file too',
    ]);
    expect(JSON.stringify(refused)).not.toContain(secret(1).slice(1, 9));
    expect(await tokens(deps)).toEqual([]);
    expect(await imports(deps)).toEqual([]);
    expect(await entries(deps)).toEqual([]);

    const taken = await load(deps, table, { goodRowsOnly: true, errors: true });
    expect(taken).toMatchObject({ accepted: 2, refused: 6 });
    expect(taken.error).toBeUndefined();
    expect((await tokens(deps)).map(({ serial }) => serial)).toEqual(["1", "8"]);
    const [header, first] = taken.errorFile!.split("\r\n");
    expect(header).toBe('"serial","secret","interval","line","reason"');
    expect(first).toContain('"2","","30","3","secret: has a 0');
    for (let index = 0; index < 8; index++) {
      expect(taken.errorFile).not.toContain(secret(index).slice(0, 12));
      expect(taken.errorFile).not.toContain(seed(index).toString("hex").slice(0, 12));
    }
  });

  test("a row that is refused takes neither its serial number nor its secret from the rows after it", async () => {
    const { deps } = await start(kind);
    await load(deps, `serial,secret,interval\n1,${secret(1)},30\n2,${secret(2)},30`);
    // three wishes for one secret, and each that is refused leaves the next one in
    const rows = [
      `1,${secret(3)}`,
      `4,${secret(3)}`,
      `4,${secret(5)}`,
      `6,${secret(5)}`,
      `2,${secret(6)}`,
      `6,${secret(6)}`,
    ];
    const done = await load(deps, ["serial,secret", ...rows].join("\n"), { goodRowsOnly: true });
    expect(reasons(done)).toEqual([
      "2 serial number: is imported already, with another secret; a token's secret is never replaced",
      "4 serial number: stands in an earlier row of this file too, with another secret; a token's secret is never replaced",
      "6 serial number: is imported already, with another secret; a token's secret is never replaced",
      "7 serial number: stands in an earlier row of this file too, with another secret; a token's secret is never replaced",
    ]);
    expect((await tokens(deps)).map(({ serial }) => serial)).toEqual(["1", "2", "4", "6"]);
  });

  test("a refused row is told what stood in its way, not what came after it", async () => {
    const { deps } = await start(kind);
    const rows = [`1,${secret(0)}`, `2,${secret(0)}`, `2,${secret(1)}`, `2,${secret(2)}`];
    const done = await load(deps, ["serial,secret", ...rows].join("\n"), { goodRowsOnly: true });
    expect(reasons(done)).toEqual([
      '3 secret: that of "1", which stands in an earlier row of this file too',
      "5 serial number: stands in an earlier row of this file too, with another secret; a token's secret is never replaced",
    ]);
  });

  test("a secret in another column than its own comes back nowhere", async () => {
    const { deps } = await start(kind);
    const table = `serial;secret;maker\n1,${secret(0)},30\n${secret(1)};1;x\n2;${secret(2).slice(1)}1;${secret(3)}\n`;
    const done = await load(deps, table, { goodRowsOnly: true, errors: true });
    expect(reasons(done)).toHaveLength(3);
    for (let index = 0; index < 4; index++) expect(JSON.stringify(done)).not.toContain(secret(index).slice(0, 12));
  });

  test("a dry run says the same and keeps nothing", async () => {
    const { deps } = await start(kind);
    const table = `1,${secret(0)},30\n2,${secret(1)},30\n`;
    const dry = await load(deps, table, { dryRun: true });
    expect(dry).toMatchObject({ accepted: 2, refused: 0 });
    expect(dry.importId).toBeUndefined();
    expect(await tokens(deps)).toEqual([]);
    expect(await imports(deps)).toEqual([]);
    const { importId, ...same } = await load(deps, table);
    expect(same).toEqual(dry);
    expect(importId).toMatch(/^imp_/);
  });

  test("a token that is known is never changed, revived or taken over (R-087)", async () => {
    const { deps } = await start(kind);
    const table = `1,${secret(0)},30\n`;
    await load(deps, table);
    const change = deps.db.q.updateTable("token").set({ counter: 77, state: "revoked", user_id: "usr_x" });
    await change.execute();
    expect(reasons(await load(deps, table))).toEqual(["1 serial number: is imported already"]);
    expect(reasons(await load(deps, `1,${secret(1)},30\n`))).toEqual([
      "1 serial number: is imported already, with another secret; a token's secret is never replaced",
    ]);
    expect(reasons(await load(deps, `2,${secret(0)},30\n`))).toEqual([
      '1 secret: that of "1", which is imported already',
    ]);
    expect(await tokens(deps)).toMatchObject([{ counter: 77, state: "revoked", user_id: "usr_x" }]);
    // not even by a statement of ours (R-009)
    await expect(deps.db.q.updateTable("token").set({ counter: 76 }).execute()).rejects.toThrow("never falls");
  });

  test("the same number of another maker is another token", async () => {
    const { deps } = await start(kind);
    const header = "serial,secret,manufacturer";
    expect(
      await load(deps, `${header}\n1,${secret(0)},A\n1,${secret(1)},B\n1,${secret(2)},a\n`, { goodRowsOnly: true }),
    ).toMatchObject({
      accepted: 2,
      refused: 1,
    });
  });

  test("an import is taken back as long as none of its tokens was given to anybody", async () => {
    const { deps } = await start(kind);
    const { importId = "" } = await load(deps, `1,${secret(0)},30\n2,${secret(1)},30\n`);
    await deps.db.q
      .updateTable("token")
      .set({ state: "assigned", user_id: "usr_x" })
      .where("serial", "=", "1")
      .execute();
    await expect(undoTokenImport(deps, "cli", importId)).rejects.toThrow("given to somebody");
    await deps.db.q.updateTable("token").set({ state: "available", user_id: null, used: 1 }).execute();
    // its codes are known: imported anew it would take them again
    await expect(undoTokenImport(deps, "cli", importId)).rejects.toThrow("given to somebody");
    await deps.db.q.updateTable("token").set({ used: 0 }).execute();
    expect(await undoTokenImport(deps, "cli", importId)).toEqual({ importId });
    expect(await tokens(deps)).toEqual([]);
    expect(await imports(deps)).toEqual([]);
    expect((await entries(deps)).map(({ result }) => result)).toEqual(["TOKENS_IMPORTED", "TOKEN_IMPORT_UNDONE"]);
    await expect(undoTokenImport(deps, "cli", importId)).rejects.toThrow("no import of tokens");
    expect(await load(deps, `1,${secret(0)},30\n`)).toMatchObject({ accepted: 1 });
  });

  test("what a dead import left is removed", async () => {
    const { deps } = await start(kind);
    await load(deps, `1,${secret(0)},30\n`);
    await deps.db.transaction((run) => startImport(run, { id: "imp_dead", kind: "tokens", at: 1 }));
    const [row] = await tokens(deps);
    const left = Array.from({ length: 3 }, (_, index) => ({
      ...row!,
      id: `tok_${index}`,
      serial_key: `x${index}`,
      seed_mac: Buffer.from([index]),
      import_id: "imp_dead",
    }));
    await deps.db.q.insertInto("token").values(left).execute();
    await cleanImports(deps);
    expect((await tokens(deps)).map(({ id }) => id)).toEqual([row!.id]);
    expect(await imports(deps)).toHaveLength(1);
  });

  test("two at once of the same file: one of them brings the tokens", async () => {
    const { deps } = await start(kind);
    const table = Array.from(
      { length: 250 },
      (_, index) => `s${index},${base32(Buffer.alloc(20).fill(`${index}/`))},30`,
    ).join("\n");
    const both = await Promise.all([load(deps, table), load(deps, table)]);
    expect(both.filter(({ error }) => error === undefined).length).toBeLessThanOrEqual(1);
    await load(deps, table);
    expect(await tokens(deps)).toHaveLength(250);
    expect((await entries(deps)).length).toBe(1);
  });
});

describe("documents of the RFC", () => {
  test("the short key of figure 2 is refused, 3 and 5 to 7 give their token, and the rest says why not", async () => {
    const { deps } = await start("sqlite");
    const dry = { dryRun: true };
    expect(reasons(await load(deps, figure(2), dry))).toEqual(["5 secret: is shorter than 128 bits"]);
    expect(reasons(await load(deps, figure(4), dry))[0]).toContain("Secret: is not in the file");
    for (const [number, options] of [
      [3, {}],
      [5, {}],
      [6, { keyHex: "12345678901234567890123456789012" }],
      [7, { passphrase: "qwerty" }],
    ] as const)
      expect(await load(deps, figure(number), { ...dry, ...options })).toMatchObject({
        accepted: 1,
        refused: 0,
        format: "pskc",
      });
    expect(reasons(await load(deps, figure(8), dry))[0]).toContain("RSA 1.5");
    expect((await load(deps, figure(9), dry)).error?.message).toContain("the file is signed");
    expect((await load(deps, figure(9), dry)).rows).toEqual([]);
    const bulk = await load(deps, figure(10), { goodRowsOnly: true });
    expect(bulk.rows[0]).toEqual({
      serial: "654321",
      line: 4,
      verdict: "accepted",
      warnings: ["has expired, so it cannot be given to anybody"],
    });
    expect(bulk).toMatchObject({ accepted: 1, refused: 3 });
  });

  test("a file that cannot be opened is refused whole", async () => {
    const { deps } = await start("sqlite");
    const generic = "the key does not open this file, or the file was changed";
    expect(await load(deps, figure(6), { keyHex: "00".repeat(16) })).toEqual({
      rows: [],
      accepted: 0,
      refused: 0,
      error: { code: "invalid", message: generic },
    });
    expect((await load(deps, figure(7), { passphrase: "qwertz" })).error?.message).toBe(generic);
    expect((await load(deps, "", {})).error?.message).toBe("the file holds no tokens");
    expect((await load(deps, `1,${secret(0)},30\n`, { format: "pskc" })).error?.message).toContain("not well-formed");
    expect((await load(deps, `1,${secret(0)},30\n`, { passphrase: "x" })).error?.message).toContain("not encrypted");
    await expect(load(deps, figure(6), { keyHex: "xyz" })).rejects.toThrow("hexadecimal");
    await expect(load(deps, figure(6), { keyHex: "00", passphrase: "x" })).rejects.toThrow("name one");
    expect(await tokens(deps)).toEqual([]);
  });
});
