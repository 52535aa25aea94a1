import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { addPerson, listPersons, loadPerson } from "#actions/people.ts";
import { cleanImports } from "#actions/imports.ts";
import { importPeople } from "#actions/people-import.ts";
import type { Deps } from "#actions/deps.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

const vpn: Application = {
  id: "rcl_vpn",
  name: "vpn",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const seed = Buffer.alloc(20, 0x5a);
const secret = base32(seed);

async function* inPieces(text: string, size = 7) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const load = async (deps: Deps, text: string, size?: number) =>
  await importPeople(deps, "cli", { file: inPieces(text, size), progress: () => undefined });
const reasons = (rows: { line: number; reason?: string }[]) =>
  rows.flatMap(({ line, reason }) => (reason === undefined ? [] : [`${line} ${reason}`]));
const signIn = async (deps: Deps, username: string, code?: string) =>
  await begin(deps, { application: vpn, username, code, source: { protocol: "radius" } });
const leftOver = async (deps: Deps) => {
  const people = await deps.db.q.selectFrom("person").select("id").execute();
  const factors = await deps.db.q.selectFrom("factor").select("id").execute();
  const imports = await deps.db.q.selectFrom("import").select("id").execute();
  return [people.length, factors.length, imports.length];
};

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

describe.each(kinds)("the import of people on %s", (kind) => {
  test("people of a file can sign in with their methods at once", async () => {
    const here = await start(kind);
    here.set({ "phone.default-country": "SE" });
    const file =
      "\ufeffusername,display_name,mobile_phone,language,groups,state,oath_secret_base32,password\r\n" +
      `anna,"Anna, the first",070-123 45 67,sv-SE,staff; vpn;,,${secret},\r\n` +
      "bo,,,,,disabled,,a long password\r\n";
    const done = await load(here.deps, file);
    expect(done).toMatchObject({ accepted: 2, refused: 0 });
    expect(done.rows.map(({ line, username, verdict }) => [line, username, verdict])).toEqual([
      [2, "anna", "accepted"],
      [3, "bo", "accepted"],
    ]);
    expect(await loadPerson(here.deps, "ANNA")).toMatchObject({
      displayName: "Anna, the first",
      mobilePhone: "+46701234567",
      language: "sv",
      groups: ["staff", "vpn"],
      state: "enabled",
      hasPassword: false,
    });
    expect(await loadPerson(here.deps, "bo")).toMatchObject({ state: "disabled", hasPassword: true });
    expect(await signIn(here.deps, "anna", here.code({ secret: seed }))).toMatchObject({ kind: "allow" });
    expect((await listPersons(here.deps, { limit: 10 })).people.map(({ methods }) => methods.toSorted())).toEqual([
      ["sms", "totp"],
      [],
    ]);
  });

  test("one bad row refuses the file, every row gets its verdict, and nothing stays", async () => {
    const here = await start(kind);
    await addPerson(here.deps, "cli", { username: "taken" });
    const file = [
      "username,mobile_phone,oath_secret_base32,state,language,groups,email",
      `good,+46701234567,${secret},enabled,en,a,a@b.se`,
      "GOOD,,,,,,",
      "Taken,,,,,,",
      ",,,,,,",
      "short",
      "p1,12,,,,,",
      `p2,,${secret.replace("L", "1")},,,,`,
      `p3,,${secret.slice(0, 16)},,,,`,
      "p4,,,absent,,,",
      "p5,,,,klingon,,",
      "p6,,,,,,no address",
      '"p\n7",,,,,,',
    ].join("\n");
    const done = await load(here.deps, file);
    expect(done.error).toEqual({
      code: "invalid",
      message: "11 of 12 rows are refused, so nobody was imported",
    });
    expect(done).toMatchObject({ accepted: 1, refused: 11 });
    expect(reasons(done.rows)).toEqual([
      "3 username: stands in an earlier line of this file too",
      "4 username: a person of this name exists already",
      "5 username: is missing",
      "6 has 1 fields, the header has 7",
      "7 mobile_phone: has no + and country code, and phone.default-country is not set",
      "8 oath_secret_base32: has a 0, 1, 8 or 9, which Base32 does not know: O, I and B are letters there",
      "9 oath_secret_base32: is shorter than 128 bits (26 characters)",
      "10 state: is none of disabled, enabled, enforced",
      "11 language: is none of en, sv",
      "12 email: is not an e-mail address",
      "13 username: has a line break or another control character",
    ]);
    expect(JSON.stringify(done)).not.toContain(secret.slice(0, 8));
    expect(await leftOver(here.deps)).toEqual([1, 0, 0]);
    expect(await load(here.deps, "username\ngood\n")).toMatchObject({ accepted: 1, refused: 0 });
  });

  test("a file that cannot be read is refused whole, with the reason", async () => {
    const here = await start(kind);
    const message = async (text: string) => {
      const { rows, error } = await load(here.deps, text);
      return [rows.length, error?.message];
    };
    expect(await message("")).toEqual([0, "the file is empty"]);
    expect(await message("username\n")).toEqual([0, "the file holds no people"]);
    expect(await message("display_name\nAnna\n")).toEqual([0, "line 1: the column username is missing"]);
    expect(await message("username,e-mail\n")).toEqual([
      0,
      'line 1: unknown column "e-mail"; countersign user import --help names the columns',
    ]);
    expect(await message("username,username\n")).toEqual([0, "line 1: the column username is there twice"]);
    expect(await message("username;email\n")).toEqual([
      0,
      'line 1: unknown column "username;email"; columns are separated by commas',
    ]);
    expect(await message('username\nanna\n"bo')).toEqual([0, 'line 3: a " is opened and never closed']);
    expect(await leftOver(here.deps)).toEqual([0, 0, 0]);
  });

  test("what may be a secret is not repeated: a first row without a header, a row whose fields are shifted", async () => {
    const here = await start(kind);
    const none = "line 1: no column is called username; ";
    expect(await load(here.deps, "anna;S3cret\n")).toMatchObject({
      error: { message: `${none}columns are separated by commas` },
    });
    expect(await load(here.deps, "S3cret,anna\n")).toMatchObject({
      error: { message: `${none}countersign user import --help names the columns` },
    });
    const shifted = await load(here.deps, "groups,username,password\nstaff,vpn,anna,S3cret\n,S3cret\n");
    expect(reasons(shifted.rows)).toEqual(["2 has 4 fields, the header has 3", "3 has 2 fields, the header has 3"]);
    const named = await load(here.deps, "username,password\nanna,a,b\n");
    expect(named.rows.map(({ username }) => username)).toEqual(["anna"]);
    expect(JSON.stringify(shifted)).not.toContain("S3cret");
  });

  test("nobody of a file exists before all do, and the audit tells it once", async () => {
    const here = await start(kind);
    const names = Array.from({ length: 700 }, (_, index) => `p${index},${secret}`);
    const half = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    async function* file() {
      yield Buffer.from(["username,oath_secret_base32", ...names.slice(0, 500), ""].join("\n"));
      half.resolve();
      await goOn.promise;
      yield Buffer.from(names.slice(500).join("\n"));
    }
    const done = importPeople(here.deps, "cli", { file: file(), progress: () => undefined });
    await half.promise;
    // the last row is read once it is sure that its line has ended
    expect(await leftOver(here.deps)).toEqual([499, 499, 1]);
    expect((await listPersons(here.deps, { limit: 10 })).people).toEqual([]);
    expect(await signIn(here.deps, "p1", here.code({ secret: seed }))).toMatchObject({ kind: "deny" });
    const early = addPerson(here.deps, "cli", { username: "p1" });
    await expect(early).rejects.toThrow("an import that is under way holds the name p1");
    const other = await load(here.deps, "username\np2\n");
    expect(reasons(other.rows)).toEqual(["2 username: another import that is under way holds this name"]);
    goOn.resolve();
    expect(await done).toMatchObject({ accepted: 700, refused: 0 });
    expect(await signIn(here.deps, "p1", here.code({ secret: seed }))).toMatchObject({ kind: "allow" });
    const log = await here.deps.db.q.selectFrom("log").select(["result", "detail"]).execute();
    const told = log.filter(({ result }) => result === "PEOPLE_IMPORTED");
    expect(told.map(({ detail }) => JSON.parse(detail!) as object)).toEqual([
      {
        import: expect.stringMatching(/^imp_/),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        accepted: 700,
      },
    ]);
  });

  test("what a dead import left is removed, what is there stays, and it can commit no more", async () => {
    const here = await start(kind);
    await load(here.deps, "username\nstays\n");
    // as a process leaves it that was killed between two chunks
    await here.deps.db.q
      .insertInto("import")
      .values({ id: "imp_dead", kind: "people", file_sha256: "", accepted: 0, started_at: here.clock.at })
      .execute();
    const lost = { name_key: "lost", username: "lost", state: "enabled", groups: "[]", created_at: 1 };
    await here.deps.db.q
      .insertInto("person")
      .values({ id: "usr_lost", ...lost, import_id: "imp_dead" })
      .execute();
    here.clock.at += 600_000;
    await cleanImports(here.deps);
    expect((await here.deps.db.q.selectFrom("person").select("username").execute()).length).toBe(1);
    expect(await load(here.deps, "username\nlost\n")).toMatchObject({ accepted: 1 });
  });

  test("an import given up by another node ends without a trace", async () => {
    const here = await start(kind);
    async function* file() {
      yield Buffer.from("username\nanna\n");
      await here.deps.db.q.updateTable("import").set({ started_at: 0 }).execute();
      yield Buffer.from("bo\n");
    }
    const done = importPeople(here.deps, "cli", { file: file(), progress: () => undefined });
    await expect(done).rejects.toThrow("given up");
    expect(await leftOver(here.deps)).toEqual([0, 0, 0]);
  });

  test("a file whose sender goes away leaves nothing", async () => {
    const here = await start(kind);
    async function* file() {
      yield Buffer.from("username\nanna\n");
      throw new Error("aborted");
    }
    await expect(importPeople(here.deps, "cli", { file: file(), progress: () => undefined })).rejects.toThrow(
      "aborted",
    );
    expect(await leftOver(here.deps)).toEqual([0, 0, 0]);
  });
});

test("of a large file the refused rows are listed, and counted beyond what is listed", async () => {
  const here = await start("sqlite");
  const names = Array.from({ length: 10_300 }, (_, index) => (index % 3 === 0 ? "twin" : `p${index}`));
  const done = await load(here.deps, ["username", ...names].join("\n"), 65_536);
  expect(done).toMatchObject({ accepted: 6867, refused: 3433 });
  expect(done.rows).toHaveLength(3433);
  expect(done.rows.every(({ verdict }) => verdict === "refused")).toBe(true);
});
