// What people are told when their sign-in has changed, as it lies in the outbox and as it is sent.
import { afterEach, describe, expect, test } from "vitest";
import { changed } from "#actions/change.ts";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { erasePerson } from "#actions/erase.ts";
import { addApp, removeMethod, unlockMethods } from "#actions/factors.ts";
import { addPerson, setPassword, setState } from "#actions/people.ts";
import { kinds, world, type World } from "../support/world.ts";

const ada = { username: "ada", email: "ada@example.com", mobile_phone: "+46701234567" };

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const waiting = async () => (await w.deps.db.q.selectFrom("outbox").select("user_id").execute()).length;
  /** What has been queued since the last look, as it is sent. */
  const told = async () => {
    w.sent.length = 0;
    await deliverDue(w.deps);
    return [...w.sent];
  };

  test("every change of a person's sign-in is told to them by mail", async () => {
    w = await world({ kind });
    const { id } = await addPerson(w.deps, "cli", ada);
    expect(await waiting()).toBe(0);
    const changes: [() => Promise<unknown>, string][] = [
      [() => addApp(w.deps, "cli", { username: "ada" }), "was added to your account: app or token codes."],
      [() => unlockMethods(w.deps, "cli", { username: "ada" }), "were unlocked"],
      [() => removeMethod(w.deps, "cli", { username: "ada", method: "totp" }), "was removed from your account: app"],
      [() => setPassword(w.deps, "cli", { username: "ada", password: "a new password" }), "password was changed"],
      [() => setState(w.deps, "cli", { username: "ada", state: "disabled" }), "switched off"],
      [() => setState(w.deps, "cli", { username: "ada", state: "enforced" }), "now required"],
      [() => setState(w.deps, "cli", { username: "ada", state: "enabled" }), "switched on"],
    ];
    for (const [change, words] of changes) {
      await change();
      const [mail, ...more] = (await told()) as Mail[];
      expect(more).toEqual([]);
      expect(mail).toMatchObject({ channel: "email", to: "ada@example.com", subject: "Your sign-in has changed" });
      expect(mail!.text).toContain(words);
      expect(mail!.text).toMatch(/^When: \d+ January 2027 at \d\d:\d\d \(UTC[+-]\d\d:\d\d\)$/m);
      expect(mail!.text).toContain("If this wasn't you, contact your organisation's support at once");
      expect(mail!.text).toContain("https://mfa.example.org/help");
      expect(mail!.text).not.toMatch(/secret|a new password|[A-Z2-7]{32}/);
    }
    await setState(w.deps, "cli", { username: "ada", state: "enabled" });
    expect(await told()).toEqual([]);
    const rows = await w.deps.db.q.selectFrom("outbox").select(["user_id", "state"]).execute();
    expect(rows).toEqual(changes.map(() => ({ user_id: id, state: "sent" })));
  });

  test("who has no address is told by text, in their language, without a link or a name; who has neither, not at all", async () => {
    const support = { "support.name": "IT-jouren", "support.phone": "08-123 45", "support.hours": "vardagar 8–17" };
    w = await world({ kind, settings: support });
    await addPerson(w.deps, "cli", { username: "bo", mobile_phone: "+46701234567", language: "sv" });
    await addPerson(w.deps, "cli", { username: "cy" });
    for (const username of ["bo", "cy"]) await addApp(w.deps, "cli", { username });
    const [text, ...more] = await told();
    expect(more).toEqual([]);
    expect(text).toMatchObject({ channel: "sms", to: "+46701234567" });
    expect(text!.text).toMatch(
      /^Ett nytt sätt att verifiera dig har lagts till på ditt konto: kod från app eller dosa\. \d+ januari 2027 kl\. \d\d:\d\d \(UTC[+-]\d\d:\d\d\)\. Om det inte var du, kontakta IT-jouren \(08-123 45, vardagar 8–17\) genast\.$/,
    );
    expect(text!.text).not.toMatch(/http|bo\b/);
  });

  test("the old number is told that there is a new one, and where it was done from", async () => {
    w = await world({ kind });
    const { id } = await addPerson(w.deps, "cli", { ...ada, language: "sv" });
    const to = { id, username: "ada", email: "old@example.com", mobilePhone: null, language: "sv" };
    await changed(w.deps, `person:${id}`, async () => {
      const notice = { kind: "number_changed", from: "198.51.100.7", to } as const;
      return { value: undefined, result: "NUMBER_CHANGED", userId: id, notice };
    });
    const [mail] = await told();
    expect(mail).toMatchObject({ to: "old@example.com" });
    expect(mail!.text).toContain("Telefonnumret på ditt konto har ändrats.");
    expect(mail!.text).toContain("Från adressen: 198.51.100.7");
  });

  test("a change that does not stand tells nobody, and one that stands always does", async () => {
    w = await world({ kind });
    await addPerson(w.deps, "cli", ada);
    const { seq } = await w.deps.db.q.selectFrom("node").select("seq").executeTakeFirstOrThrow();
    // another process writes under this node's name: the entry, and with it the transaction, is refused
    await w.deps.db.q
      .updateTable("node")
      .set({ seq: seq + 1 })
      .execute();
    await expect(setState(w.deps, "cli", { username: "ada", state: "disabled" })).rejects.toThrow(/./);
    expect(await waiting()).toBe(0);
    await w.deps.db.q.updateTable("node").set({ seq }).execute();
    await setState(w.deps, "cli", { username: "ada", state: "disabled" });
    expect(await waiting()).toBe(1);
  });

  test("what waits for a person goes when they are erased", async () => {
    w = await world({ kind });
    const { id } = await addPerson(w.deps, "cli", ada);
    await setState(w.deps, "cli", { username: "ada", state: "disabled" });
    await erasePerson(w.deps, "cli", { userId: id, reason: "asked for it" });
    expect(await told()).toEqual([]);
  });
});
