import { expect, test } from "vitest";
import { eachCli } from "./cli-setup.ts";

// Where people and their passwords are, by command. The servers themselves are asked in test/peers.
const cli = eachCli();
const given = "--base DC=corp,DC=example --bind-dn countersign@corp.example --bind-password-file -".split(" ");
const add = (name: string, ...more: string[]) => ["directory", "add", "--name", name, ...given, ...more];
const stdin = "the service account's\n";

test("a directory is added, listed, tried and removed; its password is shown nowhere", async () => {
  const { run, json } = cli();
  // port 1 of this machine: nothing listens there
  const added = await run(add("corp", "--url", "ldaps://localhost:1", "ldap://127.0.0.1:1"), { stdin });
  expect([added.exit, added.stderr]).toEqual([0, ""]);
  expect(await json(["directory", "list"])).toEqual({
    directories: [
      {
        id: expect.stringMatching(/^dir_/) as unknown,
        name: "corp",
        urls: ["ldaps://localhost:1", "ldap://127.0.0.1:1"],
        base: "DC=corp,DC=example",
        bindDn: "countersign@corp.example",
        ownCa: false,
      },
    ],
  });
  const tried = await run(["directory", "test", "corp", "--user", "anna"]);
  expect(tried.exit).toBe(1);
  expect(tried.stdout.match(/nothing listens there/g)).toHaveLength(2);
  expect((await run(add("corp", "--url", "ldaps://dc1"), { stdin })).stderr).toContain("exists already");
  const using = ["radius-client", "add", "--name", "vpn", "--address", "10.0.0.1", "--first-factor"];
  expect((await run([...using, "directory:other"])).stderr).toContain("no directory is named other");
  expect((await run([...using, "somewhere"])).exit).toBe(2);
  expect((await run([...using, "directory:corp"])).exit).toBe(0);
  expect((await run(["directory", "remove", "corp"])).stderr).toContain("vpn has its people's passwords checked there");
  await run(["radius-client", "remove", "vpn"]);
  expect((await run(["directory", "remove", "corp"])).stdout).toContain("corp is removed");
  expect((await run(["directory", "test", "corp"])).exit).toBe(1);
  expect((await run(["log", "list", "--json"])).stdout).not.toContain(stdin.trim());
});

test.each([
  ["url", ["--url", "http://dc1"]],
  ["url", ["--url", "dc1.corp.example"]],
  ["url", ["--url", "ldaps://dc1/DC=corp"]],
  ["url", ["--url", "ldaps://who@dc1"]],
  ["bind-dn", ["--url", "ldaps://dc1", "--bind-dn", "EXTERNAL"]],
  ["name", ["--url", "ldaps://dc1", "--name", "a b"]],
  ["ca-file", ["--url", "ldaps://dc1", "--ca-file", import.meta.filename]],
])("%s: is refused when it cannot be meant: %s", async (field, options) => {
  const refused = await cli().run(add("corp", ...options), { stdin });
  expect([refused.exit, refused.stderr.split(":")[0]]).toEqual([1, field]);
});

test("an empty password of the service account is refused: a server would say yes to it and mean nobody", async () => {
  const refused = await cli().run(add("corp", "--url", "ldaps://dc1"), { stdin: "\n" });
  expect([refused.exit, refused.stderr]).toEqual([1, "bind-password: is empty\n"]);
});
