import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { assignTokens, type AssignmentOptions } from "#actions/token-assignments.ts";
import { importTokens } from "#actions/token-import.ts";
import { assignToken, endToken } from "#actions/token-life.ts";
import { searchTokens } from "#actions/tokens.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

let made: World[] = [];
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});
async function* bytes(text: string | Buffer, then: () => Promise<unknown> = async () => undefined) {
  yield Buffer.from(text as string);
  await then();
}

/** Tokens N-1…N-9, one of two makers' number, one that has ended, and three people. */
async function start(kind: Kind) {
  const here = await world({ kind });
  made.push(here);
  const { deps } = here;
  const secret = (index: number) => base32(Buffer.alloc(20, index));
  const rows = [
    ...Array.from({ length: 9 }, (_, index) => `N-${index + 1},${secret(index + 1)},Contoso,`),
    `TWIN,${secret(20)},Contoso,`,
    `TWIN,${secret(21)},Fabrikam,`,
    `OLD,${secret(22)},Contoso,2030-01-01`,
  ];
  const file = bytes(`serial,secret,manufacturer,expiry date\n${rows.join("\n")}\n`);
  const { error } = await importTokens(deps, "cli", { file, progress: () => undefined, options: {} });
  expect(error).toBeUndefined();
  here.clock.at = Date.UTC(2031, 0, 1);
  for (const username of ["anna", "bo", "Cleo"]) await here.person({ username, totp: false });
  const give = async (text: string | Buffer, options: AssignmentOptions = {}, then?: () => Promise<unknown>) =>
    await assignTokens(deps, "cli", { file: bytes(text, then), progress: () => undefined, options });
  const owners = async () =>
    (await searchTokens(deps, { limit: 100 })).tokens.flatMap(({ serial, username, state }) =>
      state === "assigned" ? [`${serial} ${username}`] : [],
    );
  const entries = async () =>
    (
      await deps.db.q
        .selectFrom("log")
        .select("result")
        .where("result", "in", ["TOKEN_ASSIGNED", "TOKEN_UNASSIGNED"])
        .execute()
    ).map(({ result }) => result);
  return { deps, give, owners, entries };
}
const reasons = ({ rows }: { rows: { line: number; reason?: string }[] }) =>
  rows.flatMap(({ line, reason }) => (reason === undefined ? [] : [`${line} ${reason}`]));

describe.each(kinds)("a table of tokens and people on %s", (kind) => {
  test("gives each token to its person, by any way of writing them, with an entry each; given again it changes nothing", async () => {
    const { deps, give, owners } = await start(kind);
    const table = "serial,username\r\nn1,ANNA\r\nN-2,bo\r\n\r\nN 3,cleo\r\n";
    expect(await give(table)).toEqual({
      accepted: 3,
      refused: 0,
      rows: [
        { serial: "n1", username: "ANNA", line: 2, verdict: "accepted" },
        { serial: "N-2", username: "bo", line: 3, verdict: "accepted" },
        { serial: "N 3", username: "cleo", line: 5, verdict: "accepted" },
      ],
    });
    expect(await owners()).toEqual(["N-1 anna", "N-2 bo", "N-3 Cleo"]);
    const logged = deps.db.q.selectFrom("log").select(["user_id", "detail"]).where("result", "=", "TOKEN_ASSIGNED");
    const entries = await logged.execute();
    expect(new Set(entries.map(({ user_id }) => user_id)).size).toBe(3);
    expect(JSON.parse(entries[0]!.detail!)).toMatchObject({ file: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const again = await give(table);
    expect([
      again.accepted,
      again.rows.every(({ warnings }) => warnings?.[0] === "this person has it already"),
    ]).toEqual([3, true]);
    expect(await logged.execute()).toHaveLength(3);
  });

  test("is judged whole: one bad row and nothing is given out, unless the good rows alone are wanted", async () => {
    const { deps, give, owners, entries } = await start(kind);
    await endToken(deps, "cli", { serial: "N-9", how: "lost" });
    const five = [1, 2, 3, 4, 5, 6].map((index) => `N-${index},anna`);
    const bad = ["X-1,bo", "N-7,nobody", "N-1,bo", "TWIN,bo", "OLD,bo", "N-9,bo", ",bo", "N-8,", "N-8,bo,3"];
    const table = [...five, ...bad, "N-6,bo", "N-8,bo"].join("\n");
    const told = [
      "6 username: has 5 tokens already, with those of earlier rows",
      "7 serial number: there is no such token",
      "8 username: there is nobody of this name",
      "9 serial number: stands in an earlier row of this file too",
      "10 serial number: more than one maker has it; name the token by its id",
      "11 serial number: the token has expired",
      "12 serial number: the token is lost, not available",
      "13 serial number: is empty",
      "14 username: is empty",
      "15 has 3 columns where 2 are expected",
    ];
    const refused = await give(table, { errors: true });
    expect(reasons(refused)).toEqual(told);
    expect(refused.error?.message).toBe("10 of 17 rows are refused, so nothing was assigned");
    expect(refused.errorFile).toContain('"X-1","bo","7","serial number: there is no such token"');
    expect([await owners(), await entries()]).toEqual([[], []]);
    const tried = await give(table, { goodRowsOnly: true, dryRun: true });
    expect([tried.accepted, tried.error, await owners()]).toEqual([7, undefined, []]);
    expect(reasons(await give(table, { goodRowsOnly: true }))).toEqual(told);
    expect(await owners()).toEqual(["N-1 anna", "N-2 anna", "N-3 anna", "N-4 anna", "N-5 anna", "N-6 bo", "N-8 bo"]);
  });

  test("a token that somebody else gets meanwhile stays theirs, and the rest is taken back or kept as was asked", async () => {
    const { deps, give, owners, entries } = await start(kind);
    const taken = async () => await assignToken(deps, "cli", { serial: "N-2", username: "bo" });
    const table = "N-1,anna\nN-2,anna\nN-3,anna\n";
    const lost = await give(table, {}, taken);
    expect(reasons(lost)).toEqual(["2 was changed meanwhile: give the file again"]);
    expect(lost.error?.message).toContain("taken back");
    expect(await owners()).toEqual(["N-2 bo"]);
    expect((await entries()).toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => "TOKEN_ASSIGNED"),
      ...Array.from({ length: 2 }, () => "TOKEN_UNASSIGNED"),
    ]);
    await endToken(deps, "cli", { serial: "N-2", how: "unassign" });
    const kept = await give(table, { goodRowsOnly: true }, taken);
    expect([kept.accepted, kept.refused, kept.error]).toEqual([2, 1, undefined]);
    expect(await owners()).toEqual(["N-1 anna", "N-2 bo", "N-3 anna"]);
  });
});

test("a table from a spreadsheet is read, whatever separates its columns and whatever else is in them", async () => {
  const { give, owners } = await start("sqlite");
  expect((await give('"serial number";"manufacturer";"username"\r\n"N-1";"Contoso";"anna"\r\n')).accepted).toBe(1);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("upn\tserial\r\nbo\tN-2\r\n", "utf16le")]);
  expect((await give(utf16)).accepted).toBe(1);
  expect(await owners()).toEqual(["N-1 anna", "N-2 bo"]);
});

test.each([
  ["", "the file holds no rows"],
  ["serial,username\n", "the file holds no rows"],
  ["serial,name\nN-1,anna\n", "line 1: the columns serial and username are needed"],
  ["N-1\n", "line 1: the columns serial and username are needed"],
  ['N-1,"anna\n', 'line 1: a " is opened and never closed'],
])("of %j nothing is given out", async (text, message) => {
  const { give, owners } = await start("sqlite");
  expect((await give(text)).error?.message).toBe(message);
  expect(await owners()).toEqual([]);
});
