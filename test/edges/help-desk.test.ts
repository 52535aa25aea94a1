// What the help desk does by command, what of it is recorded, and what the person is told.
import { describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { findSession, openSession, rememberDevice, isRemembered } from "#actions/sessions.ts";
import { begin } from "#actions/verify.ts";
import { loadRegistrant, registrationRules } from "#actions/registrant.ts";
import { mayRegister, reasonToRegister } from "#core/registration.ts";
import { methods } from "#core/methods/index.ts";
import type { Application } from "#core/facts.ts";
import { eachCli } from "./cli-setup.ts";

const cli = eachCli();
const vpn: Application = {
  id: "rcl_vpn",
  name: "VPN",
  firstFactor: "local",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const browser = { clientIp: "198.51.100.7", userAgent: "a browser" };

const add = async (...more: string[]) => {
  const { id } = await cli().json(["user", "add", "ada", "--email", "ada@example.org", ...more]);
  return String(id);
};
const signIn = async (password: string) =>
  await begin(cli().here.deps, { application: vpn, username: "ada", password, source: { protocol: "radius" } });
/** The subject-matter of the notices since the last look. */
const told = async () => {
  const { here } = cli();
  here.sent.length = 0;
  await deliverDue(here.deps);
  return here.sent.map((mail) => (mail as Mail).text.split("\n")[0]);
};
const lastEntry = async () => {
  const { records } = (await cli().json(["log", "list", "--limit", "1"])) as unknown as { records: object[] };
  return records[0];
};

describe("the help desk", () => {
  test("says why, which stands beside the entry and goes when the person is erased", async () => {
    const { run, json } = cli();
    const id = await add();
    const why = ["--reason", "called back on her own number"];
    const acts = [
      ["user", "disable", "ada"],
      ["user", "enable", "ada"],
      ["user", "enforce", "ada"],
      ["method", "add-app", "ada"],
      ["user", "unlock", "ada"],
      ["method", "remove", "ada", "totp"],
      ["user", "reset-password", "ada"],
      ["user", "tap", "ada"],
      ["user", "require-registration", "ada"],
      ["user", "revoke-sessions", "ada"],
      ["user", "revoke-devices", "ada"],
    ];
    for (const act of acts) {
      expect([act, (await run([...act, ...why])).exit]).toEqual([act, 0]);
      const entry = await lastEntry();
      expect(entry).toMatchObject({ userId: id, actor: "cli", personal: { username: "ada", reason: why[1] } });
      expect(JSON.stringify({ ...entry, personal: undefined })).not.toContain("called back");
      expect(await told()).toHaveLength(1);
    }
    expect((await run(["user", "erase", "ada", "--reason", "asked for it"])).exit).toBe(2);
    expect((await run(["user", "erase", "ada", "--yes"])).exit).toBe(2);
    expect(await json(["user", "show", "ada"])).toMatchObject({ username: "ada" });
    expect(await json(["user", "erase", "ada", "--reason", "asked for it", "--yes"])).toEqual({ id });
    const held = await json(["user", "export", id]);
    expect(JSON.stringify(held)).not.toContain("called back");
    expect(await json(["log", "verify"])).toMatchObject({ ok: true });
  });

  test("gives a password for once: it is good where a new one can be chosen, and nowhere else", async () => {
    const { here, run, json } = cli();
    const id = await add("--password-file", "-");
    const session = await here.deps.db.transaction((go) =>
      openSession(here.deps, go, { userId: id, proven: { passwordAt: 1, proofs: [], rememberedAt: null }, browser }),
    );
    const { password } = await json(["user", "reset-password", "ada"]);
    expect(password).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    expect(await signIn(String(password))).toMatchObject({ kind: "deny", code: "password_expired" });
    expect(await signIn("another password")).toMatchObject({ kind: "deny", code: "wrong_password" });
    expect(await findSession(here.deps, session.token)).toBe(undefined);
    expect(await told()).toEqual(["Your password was replaced. You choose a new one at your next sign-in."]);
    expect(JSON.stringify(await lastEntry())).not.toContain(String(password));
    await run(["user", "set-password", "ada", "--password-file", "-"], { stdin: "one of her own\n" });
    expect(await signIn("one of her own")).toMatchObject({ kind: "deny", code: "no_method" });
    const given = await json(["user", "reset-password", "ada", "--password-file", "-"], { stdin: "given to her\n" });
    expect(given).toEqual({ id });
    expect(await signIn("given to her")).toMatchObject({ code: "password_expired" });
  });

  test("issues a pass that is shown once, ends by itself and replaces the one before", async () => {
    const { here, json } = cli();
    const id = await add();
    const first = await json(["user", "tap", "ada"]);
    const { pass, expiresAt } = await json(["user", "tap", "ada", "--hours", "24"]);
    expect(pass).toMatch(/^[A-Z2-7]{13}$/);
    expect(expiresAt).toBe(here.clock.at + 24 * 3_600_000);
    expect(first["expiresAt"]).toBe(here.clock.at + 3_600_000);
    const { methods: listed } = await json(["method", "list", "ada"]);
    expect(listed).toMatchObject([{ method: "tap" }]);
    expect(JSON.stringify([listed, await lastEntry()])).not.toContain(String(pass));
    const [row] = await here.deps.db.q.selectFrom("factor").selectAll().where("user_id", "=", id).execute();
    expect(row!.expires_at).toBe(expiresAt);
    const place = { table: "factor", column: "sealed_secret", row: row!.id };
    const secret = here.deps.keys.unseal("factor", row!.sealed_secret!, place);
    const check = (answer: string) =>
      methods
        .get("tap")!
        .check(
          { factor: { secret, parameters: "", counter: 0, drift: 0, address: null }, sent: undefined, answer },
          { now: 0, randomInt: () => 0 },
        ).ok;
    expect([check(String(pass)), check(String(first["pass"]))]).toEqual([true, false]);
    for (const hours of ["25", "0"])
      expect(await json(["user", "tap", "ada", "--hours", hours])).toMatchObject({ error: { code: "invalid" } });
  });

  test("makes a person register anew, with a pass or within a window, and lets nobody in meanwhile", async () => {
    const { here, run, json } = cli();
    const lenient = { ...vpn, firstFactor: "none" as const, allowWithoutMethodUntil: Number.MAX_SAFE_INTEGER };
    const enter = async () =>
      await begin(here.deps, { application: lenient, username: "ada", source: { protocol: "radius" } });
    const standing = async (userId: string) => {
      const registrant = await loadRegistrant(here.deps, userId);
      const rules = registrationRules(here.deps);
      const need = { strength: "password", notBefore: 0 } as const;
      const proven = (proofs: string[]) => proofs.map((method) => ({ method, at: 1, userVerified: false }));
      const may = (...proofs: string[]) =>
        mayRegister(registrant, { proofs: proven(proofs), rules, now: here.clock.at });
      return [reasonToRegister(registrant, { need, rules }), may(), may("tap")];
    };
    const userId = await add("--mobile-phone", "+46701234567");
    await json(["method", "add-app", "ada"]);
    expect((await enter()).kind).toBe("challenge");
    // while they are taken away, nobody is let in as someone who never had any
    const many = Array.from({ length: 20 }, enter);
    const asked = run(["user", "require-registration", "ada"]);
    many.push(...Array.from({ length: 20 }, enter));
    expect((await asked).exit).toBe(0);
    expect((await Promise.all(many)).filter(({ kind }) => kind === "allow")).toEqual([]);
    expect(await enter()).toMatchObject({ kind: "deny", code: "no_method" });
    expect(await json(["method", "list", "ada"])).toEqual({ methods: [] });
    expect(await standing(userId)).toEqual(["help_desk", false, true]);
    const open = await here.deps.db.q.selectFrom("challenge").select("id").where("state", "=", "pending").execute();
    expect(open).toEqual([]);

    const { registerUntil } = await json(["user", "require-registration", "ada", "--window", "24"]);
    expect(registerUntil).toBe(here.clock.at + 24 * 3_600_000);
    expect(await standing(userId)).toEqual(["help_desk", true, true]);
    here.clock.at += 24 * 3_600_000;
    expect(await standing(userId)).toEqual(["help_desk", false, true]);
    expect((await run(["user", "require-registration", "ada", "--window", "25"])).exit).toBe(1);

    // a token in the hand is a registration too; taking the last one away is not the beginning again
    await json(["method", "add-app", "ada"]);
    expect(await standing(userId)).toEqual([undefined, false, true]);
    await json(["method", "remove", "ada", "totp"]);
    expect(await standing(userId)).toEqual(["help_desk", false, true]);
    expect(await enter()).toMatchObject({ kind: "deny", code: "no_method" });
  });

  test("signs a person out everywhere, and forgets the browsers that skip the second step", async () => {
    const { here, json } = cli();
    const userId = await add();
    const proven = { passwordAt: 1, proofs: [], rememberedAt: null };
    const [session, token] = await here.deps.db.transaction(async (go) => [
      await openSession(here.deps, go, { userId, proven, browser }),
      await rememberDevice(here.deps, go, { userId, browser, days: 14 }),
    ]);
    expect(await json(["user", "revoke-sessions", "ada"])).toEqual({ ended: [session.id] });
    expect(await findSession(here.deps, session.token)).toBe(undefined);
    expect(await isRemembered(here.deps, { token, userId })).toBe(true);
    expect(await json(["user", "revoke-devices", "ada"])).toMatchObject({ forgotten: [expect.any(String)] });
    expect(await isRemembered(here.deps, { token, userId })).toBe(false);
    expect(new Set(await told())).toEqual(
      new Set([
        "None of your browsers is remembered any more. You verify in two steps again in all of them.",
        "You were signed out everywhere.",
      ]),
    );
  });

  test("tells a person everything that is held about them", async () => {
    const { json } = cli();
    const id = await add("--mobile-phone", "+46701234567");
    const held = await json(["user", "export", "ada"]);
    expect(held).toMatchObject({
      person: { id, email: "ada@example.org" },
      factors: [{ method: "sms", address: "+46701234567" }],
      entries: [{ result: "PERSON_ADDED" }],
    });
    expect(await json(["user", "export", "nobody"])).toMatchObject({ error: { code: "not_found" } });
  });
});
