import { beforeEach, describe, expect, test } from "vitest";
import { changed } from "#actions/change.ts";
import { keepMail } from "#actions/mail.ts";
import { isPassword } from "#actions/passwords.ts";
import { keepMessage } from "#actions/phone.ts";
import { begin } from "#actions/verify.ts";
import { addDevices } from "../support/device.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();

describe.each(["in this process", "through the socket"])("commands %s", (how) => {
  beforeEach(async () => {
    if (how === "through the socket") await cli().serve();
  });

  test("a secret's file is UTF-8, with or without a byte order mark", async () => {
    const { run, file, here } = cli();
    await run(["user", "add", "anna"]);
    const set = async (text: Buffer | string) =>
      await run(["user", "set-password", "anna", "--password-file", file("secret", text)]);
    expect((await set("\ufeffcorrect horse battery\r\n")).exit).toBe(0);
    const { password_hash: hash } = await here.deps.db.q
      .selectFrom("person")
      .select("password_hash")
      .executeTakeFirstOrThrow();
    expect(await isPassword(here.deps, { hash: hash!, password: "correct horse battery", source: "x" })).toBe(true);
    const latin1 = await set(Buffer.from("räksmörgås på bordet", "latin1"));
    expect([latin1.exit, latin1.stderr]).toEqual([1, expect.stringMatching(/secret is not in UTF-8\n$/)]);
  });

  test("a person is added, shown, disabled, given a password and removed", async () => {
    const { run, json } = cli();
    const added = await run([
      "user",
      "add",
      "anna",
      "--display-name",
      "Anna A",
      "--mobile-phone",
      "+46 70 123 45 67",
      "--groups",
      "a",
      "b",
    ]);
    expect(added).toMatchObject({ exit: 0, stderr: "" });
    expect(added.stdout).toContain("sms");
    expect(await json(["user", "show", "CORP\\Anna"])).toMatchObject({
      username: "anna",
      mobilePhone: "•• 67",
      groups: ["a", "b"],
      state: "enabled",
      hasPassword: false,
      methods: [{ method: "sms", sentTo: "•• 67" }],
    });
    expect((await run(["user", "add", "Anna"])).exit).toBe(1);
    expect((await run(["user", "add", "bo", "--mobile-phone", "+46701234568", "--no-text"])).exit).toBe(0);
    expect(await json(["user", "show", "bo"])).toMatchObject({ methods: [] });
    const password = await run(["user", "set-password", "anna", "--password-file", "-"], {
      stdin: "long enough\n",
    });
    expect(password).toMatchObject({ exit: 0, stderr: "" });
    expect((await run(["user", "disable", "anna"])).exit).toBe(0);
    expect(await json(["user", "show", "anna"])).toMatchObject({ state: "disabled", hasPassword: true });
    expect((await run(["user", "enable", "anna"])).exit).toBe(0);
    expect((await run(["user", "remove", "anna"])).exit).toBe(0);
    expect(await run(["user", "show", "anna"])).toEqual({
      exit: 1,
      stdout: "",
      stderr: "nobody is named anna\n",
    });
    expect(await json(["user", "show", "anna"])).toEqual({
      error: { code: "not_found", message: "nobody is named anna" },
    });
  });

  test("numbers are shown whole for a reason alone, and that is in the log", async () => {
    const { here, run, json } = cli();
    // as the record of a call has them, each of its two phones
    const personal = { phone: "+46701234567", primaryPhone: "+46701234567", backupPhone: "+46701234568" };
    await changed(here.deps, "system", async () => ({ value: undefined, result: "CALLED", personal }));
    await run(["user", "add", "anna", "--mobile-phone", "+46701234567", "--backup-phone", "+46701234568"]);
    const whole = /\d{7}/;
    for (const read of [
      ["user", "show", "anna"],
      ["method", "list", "anna"],
      ["log", "list"],
    ])
      for (const more of [[], ["--json"]]) expect((await run([...read, ...more])).stdout).not.toMatch(/70123456/);
    expect((await run(["user", "show", "anna", "--reveal", "phone"])).exit).toBe(2);
    const why = ["--reveal", "phone", "--reason", "called back"];
    expect((await run(["user", "show", "anna", ...why])).stdout).toMatch(whole);
    expect(await json(["user", "show", "anna", ...why])).toMatchObject({
      mobilePhone: "+46701234567",
      backupPhone: "+46701234568",
      methods: [{ method: "sms", sentTo: "+46701234567" }],
    });
    const revealed = { result: "NUMBERS_REVEALED", personal: { username: "anna", reason: "called back" } };
    expect(await json(["log", "list", "--user", "anna", "--limit", "2"])).toMatchObject({
      records: [revealed, revealed],
    });
  });

  test("people are listed a page at a time", async () => {
    const { run, json } = cli();
    for (const name of ["bo", "anna", "cy"]) await run(["user", "add", name]);
    const { people, next } = (await json(["user", "list", "--limit", "2"])) as unknown as {
      people: { username: string }[];
      next: string;
    };
    expect(people.map(({ username }) => username)).toEqual(["anna", "bo"]);
    const rest = await json(["user", "list", "--after", next]);
    expect(rest).toMatchObject({ people: [{ username: "cy" }] });
    expect(rest).not.toHaveProperty("next");
    expect((await run(["user", "list"])).stdout.split("\n")[0]).toBe("USERNAME  STATE");
  });

  test("a file of people is imported from a path or from standard input", async () => {
    const { run, file } = cli();
    const good = file("people.csv", "username,display_name\nanna,Anna\nbo,Bo\n");
    expect(await run(["user", "import", good])).toMatchObject({
      exit: 0,
      stdout: "2 people imported, 0 refused.\n",
    });
    const bad = await run(["user", "import", "-", "--json"], { stdin: "username\ncy\nanna\n" });
    expect(bad.exit).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ accepted: 1, refused: 1, error: { code: "invalid" } });
    const shown = await run(["user", "import", "-"], { stdin: "username\ncy\nanna\n" });
    expect(shown.stdout).toContain("anna      username: a person of this name exists already");
    expect(shown.stderr).toContain("1 of 2 rows are refused");
    expect(await run(["user", "import", "absent.csv"])).toMatchObject({ exit: 1, stdout: "" });
  });

  test("an app code is handed out, works at once, and is taken away", async () => {
    const { run, json } = cli();
    await run(["user", "add", "anna"]);
    const app = await json(["method", "add-app", "anna", "--name", "work phone"]);
    expect(app).toMatchObject({ secretBase32: expect.stringMatching(/^[A-Z2-7]{32}$/) });
    expect(app["uri"]).toBe(
      `otpauth://totp/Countersign:anna?secret=${app["secretBase32"]}&issuer=Countersign&algorithm=SHA1&digits=6&period=30`,
    );
    const token = await json(["method", "add-app", "anna", "--secret-file", "-", "--digits", "8"], {
      stdin: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
    });
    expect(Object.keys(token)).toEqual(["id", "username"]);
    const listed = await json(["method", "list", "anna"]);
    expect(listed).toMatchObject({ methods: [{ method: "totp" }, { method: "totp" }] });
    expect(JSON.stringify(listed)).not.toContain("GEZDGNBV");
    expect((await run(["method", "remove", "anna", "totp"])).stderr).toContain("more than one method");
    expect((await run(["method", "remove", "anna", "work phone"])).exit).toBe(0);
    expect((await run(["method", "remove", "anna", "totp"])).exit).toBe(0);
    expect(await json(["method", "list", "anna"])).toEqual({ methods: [] });
    expect((await run(["method", "add-app", "anna", "--secret-file", "-"], { stdin: "GEZDGNBVGY3TQOJ1" })).stderr).toBe(
      "secret: has a 0, 1, 8 or 9, which Base32 does not know: O, I and B are letters there\n",
    );
  });

  test("wrong codes lock a method, explain says so, unlock opens it", async () => {
    const { here, run, json } = cli();
    const anna = await here.person({ username: "anna" });
    await run(["radius-client", "add", "--name", "vpn", "--address", "10.0.0.1", "--first-factor", "none"]);
    const question = ["explain", "anna", "--application", "vpn"];
    expect(await json(question)).toMatchObject({ decision: "challenge", methods: [{ state: "ready" }] });
    const application = {
      id: "rcl_x",
      name: "vpn",
      firstFactor: "none",
      canChallenge: true,
      allowWithoutMethodUntil: 0,
    } as const;
    for (let tries = 0; tries < 10; tries++) {
      here.clock.at += 3_600_000;
      await begin(here.deps, {
        application,
        username: "anna",
        code: "000000",
        source: { protocol: "radius" },
      });
    }
    expect(await json(question)).toMatchObject({
      decision: "deny",
      gate: "attempts",
      code: "locked_out",
      methods: [{ state: "locked", fails: 10 }],
    });
    const words = await run(question);
    expect(words).toMatchObject({ exit: 0 });
    expect(words.stdout).toContain("countersign method unlock");
    const before = await here.deps.db.q.selectFrom("factor").select("counter").execute();
    expect(await json(["method", "unlock", "anna"])).toMatchObject({ unlocked: [expect.any(String)] });
    expect(await json(question)).toMatchObject({
      decision: "challenge",
      methods: [{ state: "ready", fails: 0 }],
    });
    expect(await here.deps.db.q.selectFrom("factor").select("counter").execute()).toEqual(before);
    const code = here.code(anna);
    expect(
      await begin(here.deps, { application, username: "anna", code, source: { protocol: "radius" } }),
    ).toMatchObject({ kind: "allow" });
  });

  test("explain says why nothing is sent to a phone", async () => {
    const { run, json } = cli();
    await run(["radius-client", "add", "--name", "vpn", "--address", "127.0.0.1", "--first-factor", "none"]);
    await run(["user", "add", "anna", "--mobile-phone", "+12025550123"]);
    const question = ["explain", "anna", "--application", "vpn"];
    expect(JSON.stringify(await json(question))).not.toContain("unsent");
    await run(["settings", "set", "phone.allowed-countries", "SE"]);
    const unsent = "its number is in a country that phone.allowed-countries does not name";
    expect(await json(question)).toMatchObject({ methods: [{ method: "sms", unsent }] });
  });

  test("explain takes nothing, and asks for the password where it is checked here", async () => {
    const { here, run, json } = cli();
    await here.person({ username: "anna", phone: "+46701234567" });
    await here.person({ username: "off", state: "disabled" });
    await run(["radius-client", "add", "--name", "box", "--address", "10.0.0.1", "--application", "VPN"]);
    const ask = async (name: string, ...more: string[]) =>
      await json(["explain", name, "--application", "VPN", ...more]);
    expect(await ask("anna")).toMatchObject({ decision: "password", gate: "password" });
    expect(await ask("anna", "--password-right")).toMatchObject({ decision: "challenge", gate: "begin" });
    expect(await ask("nobody", "--password-right")).toMatchObject({
      decision: "deny",
      code: "unknown_person",
    });
    expect(await ask("off")).toMatchObject({ decision: "deny", code: "person_disabled", gate: "person" });
    expect(await json(["explain", "anna", "--application", "none"])).toMatchObject({
      error: { code: "not_found" },
    });
    expect(await here.deps.db.q.selectFrom("challenge").select("id").execute()).toEqual([]);
    expect(here.sent).toEqual([]);
  });

  test("settings are read, set as JSON or text, and given back their default; each change is counted", async () => {
    const { here, run, json } = cli();
    expect((await run(["settings", "get", "lockout.after"])).stdout).toContain("A method is locked");
    expect((await run(["settings", "set", "phone.default-country", "SE"])).exit).toBe(0);
    expect(here.deps.settings.values()["phone.default-country"]).toBe("SE");
    expect(await json(["settings", "set", "names.domains", "a.example, b.example"])).toMatchObject({
      value: ["a.example", "b.example"],
    });
    expect(await json(["settings", "set", "records.email", "true"])).toMatchObject({ value: true });
    expect(await json(["settings", "set", "lockout.after", "7"])).toMatchObject({ value: 7, changed: true });
    expect(await json(["settings", "unset", "lockout.after"])).toMatchObject({ value: 10, changed: false });
    expect(here.deps.settings.version()).toBe(5);
    for (const bad of [
      ["lockout.after", "99"],
      ["lockout.after", "many"],
      ["absent", "1"],
    ])
      expect((await run(["settings", "set", ...bad])).exit).toBe(1);
    expect(here.deps.settings.version()).toBe(5);
    const { settings } = (await json(["settings", "list"])) as unknown as { settings: { name: string }[] };
    expect(settings.map(({ name }) => name)).toContain("sms.per-day");
    const changes = await json(["log", "list", "--limit", "1"]);
    expect(changes).toMatchObject({
      records: [{ result: "SETTING_RESET", actor: "cli", detail: '{"name":"lockout.after","from":7,"to":10}' }],
    });
  });

  test("the log names the nodes where there are several, so that a client that went on to another is seen (R-123)", async () => {
    const { here, run } = cli();
    const noted = { value: null, result: "SETTING_RESET" };
    await changed(here.deps, "cli", async () => await Promise.resolve(noted));
    expect((await run(["log", "list"])).stdout).not.toContain("NODE");
    here.clock.at += 1;
    await changed(await here.node("node_b"), "cli", async () => await Promise.resolve(noted));
    const { stdout } = await run(["log", "list"]);
    expect(stdout).toMatch(/ NODE /);
    expect(stdout.match(/ node_[ab] /g)).toEqual([" node_b ", " node_a "]);
  });

  test("the log names whom an entry is about, and says so where they did it themselves", async () => {
    const { here, run } = cli();
    const { id } = await here.person({ username: "anna" });
    const started = { value: null, result: "SESSION_STARTED", userId: id };
    await changed(here.deps, `person:${id}`, async () => await Promise.resolve(started));
    expect((await run(["log", "list"])).stdout).toMatch(/ anna +SESSION_STARTED +themselves +rec_\S+\n/);
  });

  test("the log is listed newest first, by person, by request and by time, a page at a time, and verified", async () => {
    const { here, run, json, file } = cli();
    for (const name of ["anna", "bo", "cy"]) {
      await run(["user", "add", name]);
      here.clock.at += 1000;
    }
    const results = (page: object) =>
      (page as { records: { personal: { username: string } }[] }).records.map(({ personal }) => personal.username);
    const first = await json(["log", "list", "--limit", "2"]);
    expect(results(first)).toEqual(["cy", "bo"]);
    expect(results(await json(["log", "list", "--after", String(first["next"])]))).toEqual(["anna"]);
    expect(results(await json(["log", "list", "--user", "bo"]))).toEqual(["bo"]);
    const since = new Date(here.clock.at - 1000).toISOString();
    expect(results(await json(["log", "list", "--since", since]))).toEqual(["cy"]);
    expect(await json(["log", "list", "--correlation", "cor_absent"])).toEqual({ records: [] });
    expect((await run(["log", "list", "--since", "yesterday"])).exit).toBe(2);
    expect((await run(["log", "list", "--after", "x"])).exit).toBe(1);
    expect(await json(["log", "verify"])).toMatchObject({ ok: true });
    const anchors = file("anchors.log", "not an anchor\n");
    expect((await run(["log", "verify", "--anchors", anchors])).exit).toBe(1);
  });

  test("an API key is added, listed without its secret, and revoked", async () => {
    const { run, json } = cli();
    const key = await json(["api-key", "add", "--name", "web", "--scope", "verify", "--cidr", "10.0.0.0/8"]);
    expect(key).toMatchObject({ secret: expect.any(String), application: "web", firstFactor: "none" });
    const listed = await json(["api-key", "list"]);
    expect(listed).toMatchObject({ keys: [{ name: "web", cidrs: ["10.0.0.0/8"], revokedAt: null }] });
    expect(JSON.stringify(listed)).not.toContain(String(key["secret"]));
    expect((await run(["api-key", "revoke", "web"])).exit).toBe(0);
    expect((await run(["api-key", "revoke", "web"])).exit).toBe(1);
  });

  test("the simulated inbox is read, all of it or one phone's", async () => {
    const { here, json } = cli();
    for (const [index, to] of ["+46701234567", "+46701234568"].entries()) {
      await keepMessage(here.deps, { id: `msg_${index}`, to, text: `code ${index}` });
      here.clock.at += 1;
    }
    expect(await json(["phone", "inbox"])).toMatchObject({
      messages: [{ text: "code 1" }, { text: "code 0" }],
    });
    expect(await json(["phone", "inbox", "+46 70 123 45 67"])).toMatchObject({
      messages: [{ text: "code 0" }],
    });
    const stored = await here.deps.db.q.selectFrom("phone_message").select("sealed_payload").execute();
    expect(Buffer.from(stored[0]!.sealed_payload).toString("latin1")).not.toContain("code");
  });

  test("the simulated mailboxes are read, all of them or one person's, and nothing in them steers the terminal", async () => {
    const { here, run, json } = cli();
    for (const [index, to] of ["ada@example.org", "bo@example.org"].entries()) {
      const text = `line ${index}\nanother\u001b[2J`;
      await keepMail(here.deps, { id: `msg_${index}`, channel: "email", to, subject: `subject ${index}`, text });
      here.clock.at += 1;
    }
    expect(await json(["mail", "inbox"])).toMatchObject({
      messages: [{ subject: "subject 1" }, { subject: "subject 0" }],
    });
    expect(await json(["mail", "inbox", "ADA@example.org"])).toMatchObject({ messages: [{ subject: "subject 0" }] });
    expect((await run(["mail", "inbox", "bo@example.org"])).stdout).toContain("line 1\nanother\ufffd[2J\n");
    const stored = await here.deps.db.q.selectFrom("mail_message").select("sealed_payload").execute();
    expect(Buffer.from(stored[0]!.sealed_payload).toString("latin1")).not.toContain("subject");
  });

  test("the authenticator app is offered by link, code and QR code, and its devices are looked after", async () => {
    const { here, run, json } = cli();
    await run(["user", "add", "anna"]);
    const shown = await run(["method", "add-authenticator", "anna", "--reason", "new phone"]);
    expect(shown).toMatchObject({ exit: 0, stderr: "" });
    expect(shown.stdout).toMatch(/#activate=[0-9A-Z]{26}\n/);
    expect(shown.stdout).toMatch(/code +[0-9A-Z]{5}-[0-9A-Z]{5}\n/);
    expect(shown.stdout).toContain("▀");
    const { id } = (await here.deps.db.q.selectFrom("person").select("id").executeTakeFirst())!;
    await addDevices(here.deps, id);
    const { devices } = (await json(["device", "list", "anna"])) as unknown as { devices: { id: string }[] };
    const device = devices[0]!;
    const by = async (verb: string, ...more: string[]) => await run(["device", verb, "anna", device.id, ...more]);
    expect((await by("rename", "Phone at work")).exit).toBe(0);
    expect((await run(["device", "block", "anna", "Phone at work"])).exit).toBe(0);
    expect((await run(["device", "list", "anna"])).stdout).toContain("blocked");
    expect((await by("block")).exit).toBe(1);
    expect((await by("unblock")).exit).toBe(0);
    expect((await by("remove")).stdout).toBe(`${device.id} is removed.\n`);
    expect(await json(["device", "list", "anna"])).toEqual({ devices: [] });
    expect((await run(["device", "unactivated"])).stdout).toBe("none\n");
    const asked = { since: 1, asked_at: here.deps.clock.now() };
    await here.deps.db.q.updateTable("stray_device").set(asked).execute();
    expect((await run(["device", "unactivated", "--limit", "1"])).stdout).toMatch(/\nanna +Phone at work +removed /);
    expect(await json(["method", "list", "anna"])).toEqual({ methods: [] });
  });
});
