import { statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { describe, expect, test } from "vitest";
import { columns } from "#actions/person-fields.ts";
import { commands } from "#edges/cli/commands.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();

describe("the command line", () => {
  test("tells wrong usage by exit code 2, help by 0, and shows an example for each verb", async () => {
    const { here, run } = cli();
    for (const wrong of [
      ["user"],
      ["user", "vanish"],
      ["user", "add"],
      ["user", "add", "anna", "--no-such"],
      ["user", "list", "--limit", "many"],
      ["user", "list", "--limit", "0"],
      ["method", "add-app", "anna", "--digits", "5"],
      ["radius-client", "add", "--name", "vpn"],
      ["help", "user", "fly"],
      ["radius-client", "add", "--name", "vpn", "--address", "10.0.0.1", "--no-method", "sometimes"],
      [],
    ])
      expect([wrong, (await run(wrong)).exit]).toEqual([wrong, 2]);
    expect((await run(["--help"])).exit).toBe(0);
    expect(await run(["--version"])).toEqual({ exit: 0, stdout: "1.2.3\n", stderr: "" });
    for (const path of Object.keys(commands).filter((name) => name !== "user set-state")) {
      const { exit, stdout } = await run([...path.split(" "), "--help"]);
      expect(exit).toBe(0);
      expect(stdout).toContain(`Example:\n  countersign ${path}`);
    }
    expect(await here.deps.db.q.selectFrom("person").select("id").execute()).toEqual([]);
  });

  test("help says what every noun is, what a verb does, and which columns an import has", async () => {
    const { run } = cli();
    const { stdout } = await run(["help"]);
    for (const noun of new Set(Object.keys(commands).map((name) => name.split(" ")[0]!)))
      expect(stdout).toMatch(new RegExp(`^  ${noun}(?: [[<]\\S+)* {2,}[a-z]`, "m"));
    const help = await run(["help", "user", "import"]);
    expect(help).toEqual(await run(["user", "import", "--help"]));
    for (const column of columns) expect(help.stdout).toContain(column);
    expect((await run(["help", "user", "fly"])).stderr).toBe("error: unknown command 'fly'\n");
  });

  test("serve is handed over", async () => {
    const { run, served } = cli();
    expect((await run(["serve", "--evaluation"])).exit).toBe(0);
    expect((await run(["serve"])).exit).toBe(0);
    expect(served).toEqual([{ evaluation: true }, { evaluation: false }]);
  });

  test("no secret is an argument", async () => {
    const { run } = cli();
    for (const path of Object.keys(commands).filter((name) => name !== "user set-state")) {
      const { stdout } = await run([...path.split(" "), "--help"]);
      expect(stdout).not.toMatch(/--(?:[\w-]*-)?(?:password|secret|key) </);
    }
  });

  test("what others typed cannot steer the terminal", async () => {
    const { here, run } = cli();
    await here.person({ username: "anna" });
    const name = "an\u001b[2Jna\u202e";
    await here.deps.db.q.updateTable("person").set({ display_name: name }).execute();
    const { stdout } = await run(["user", "list"]);
    expect(stdout).toContain("an\ufffd[2Jna\ufffd");
    expect(stdout).not.toContain("\u001b");
  });

  test("an unexpected error says no more than that there was one", async () => {
    const { here, json, serve } = cli();
    await serve();
    await here.deps.db.q.schema.dropTable("phone_message").execute();
    expect(await json(["phone", "inbox"])).toEqual({
      error: { code: "internal", message: "the command failed; the log says why" },
    });
    expect(here.logged.some(({ message }) => message === "a command failed")).toBe(true);
  });
});

describe("the command socket", () => {
  test("belongs to its owner alone, and replaces one that a killed server left", async () => {
    const { json, serve, opened, socket } = cli();
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(socket, resolve));
    // what kill -9 leaves: the file, and nobody behind it
    await serve();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(await json(["user", "list"])).toEqual({ people: [] });
    expect(opened()).toBe(0);
    dead.close();
  });

  test("is not needed: without a server a command opens the store itself, and a stale socket does not matter", async () => {
    const { run, opened, socket } = cli();
    writeFileSync(socket, "");
    expect((await run(["user", "list"])).exit).toBe(0);
    expect(opened()).toBe(1);
  });

  test("answers what is no command with an error and lives on", async () => {
    const { json, serve, socket } = cli();
    await serve();
    const post = async (body: string) =>
      await new Promise<string>((resolve, reject) => {
        const sending = request({ socketPath: socket, method: "POST", path: "/command" }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve(text));
        });
        sending.once("error", reject).end(body);
      });
    for (const body of [
      "",
      "no line end",
      "not json\n",
      "null\n",
      '{"command":"user vanish"}\n',
      '{"command":"__proto__","input":{}}\n',
      '{"command":"user list","input":{"limit":1,"x":1}}\n',
    ])
      expect(JSON.parse(await post(body))).toMatchObject({ error: { code: "usage" } });
    expect(await json(["user", "list"])).toEqual({ people: [] });
  });

  test("a refusal comes through although the file is not read to its end", async () => {
    const { run, file, serve } = cli();
    await serve();
    const large = file("large.csv", `username,unknown\n${"x".repeat(60)}\n`.padEnd(5_000_000, "name\n"));
    const { exit, stdout } = await run(["user", "import", large, "--json"]);
    expect([exit, JSON.parse(stdout)]).toMatchObject([
      1,
      { error: { message: expect.stringContaining('line 1: unknown column "unknown"') } },
    ]);
  });

  test("says how far a long import is", async () => {
    const { here, run, file, serve } = cli();
    await serve();
    const rows = Array.from({ length: 1000 }, (_, index) => `p${index}`);
    const people = file("people.csv", ["username", ...rows].join("\n"));
    const { now } = here.clock;
    here.deps.clock.now = () => (here.clock.at += 300);
    const { stderr } = await run(["user", "import", people, "--progress"]);
    here.deps.clock.now = now;
    expect(stderr).toMatch(/^\d+ rows read, 0 refused\n/);
  });
});
