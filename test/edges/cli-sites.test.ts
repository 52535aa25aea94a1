import { expect, test } from "vitest";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const mfa = { strength: "mfa", groups: [] };

test("a site is added, its rules are changed, and it is removed; each change is in the log", async () => {
  const { run, json } = cli();
  const added = await run(["site", "add", "--host", "App.example.org:443", "--public", "/assets", "/help"]);
  expect(added).toMatchObject({ exit: 0, stderr: "" });
  expect(added.stdout).toContain("https://app.example.org");
  expect((await run(["site", "add", "--host", "app.example.org"])).exit).toBe(1);
  const strict = ["--strength", "phishing-resistant", "--groups", "admins", "owners"];
  expect((await run(["site", "set-rule", "app.example.org", "/admin", ...strict])).exit).toBe(0);
  expect((await run(["site", "set-rule", "app.example.org", "/api", "--public", "--methods", "OPTIONS"])).exit).toBe(0);
  expect((await run(["site", "set-rule", "app.example.org", "/help"])).exit).toBe(0);
  expect(await json(["site", "list"])).toMatchObject({
    sites: [
      {
        host: "app.example.org",
        name: "app.example.org",
        rules: [
          { path: "/", access: mfa },
          { path: "/assets", access: "public" },
          { path: "/admin", access: { strength: "phishing-resistant", groups: ["admins", "owners"] } },
          { path: "/api", access: "public", methods: ["OPTIONS"] },
          { path: "/help", access: mfa },
        ],
      },
    ],
  });
  expect((await run(["site", "list"])).stdout).toContain("phishing-resistant, admins or owners");
  expect((await run(["site", "remove-rule", "app.example.org", "/admin"])).exit).toBe(0);
  expect((await run(["site", "remove-rule", "app.example.org", "/admin"])).exit).toBe(1);
  expect((await run(["site", "remove", "app.example.org"])).exit).toBe(0);
  expect((await run(["site", "remove", "app.example.org"])).exit).toBe(1);
  expect((await run(["site", "list"])).stdout).toBe("none\n");
  const { records } = (await json(["log", "list"])) as unknown as { records: { result: string }[] };
  expect(records.map(({ result }) => result)).toEqual([
    "SITE_REMOVED",
    ...Array.from({ length: 4 }, () => "SITE_CHANGED"),
    "SITE_ADDED",
  ]);
});

test("what is no host, no path or no rule is refused in words", async () => {
  const { run } = cli();
  for (const host of ["https://app.example.org", "app.example.org/x", "u@app.example.org", "app.example.org.", "*"])
    expect(await run(["site", "add", "--host", host])).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/^host: /),
    });
  for (const path of ["assets", "/a/../b", "/a%2fb", "/a/"])
    expect((await run(["site", "add", "--host", "a.example.org", "--public", path])).exit).toBe(2);
  await run(["site", "add", "--host", "a.example.org"]);
  expect((await run(["site", "add", "--host", "b.example.org", "--public", "/"])).exit).toBe(1);
  expect((await run(["site", "set-rule", "a.example.org", "/x", "--methods", "GET"])).exit).toBe(2);
  expect((await run(["site", "set-rule", "b.example.org", "/x"])).exit).toBe(1);
});
