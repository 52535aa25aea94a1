// People of directories, as far as the directory's own word goes: who they are here, what is copied, and whose word counts.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addDirectory, removeDirectory } from "#actions/directories.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { loadPerson, removePerson } from "#actions/people.ts";
import { addRadiusClient } from "#actions/radius-clients.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import type { Checking, Directory, Entry, Verdict } from "#directory/directory.ts";
import { kinds, world, type World } from "../support/world.ts";

type Account = Entry & { password: string; names: string[] };
const account = (username: string, more: Partial<Account> = {}): Account => ({
  key: `key of ${username}`,
  username,
  password: `${username}'s`,
  names: [username],
  displayName: undefined,
  firstName: undefined,
  lastName: undefined,
  email: undefined,
  mobilePhone: undefined,
  groups: [],
  ...more,
});

/** Directories by their base, each a list of accounts, or a verdict that it gives to everyone. */
let directories: Record<string, Account[] | Exclude<Verdict, { kind: "right" }>>;
let asked: string[];

async function verdictOf(base: string, { name, password, mayTry }: Checking): Promise<Verdict> {
  asked.push(base);
  const known = directories[base]!;
  if (!Array.isArray(known)) return known;
  const found = known.find((one) => one.names.includes(name.full) || one.names.includes(name.short));
  if (!found) return { kind: "unknown" };
  if (!(await mayTry(found.key))) return { kind: "throttled" };
  const { password: right, names: _names, ...entry } = found;
  return password === right ? { kind: "right", entry } : { kind: "wrong", reason: "the password is wrong" };
}

let w: World;
let slept: number;

async function start(kind: (typeof kinds)[number]) {
  w = await world({ kind, hasty: true });
  directories = { corp: [] };
  asked = [];
  slept = 0;
  const test: Directory["test"] = async () => [];
  Object.assign(w.deps, {
    directories: ({ base }: { base: string }): Directory => ({
      check: async (checking) => await verdictOf(base, checking),
      test,
    }),
    clock: { ...w.deps.clock, sleep: async (ms: number) => void (slept += ms) },
  });
  await add("corp");
}
const add = async (name: string) => {
  w.clock.at += 1;
  const settings = { base: name, bindDn: "cn=x", bindPassword: "x", urls: ["ldaps://dc.example"] };
  return await addDirectory(w.deps, "cli", { name, ...settings });
};

const application = (firstFactor: Application["firstFactor"]): Application => ({
  id: "app",
  name: "VPN",
  firstFactor,
  canChallenge: true,
  allowWithoutMethodUntil: 0,
});
const enter = async (
  username: string,
  password = `${username}'s`,
  { where = "directory:corp" as Application["firstFactor"], station = "here" } = {},
) => {
  const source = { protocol: "rest" as const, station };
  const outcome = await begin(w.deps, { application: application(where), username, password, source });
  return outcome.kind === "deny" ? outcome.code : outcome.kind;
};
const changes = async () =>
  (
    await w.deps.db.q
      .selectFrom("log")
      .select(["result", "detail"])
      .where("kind", "=", "change")
      .where("result", "like", "PERSON%")
      .orderBy("seq")
      .execute()
  ).map((row) => [row.result, (JSON.parse(row.detail ?? "{}") as { fields?: string[] }).fields]);

describe.each(kinds)("people of a directory on %s", (kind) => {
  beforeEach(async () => await start(kind));
  afterEach(async () => await w.close());

  test("are added by their first right password, and followed from then on", async () => {
    const anna = account("Anna", { displayName: "Anna A", email: "a@b.example", mobilePhone: "+46701234567" });
    directories["corp"] = [anna];
    expect(await enter("Anna", "wrong")).toBe("wrong_password");
    expect(await changes()).toEqual([]);
    expect(await enter("Anna")).toBe("no_method");
    const person = await loadPerson(w.deps, "anna");
    expect(person).toMatchObject({ displayName: "Anna A", email: "a@b.example", mobilePhone: "+46701234567" });
    // a number that the directory gives is no method: people may write their own there
    expect(await w.deps.db.q.selectFrom("factor").select("id").execute()).toEqual([]);
    expect(await enter("Anna")).toBe("no_method");
    expect(await changes()).toEqual([["PERSON_ADDED", undefined]]);
    Object.assign(anna, {
      email: "c@d.example",
      groups: ["b", "a", ""],
      displayName: undefined,
      mobilePhone: "ask me",
    });
    expect(await enter("Anna")).toBe("no_method");
    expect(await changes()).toEqual([
      ["PERSON_ADDED", undefined],
      ["PERSON_CHANGED", ["email", "groups"]],
    ]);
    expect(await loadPerson(w.deps, "anna")).toMatchObject({
      id: person.id,
      displayName: "Anna A",
      email: "c@d.example",
      mobilePhone: "+46701234567",
      groups: ["a", "b"],
    });
  });

  test("may have been added before, with methods; whoever has a password here is somebody else", async () => {
    const ada = await w.person({ username: "ada" });
    await w.person({ username: "bob", passwordHash: await newPasswordHash(w.deps, "local") });
    directories["corp"] = [account("ada"), account("bob")];
    expect(await enter("ada")).toBe("challenge");
    expect(await loadPerson(w.deps, "ada")).toMatchObject({ id: ada.id });
    expect(await enter("bob")).toBe("wrong_password");
    expect(await changes()).toEqual([["PERSON_CHANGED", ["directory_id", "directory_key"]]]);
  });

  //
  test("keep who they are under a new name; a name that is given again leads to nobody until it is free", async () => {
    const anna = account("anna");
    directories["corp"] = [anna];
    await enter("anna");
    const { id } = await loadPerson(w.deps, "anna");
    const second = account("anna", { key: "another", password: "second" });
    directories["corp"] = [second];
    expect(await enter("anna", "second")).toBe("wrong_password");
    expect(w.logged.at(-1)).toMatchObject({ fields: { directory: "corp", holder: id } });
    Object.assign(anna, { username: "anna.b", names: ["anna.b"] });
    directories["corp"] = [anna, second];
    expect(await enter("anna.b", "anna's")).toBe("no_method");
    expect(await loadPerson(w.deps, "anna.b")).toMatchObject({ id, username: "anna.b" });
    expect(await enter("anna", "second")).toBe("no_method");
    expect((await loadPerson(w.deps, "anna")).id).not.toBe(id);
    await removePerson(w.deps, "cli", { username: "anna.b" });
    Object.assign(second, { username: "anna.b", names: ["anna.b"] });
    directories["corp"] = [second];
    expect(await enter("anna.b", "second")).toBe("no_method");
  });

  test("answer by any of their names, and nobody answers for them", async () => {
    const anna = await w.person({ username: "anna" });
    directories["corp"] = [account("anna", { names: ["anna", "anna.andersson@post.example"] })];
    const source = { protocol: "rest" as const };
    const asking = { application: application("directory:corp"), source };
    const typed = "Anna.Andersson@POST.example";
    directories["corp"].push(account("eve"));
    const names = directories["corp"] as Account[];
    names[0]!.names.push(typed);
    const open = await begin(w.deps, { ...asking, username: typed, password: "anna's" });
    if (open.kind !== "challenge") throw new Error(open.kind);
    const answer = { ...asking, challengeId: open.id, response: w.code(anna) };
    expect(await respond(w.deps, { ...answer, username: "eve" })).toMatchObject({ code: "foreign_challenge" });
    expect(await respond(w.deps, { ...answer, username: typed })).toMatchObject({ kind: "allow", userId: anna.id });
  });

  test("share their tries over all their names, and nobody else's", async () => {
    w.set({ "password.per-ten-minutes": 3 });
    directories["corp"] = [account("anna", { names: ["anna", "a@post.example"] }), account("bob")];
    for (const name of ["anna", "a@post.example", "anna"]) expect(await enter(name, "wrong")).toBe("wrong_password");
    for (const name of ["anna", "a@post.example"]) expect(await enter(name, "anna's")).toBe("throttled");
    expect(await enter("bob")).toBe("no_method");
    expect(await enter("anna", "anna's", { station: "elsewhere" })).toBe("no_method");
  });

  test("are told from one another whatever name was typed for them", async () => {
    // the address of one is, without its domain, the name of another
    const lisa = await w.person({ username: "lisa" });
    directories["corp"] = [account("eve", { names: ["lisa@post.example"], password: "eve's" })];
    expect(await enter("lisa@post.example", "eve's")).toBe("no_method");
    const told: string[] = [];
    const proved = async (userId: string) => void told.push(userId);
    const asking = { application: application("directory:corp"), username: "lisa@post.example", password: "eve's" };
    await begin(w.deps, {
      ...asking,
      source: { protocol: "web" },
      proved: async (id) => (await proved(id), undefined),
    });
    expect(told).toEqual([(await loadPerson(w.deps, "eve")).id]);
    expect(told).not.toContain(lisa.id);
  });

  test("a refusal takes its second, whatever was wrong", async () => {
    directories["corp"] = [account("anna")];
    for (const [name, password] of [
      ["anna", "wrong"],
      ["nobody", "wrong"],
      ["\u0000", "wrong"],
    ] as const) {
      slept = 0;
      await enter(name, password);
      expect([name, slept]).toEqual([name, 1000]);
    }
    slept = 0;
    await enter("anna");
    expect(slept).toBe(0);
  });
});

describe("several directories", () => {
  const anywhere = { where: "any" as const };
  const down: Verdict = { kind: "unavailable", reason: "no answer in time" };

  beforeEach(async () => {
    await start("sqlite");
    directories["north"] = [];
    await add("north");
  });
  afterEach(async () => await w.close());

  test("are asked in their order for who is unknown; the first that knows the name has spoken", async () => {
    directories = { corp: [account("anna")], north: [account("anna", { password: "other" }), account("bob")] };
    expect(await enter("anna", "other", anywhere)).toBe("wrong_password");
    expect(asked).toEqual(["corp"]);
    expect(await enter("bob", "bob's", anywhere)).toBe("no_method");
    asked = [];
    expect(await enter("bob", "bob's", anywhere)).toBe("no_method");
    expect(asked).toEqual(["north"]);
    expect(await enter("nobody", "x", anywhere)).toBe("unknown_person");
  });

  test("one that cannot be asked lets nobody in, says that nobody is wrong, and keeps no one else out", async () => {
    await w.person({ username: "lisa", passwordHash: await newPasswordHash(w.deps, "local") });
    directories = { corp: [account("anna")], north: [account("bob")] };
    await enter("anna", "anna's", anywhere);
    directories["corp"] = down;
    expect(await enter("anna", "anna's", anywhere)).toBe("unavailable");
    expect(await enter("anna", "anna's")).toBe("unavailable");
    expect(await enter("nobody", "x", anywhere)).toBe("unavailable");
    expect(await enter("bob", "wrong", anywhere)).toBe("unavailable");
    expect(await enter("bob", "bob's", anywhere)).toBe("no_method");
    asked = [];
    expect(await enter("lisa", "local", anywhere)).toBe("challenge");
    expect(asked).toEqual([]);
  });

  //
  test("one address tries so many wrong passwords at all of them; neither who is right counts nor that one cannot be asked", async () => {
    w.set({ "password.source-per-ten-minutes": 5 });
    directories = { corp: [account("anna")], north: [account("bob"), account("eve")] };
    const from = { ...anywhere, station: "8.8.8.8" };
    for (let time = 0; time < 6; time++) expect(await enter("anna", "anna's", from)).toBe("no_method");
    directories["corp"] = down;
    for (let time = 0; time < 6; time++) expect(await enter("nobody", "x", from)).toBe("unavailable");
    // what the other calls wrong is a guess all the same
    expect(await enter("bob", "wrong", from)).toBe("unavailable");
    directories["corp"] = [account("anna")];
    const wrong = [];
    for (const name of ["anna", "bob", "eve", "nobody"]) wrong.push(await enter(name, "wrong", from));
    expect(wrong).toEqual(["wrong_password", "wrong_password", "wrong_password", "unknown_person"]);
    asked = [];
    for (const name of ["anna", "nobody"]) expect(await enter(name, `${name}'s`, from)).toBe("throttled");
    expect(asked).toEqual([]);
    expect(await enter("anna", "anna's", { ...from, station: "10.0.0.1" })).toBe("no_method");
  });

  test("one and the same name in two of them is never one person", async () => {
    directories = { corp: [account("anna")], north: [account("anna", { password: "other" })] };
    await enter("anna");
    expect(await enter("anna", "other", { where: "directory:north" })).toBe("wrong_password");
    expect(await changes()).toEqual([["PERSON_ADDED", undefined]]);
  });

  test("a client can depend only on one that there is, which then cannot be removed; its people stay without a password", async () => {
    const client = { name: "vpn", addresses: ["127.0.0.1"] };
    const nowhere = addRadiusClient(w.deps, "cli", { ...client, options: { firstFactor: "directory:nowhere" } });
    await expect(nowhere).rejects.toMatchObject({ code: "invalid" });
    await addRadiusClient(w.deps, "cli", { ...client, options: { firstFactor: "directory:corp" } });
    await expect(removeDirectory(w.deps, "cli", "corp")).rejects.toMatchObject({ code: "conflict" });
    directories["north"] = [account("bob")];
    await enter("bob", "bob's", anywhere);
    expect(await removeDirectory(w.deps, "cli", "north")).toEqual({ people: 1 });
    expect(await loadPerson(w.deps, "bob")).toMatchObject({ directoryId: null });
    expect(await enter("bob", "bob's", { where: "directory:north" })).toBe("unavailable");
    expect(await enter("bob", "bob's", anywhere)).toBe("wrong_password");
  });
});
