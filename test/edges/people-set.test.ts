// What is kept of a person is changed one thing at a time, and told to where the person was reached until then.
import { afterEach, describe, expect, test } from "vitest";
import { changePerson, addPerson, loadPerson } from "#actions/people.ts";
import { deliverDue } from "#actions/deliver.ts";
import { listLog } from "#actions/records.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";
import { eachCli } from "./cli-setup.ts";

let made: World[] = [];
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});
const start = async (kind: Kind) => {
  const here = await world({ kind });
  made.push(here);
  await addPerson(here.deps, "cli", {
    username: "anna",
    display_name: "Anna A",
    email: "anna@example.org",
    mobile_phone: "+46701740601",
    language: "sv",
    groups: "it;vpn",
  });
  here.sent.length = 0;
  const set = async (fields: Parameters<typeof changePerson>[2]["fields"]) =>
    await changePerson(here.deps, "cli", { username: "anna", fields });
  const told = async () => {
    await deliverDue(here.deps);
    return here.sent.map(({ to }) => to);
  };
  return { here, set, told };
};

describe.each(kinds)("on %s", (kind) => {
  test("what is named is changed, what is empty is taken away, and the rest stays", async () => {
    const { here, set } = await start(kind);
    const before = await loadPerson(here.deps, "anna");
    expect(await set({ groups: "finance", language: "" })).toEqual({ id: before.id, changed: ["language", "groups"] });
    expect(await loadPerson(here.deps, "anna")).toEqual({ ...before, groups: ["finance"], language: null });
    const { records } = await listLog(here.deps, { limit: 1 });
    expect(records).toMatchObject([
      { result: "PERSON_CHANGED", actor: "cli", username: "anna", detail: '{"fields":["language","groups"]}' },
    ]);
    // the chain keeps names of fields and no more: what stood there can be erased
    expect(JSON.stringify(records)).not.toContain("finance");
  });

  test("a new address is told to the old one, and so is a new number", async () => {
    const { set, told } = await start(kind);
    await set({ email: "mallory@example.org", mobile_phone: "+46701740602" });
    expect(await told()).toEqual(["anna@example.org", "anna@example.org"]);
  });

  test("who has no mail address is told by text, at the number that goes", async () => {
    const { set, told } = await start(kind);
    await set({ email: "" });
    await set({ mobile_phone: "+46701740602" });
    expect(await told()).toEqual(["anna@example.org", "+46701740601"]);
  });

  test("what changes nothing is not in the log, and what does not read changes nothing", async () => {
    const { here, set, told } = await start(kind);
    expect(await set({ email: "anna@example.org" })).toMatchObject({ changed: [] });
    await expect(set({ email: "nobody", groups: "finance" })).rejects.toThrow("email: is not an e-mail address");
    expect((await listLog(here.deps, { limit: 1 })).records).toMatchObject([{ result: "PERSON_ADDED" }]);
    expect(await told()).toEqual([]);
  });
});

const cli = eachCli();

test("every column of an import but name, state and secrets is set by command", async () => {
  const { run, json } = cli();
  await run(["user", "add", "anna", "--groups", "a"]);
  const names = ["--display-name", "Anna B", "--first-name", "Anna", "--last-name", "B", "--email", "b@example.org"];
  const numbers = ["--mobile-phone", "+46701740601", "--backup-phone", "+46701740602", "--phone-extension", "12"];
  const done = await run(["user", "set", "anna", ...names, ...numbers, "--language", "sv", "--groups", "b", "c"]);
  expect(done).toEqual({
    exit: 0,
    stdout:
      "Changed: display_name, first_name, last_name, email, mobile_phone, backup_phone, phone_extension, language, groups\n",
    stderr: "",
  });
  expect(await json(["user", "show", "anna"])).toMatchObject({
    displayName: "Anna B",
    firstName: "Anna",
    lastName: "B",
    email: "b@example.org",
    mobilePhone: "•• 01",
    backupPhone: "•• 02",
    phoneExtension: "12",
    language: "sv",
    groups: ["b", "c"],
    methods: [],
  });
  expect(await run(["user", "set", "anna", "--groups", ""])).toMatchObject({ stdout: "Changed: groups\n" });
  expect(await run(["user", "set", "anna", "--language", "sv"])).toMatchObject({
    exit: 0,
    stdout: "It is so already.\n",
  });
  expect(await run(["user", "set", "anna"])).toMatchObject({ exit: 2, stderr: "nothing is changed: name an option\n" });
  expect(await run(["user", "set", "bo", "--language", "sv"])).toMatchObject({
    exit: 1,
    stderr: "nobody is named bo\n",
  });
});
