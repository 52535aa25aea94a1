// Applications by command: what is shown, what is refused, and that the secret is nowhere but in the one answer.
import { expect, test } from "vitest";
import { findApplication, secretHashOf } from "#actions/applications.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const wiki = ["application", "add", "--name", "wiki", "--redirect-uri", "https://wiki.example/cb"];

test("an application is added with one look at its secret, shown, changed and removed", async () => {
  const { run, json, here } = cli();
  const added = (await json([...wiki, "--groups", "staff", "it"])) as Record<string, unknown>;
  expect(added).toMatchObject({
    name: "wiki",
    redirectUris: ["https://wiki.example/cb"],
    groups: ["staff", "it"],
    strength: "mfa",
    isPublic: false,
    multipleauthn: false,
    idTokenAlg: "ES256",
  });
  expect(added["id"]).toMatch(/^app_[\w-]{16}$/);
  const secret = String(added["secret"]);
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  const stored = await findApplication(here.deps, String(added["id"]));
  expect(stored?.secretHash).toBe(secretHashOf(secret));
  expect((await run(["application", "show", "wiki"])).stdout).toContain(String(added["id"]));
  for (const command of ["show wiki", "list"])
    expect((await run(["application", ...command.split(" "), "--json"])).stdout).not.toContain(secret);
  expect((await run(["log", "list", "--json"])).stdout).not.toContain(secret);

  const changed = await json(["application", "set", "wiki", "--strength", "phishing-resistant", "--multipleauthn"]);
  expect(changed).toMatchObject({ strength: "phishing-resistant", multipleauthn: true, groups: ["staff", "it"] });
  expect(changed).not.toHaveProperty("secret");
  expect(await json(["application", "set", "wiki", "--no-multipleauthn"])).toMatchObject({ multipleauthn: false });
  const renewed = (await json(["application", "set", "wiki", "--new-secret"])) as Record<string, unknown>;
  expect(renewed["secret"]).not.toBe(secret);
  expect((await findApplication(here.deps, String(added["id"])))?.secretHash).toBe(
    secretHashOf(String(renewed["secret"])),
  );

  expect(await run(["application", "remove", "wiki"])).toMatchObject({ exit: 0, stdout: "wiki is removed.\n" });
  expect(await run(["application", "show", "wiki"])).toMatchObject({
    exit: 1,
    stderr: "no application is named wiki\n",
  });
});

test("a public application has no secret and may own a scheme", async () => {
  const { run, json } = cli();
  const add = ["application", "add", "--name", "phone", "--redirect-uri", "com.example.app:/cb"];
  expect(await run(add)).toMatchObject({ exit: 1 });
  const added = await json([...add, "--public"]);
  expect(added).toMatchObject({ isPublic: true });
  expect(added).not.toHaveProperty("secret");
  expect((await run(["application", "set", "phone", "--new-secret"])).stderr).toBe(
    "newSecret: a public application has no secret\n",
  );
});

test("the next signing keys are published once, and take over after a day", async () => {
  const { run, here } = cli();
  const { stdout } = await run(["oidc", "rotate-keys"]);
  expect(stdout).toContain(new Date(here.clock.at + 86_400_000).toISOString().slice(0, 10));
  expect((await run(["oidc", "rotate-keys"])).stderr).toContain("published already");
});

test("what cannot be right is refused by its name", async () => {
  const { run } = cli();
  expect(await run(wiki)).toMatchObject({ exit: 0 });
  expect((await run(wiki)).stderr).toBe("an application named wiki exists already\n");
  const refused = async (...args: string[]) => (await run(["application", "set", "wiki", ...args])).stderr;
  expect(await refused("--redirect-uri", "http://wiki.example/cb")).toContain("redirect-uri: number 1 must");
  expect(await refused("--post-logout-uri", "https://wiki.example/#bye")).toContain("post-logout-uri");
  expect(await refused("--backchannel-logout-uri", "http://wiki.example/out")).toContain("backchannel-logout-uri");
  expect(await refused("--logo-uri", "javascript:alert(1)")).toContain("logo-uri");
  expect(await run(["application", "set", "wiki", "--strength", "strong"])).toMatchObject({ exit: 2 });
});
