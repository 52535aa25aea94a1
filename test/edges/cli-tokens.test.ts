import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { figure } from "../support/pskc.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const secret = (index: number) => base32(Buffer.alloc(20, index + 1));
const table = (...rows: string[]) => `serial,secret,interval\n${rows.join("\n")}\n`;

test("refused rows that cannot be written leave the answer as it is, and the file that is read is never one of theirs", async () => {
  const { run, json, file } = cli();
  const box = table(`1,${secret(0)},30`, "2,x,30");
  const path = file("box.csv", box);
  const load = ["token", "import", path, "--good-rows-only", "--json", "--errors"];
  expect(await run([...load, path])).toMatchObject({
    exit: 2,
    stdout: expect.stringContaining("is the file that is read"),
  });
  expect(readFileSync(path, "utf8")).toBe(box);
  const { exit, stdout, stderr } = await run([...load, "/dev/null/errors.csv"]);
  expect([exit, stderr]).toEqual([1, "/dev/null/errors.csv cannot be written (ENOTDIR); what is said above stands\n"]);
  expect(JSON.parse(stdout)).toMatchObject({ importId: expect.stringMatching(/^imp_/), accepted: 1, refused: 1 });
  expect(await json(["token", "list"])).toMatchObject({ tokens: [{ serial: "1" }] });
});

test("a file is imported, listed and taken back", async () => {
  const { run, json, file } = cli();
  const path = file("tokens.csv", table(`1,${secret(0)},30`, `2,${secret(1)},60`));
  const done = await json(["token", "import", path]);
  expect(Object.keys(done).toSorted()).toEqual(["accepted", "format", "importId", "refused", "rows"]);
  expect(done).toMatchObject({
    rows: [
      { serial: "1", line: 2, verdict: "accepted" },
      { serial: "2", line: 3, verdict: "accepted" },
    ],
  });
  const listed = await run(["token", "list"]);
  expect(listed).toMatchObject({ exit: 0 });
  expect(listed.stdout).toContain("available");
  expect((await json(["token", "list", "--serial", "2"])) as object).toMatchObject({
    tokens: [
      {
        serial: "2",
        type: "totp",
        digits: 6,
        period: 60,
        algorithm: "sha1",
        state: "available",
        importId: done["importId"],
      },
    ],
  });
  expect(JSON.stringify(await json(["token", "list"]))).not.toContain(secret(0));
  const first = (await json(["token", "list", "--limit", "1"])) as unknown as { tokens: unknown[]; next: string };
  expect(first.tokens).toHaveLength(1);
  expect(await json(["token", "list", "--after", first.next])).toMatchObject({ tokens: [{ serial: "2" }] });
  expect(await run(["token", "import", "undo", String(done["importId"])])).toMatchObject({ exit: 0 });
  expect(await json(["token", "list"])).toEqual({ tokens: [] });
  expect(await run(["token", "import", "undo", "imp_x"])).toMatchObject({ exit: 1 });
});

test("the inventory is searched by a part of the number, maker and expiry, and written as a table that holds no secret", async () => {
  const { run, json, file } = cli();
  const rows = [
    `AB-12_3,${secret(0)},Contoso,2031-05-01`,
    `AB-45,${secret(1)},Contoso,`,
    `=1+1,${secret(2)},"Fabri, kam",`,
  ];
  await json(["token", "import", file("t.csv", `serial,secret,manufacturer,expiry date\n${rows.join("\n")}\n`)]);
  const found = async (...options: string[]) =>
    ((await json(["token", "list", ...options])) as unknown as { tokens: { serial: string }[] }).tokens.map(
      ({ serial }) => serial,
    );
  expect(await found("--serial", "b")).toEqual(["AB-12_3", "AB-45"]);
  expect(await found("--serial", "2_3")).toEqual(["AB-12_3"]);
  expect(await found("--serial", "%")).toEqual([]);
  expect(await found("--vendor", "fabri,KAM")).toEqual(["=1+1"]);
  expect(await found("--expires-before", "2031-05-02")).toEqual(["AB-12_3"]);
  expect(await found("--expires-before", "2031-04-30")).toEqual([]);
  expect(await found("--state", "lost")).toEqual([]);
  const path = file("inventory.csv", "");
  expect(await json(["token", "export", path])).toEqual({ tokens: 3 });
  const written = readFileSync(path, "utf8");
  expect(written.split("\r\n").map((line) => line.split(",").slice(0, 2).join(","))).toEqual([
    '"serial number","manufacturer"',
    `"'=1+1","Fabri`,
    '"AB-12_3","Contoso"',
    '"AB-45","Contoso"',
    "",
  ]);
  expect(written).toContain('"2031-05-01T00:00:00.000Z"');
  for (const index of [0, 1, 2])
    for (const shape of [secret(index), Buffer.alloc(20, index + 1).toString("hex")])
      expect(written).not.toContain(shape);
  expect(await run(["token", "export", path, "--user", "nobody"])).toMatchObject({ exit: 1 });
  expect(readFileSync(path, "utf8")).toBe(written);
});

test("many are handed out by a table", async () => {
  const { here, run, json, file } = cli();
  await here.person({ username: "olga", totp: false });
  await json(["token", "import", file("t.csv", table(`81,${secret(80)},30`, `82,${secret(81)},30`))]);
  const errors = file("errors.csv", "");
  const refused = await run(["token", "assign", "--file", file("a.csv", "81,olga\n83,olga\n"), "--errors", errors]);
  expect(refused).toMatchObject({ exit: 1 });
  expect(refused.stdout).toContain("there is no such token");
  expect(readFileSync(errors, "utf8")).toContain('"83","olga","2"');
  const done = await run(["token", "assign", "--file", "-"], { stdin: "81,olga\n82,olga\n" });
  expect(done).toMatchObject({ exit: 0 });
  expect(await json(["token", "list", "--user", "olga"])).toMatchObject({
    tokens: [{ serial: "81" }, { serial: "82" }],
  });
  expect(await run(["token", "assign", "81"])).toMatchObject({ exit: 2 });
  expect(await run(["token", "assign", "81", "olga", "--file", errors])).toMatchObject({ exit: 2 });
});

test("refused rows end with 1, are told with line and reason, and can be had as a table without secrets", async () => {
  const { run, json, file } = cli();
  const path = file("tokens.csv", table(`1,${secret(0)},30`, `2,${secret(1)},45`, `=3,${secret(2)},x`));
  const errors = file("errors.csv", "");
  const refused = await run(["token", "import", path, "--errors", errors, "--json"]);
  expect(refused.exit).toBe(1);
  expect(JSON.parse(refused.stdout)).toEqual({
    format: "csv",
    accepted: 1,
    refused: 2,
    rows: [
      { serial: "1", line: 2, verdict: "accepted" },
      { serial: "2", line: 3, verdict: "refused", reason: "time interval: has to be 30 or 60 seconds" },
      { serial: "=3", line: 4, verdict: "refused", reason: "time interval: has to be 30 or 60 seconds" },
    ],
    error: { code: "invalid", message: "2 of 3 rows are refused, so nothing was imported" },
  });
  expect(readFileSync(errors, "utf8")).toBe(
    '"serial","secret","interval","line","reason"\r\n' +
      '"2","","45","3","time interval: has to be 30 or 60 seconds"\r\n' +
      `"'=3","","x","4","time interval: has to be 30 or 60 seconds"\r\n`,
  );
  const shown = await run(["token", "import", path, "--good-rows-only", "--dry-run"]);
  expect(shown).toMatchObject({ exit: 0 });
  expect(shown.stdout).toContain("1 tokens would be imported, 2 refused.");
  expect(await json(["token", "list"])).toEqual({ tokens: [] });
});

test("a file that is refused whole has an error and no rows", async () => {
  const { run, file } = cli();
  const path = file("figure6.xml", figure(6));
  const wrong = file("key", "00".repeat(16));
  const { exit, stdout } = await run(["token", "import", path, "--key-hex-file", wrong, "--json"]);
  expect(exit).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    rows: [],
    accepted: 0,
    refused: 0,
    error: { code: "invalid", message: "the key does not open this file, or the file was changed" },
  });
  expect(await run(["token", "import", path, "--format", "xml"])).toMatchObject({ exit: 2 });
  expect(await run(["token", "import", path, "--key-hex-file", wrong, "--passphrase-file", wrong])).toMatchObject({
    exit: 2,
  });
  const right = ["token", "import", path, "--key-hex-file", "-", "--json"];
  expect(await run(right, { stdin: "12345678901234567890123456789012\n" })).toMatchObject({ exit: 0 });
});

test("two codes of one token show how a file that does not say has to be read", async () => {
  const { here, run, json, file } = cli();
  const seed = Buffer.alloc(32, 9);
  const step = here.clock.at / 60_000;
  const code = (at: number) => hotp(seed, Math.floor(at), { digits: 8, algorithm: "sha256" });
  const path = file("tokens.csv", `serial,secret\nA-1,${base32(seed)}\nA-2,${secret(2)}\n`);
  const prove = ["--prove", `a1=${code(step)},${code(step + 1)}`];
  expect(await json(["token", "import", path, ...prove])).toMatchObject({
    fits: [{ type: "totp", algorithm: "sha256", digits: 8, period: 60, encoding: "base32" }],
    error: { message: expect.stringContaining("has to be read otherwise") },
  });
  const shown = await run(["token", "import", path, ...prove]);
  expect(shown).toMatchObject({ exit: 1 });
  expect(shown.stdout).toContain(
    "The codes fit: --type totp --algorithm sha256 --digits 8 --period 60 --encoding base32",
  );
  const right = ["--algorithm", "sha256", "--digits", "8", "--period", "60"];
  expect((await run(["token", "import", path, "--prove", "A-1=00000000,00000001", ...right])).stderr).toContain(
    "not of this token",
  );
  expect((await run(["token", "import", path, "--prove", "A-9=00000000,00000001"])).stderr).toContain(
    "not in the file",
  );
  expect(await run(["token", "import", path, "--prove", "A-1"])).toMatchObject({ exit: 2 });
  expect(await json(["token", "import", path, ...prove, ...right])).toMatchObject({ accepted: 2, refused: 0 });
});

test("a token is given out, activated by codes from standard input, and reported lost", async () => {
  const { here, run, json, file } = cli();
  await here.person({ username: "anna", totp: false });
  const seed = Buffer.alloc(20, 9);
  const code = (counter: number) => hotp(seed, counter, { digits: 6, algorithm: "sha1" });
  await json(["token", "import", file("t.csv", `serial,secret,type\n77,${base32(seed)},hotp\n`)]);
  expect((await run(["token", "assign", "77", "anna", "--reason", "new"])).stdout).toContain("is assigned to anna");
  expect(await run(["token", "activate", "77", code(0), "000000"])).toMatchObject({ exit: 1 });
  const activated = await run(["token", "activate", "77", "-"], { stdin: `${code(3)}\n${code(4)}\n` });
  expect(activated).toMatchObject({ exit: 0 });
  expect(await json(["method", "list", "anna"])).toMatchObject({ methods: [{ method: "hotp", name: "77" }] });
  const again = await run(["token", "resync", "77", "-"], { stdin: `${code(30)}\n${code(31)}\n` });
  expect(again.stdout).toContain("77 is in step again.");
  expect(await run(["token", "resync", "77", code(30), code(31)])).toMatchObject({ exit: 1 });
  expect(await json(["method", "resync", "anna", "hotp", code(40), code(41)])).toMatchObject({ method: "hotp" });
  const health = await run(["token", "health", "--unseen-days", "1"]);
  expect(health.stdout).toContain("ACTIVATED");
  expect(await json(["token", "health"])).toMatchObject({ total: { activated: 1 }, astray: [], unseen: [] });
  expect(await json(["token", "drift", "77"])).toEqual({ serial: "77", drift: [] });
  expect(await run(["token", "drift"])).toMatchObject({ exit: 2 });
  expect(await json(["token", "lost", "77"])).toMatchObject({ serial: "77", state: "lost" });
  expect(await json(["method", "list", "anna"])).toEqual({ methods: [] });
  expect(await run(["token", "unassign", "77"])).toMatchObject({ exit: 1 });
  expect(await run(["token", "revoke", "77"])).toMatchObject({ exit: 0 });
});
