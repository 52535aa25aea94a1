// What an administrator reads when something was written wrong: the option, column or setting by its own name, and what it takes.
import { expect, test } from "vitest";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const add = ["radius-client", "add", "--name", "vpn", "--address", "10.0.0.1"];

test.each([
  ["--first-factor", "ldap", "first-factor: is none of none, local, any and directory:NAME"],
  ["--code-length", "5", "code-length: is no whole number from 6 to 24"],
  ["--rate", "0", "rate: is no whole number from 1 to 1000000"],
])("an option is refused by its name: %s %s", async (option, value, said) => {
  expect(await cli().run([...add, option, value])).toEqual({ exit: 2, stdout: "", stderr: `${said}\n` });
  await cli().run(add);
  expect(await cli().run(["radius-client", "set", "vpn", option, value])).toMatchObject({ stderr: `${said}\n` });
});

test.each([
  [["user", "list", "--limit", "many", "--json"], /--limit/],
  [["user", "show", "--json"], /missing required argument 'user(name)?'/],
  [["user", "add", "anna", "--no-such", "--json"], /unknown option '--no-such'/],
  [["radius-client", "set", "vpn", "--json"], /nothing is changed/],
])("with --json a wrong usage is JSON too: %j", async (args, message) => {
  await cli().run(add);
  const { exit, stdout, stderr } = await cli().run(args);
  expect([exit, stderr]).toEqual([2, ""]);
  expect(JSON.parse(stdout)).toEqual({ error: { code: "usage", message: expect.stringMatching(message) } });
  expect(stdout).not.toContain("error: ");
});

test("a change of nothing is none, and is not in the log", async () => {
  const { run, json } = cli();
  await run(add);
  expect(await run(["radius-client", "set", "vpn"])).toMatchObject({
    exit: 2,
    stderr: "nothing is changed: name an option\n",
  });
  expect(await json(["log", "list", "--limit", "1"])).toMatchObject({ records: [{ result: "RADIUS_CLIENT_ADDED" }] });
});

test.each([
  ["phone.default-country", "Sweden", "is not two capital letters such as SE"],
  ["phone.allowed-countries", "SE,Norway", "is not two capital letters such as SE"],
  ["lockout.after", "3", "is no whole number from 4 to 10"],
  ["lockout.after", "many", "is no whole number from 4 to 10"],
  ["methods.sms.enabled", "on", "is neither true nor false"],
  ["notify.fraud", "it", "is not an e-mail address"],
  ["push.own-services", "https://push", "is no host such as push.example.org or *.example.org"],
  ["phone.risk-url", "http://risk.example.org", "is no https address"],
  ["fraud.code", "#", "is not one to six digits"],
])("a setting that is refused says what it takes: %s %s", async (name, value, said) => {
  expect((await cli().run(["settings", "set", name, value])).stderr).toBe(`${name}: ${said}\n`);
});

test("a file that is refused as a whole prints its reason and nothing else", async () => {
  expect(await cli().run(["user", "import", "-"], { stdin: "username,E-mail\nanna,a@example.org\n" })).toEqual({
    exit: 1,
    stdout: "",
    stderr: 'line 1: unknown column "E-mail"; countersign user import --help names the columns\n',
  });
});

test("each line of the log has an id that log show knows", async () => {
  const { run } = cli();
  await run(add);
  const [, line = ""] = (await run(["log", "list"])).stdout.split("\n");
  const id = line.split(/ {2,}/).at(-1)!;
  expect((await run(["log", "show", id])).stdout).toContain('"name":"vpn"');
});

test("a list of clients shows what lets people in, and what they are told", async () => {
  await cli().run([...add, "--no-method", "allow-until:2027-06-30", "--reply", "Filter-Id=staff"]);
  expect((await cli().run(["radius-client", "list"])).stdout).toMatch(/2027-06-30 00:00:00Z +Filter-Id=staff/);
});

test("explain says of nobody that there is nobody, and of no client that there is none", async () => {
  const { run } = cli();
  await run(add);
  const { stdout } = await run(["explain", "nobody", "--application", "vpn", "--password-right"]);
  expect(stdout).toMatch(/^Nobody has this name\.[^]*result +FAILED_UNKNOWN_PERSON\n$/);
  expect((await run(["explain", "nobody", "--application", "wiki"])).stderr).toBe(
    "no RADIUS client, and no application of one, is named wiki\n",
  );
});
