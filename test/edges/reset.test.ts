// A forgotten password: its owner replaces it with two proofs, and nobody learns who exists or gets in by it.
import { afterEach, describe, expect, test, vi } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { listSessions } from "#actions/sessions.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { browser, type Browser } from "../support/browser.ts";
import { boxOf } from "../support/tokens.ts";
import { kinds, world, type World } from "../support/world.ts";

const old = "the old sentence of eva";
const chosen = "a new sentence for me";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let server: HttpServer;
  afterEach(async () => {
    await server.stop();
    await w.close();
  });

  async function start(settings = {}) {
    w = await world({ kind, hasty: true, settings: { "reset.self-service": true, ...settings } });
    server = await serveHttp(w.deps, {
      people: { host: "127.0.0.1", port: 0 },
      internal: undefined,
      publicUrl: "http://localhost:8080",
      trustedProxies: ["127.0.0.1"],
      ready: () => true,
      reasons: () => [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    const passwordHash = await newPasswordHash(w.deps, old);
    const eva = await w.person({ username: "eva", passwordHash });
    await has("eva", { email: "eva@example.com" });
    return { eva, page: browser(server.people!.port) };
  }
  const has = async (username: string, values: Record<string, unknown>) =>
    await w.deps.db.q
      .updateTable("person")
      .set(values as never)
      .where("username", "=", username)
      .execute();

  async function ask(page: Browser, username: string, address = "198.51.100.7") {
    const first = await page.open("/sign-in");
    return await askAgain(page, { flow: first.query.get("flow")!, username, address });
  }
  async function askAgain(page: Browser, { flow, username, address }: Record<"flow" | "username" | "address", string>) {
    await page.open(`/sign-in/forgot?flow=${flow}`);
    return await page.submit("/sign-in/forgot", { username }, { "x-forwarded-for": address });
  }
  const mails = async () => {
    await deliverDue(w.deps);
    const waiting = w.deps.db.q.selectFrom("outbox").select("state").where("state", "<>", "sent");
    await vi.waitFor(async () => expect(await waiting.execute()).toEqual([]));
    return w.sent.splice(0) as Mail[];
  };
  const mailed = async () => /\d{8}/.exec((await mails())[0]?.text ?? "")?.[0] ?? "";
  const signIn = async (page: Browser, password: string) => {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username: "eva", password });
  };

  test("the mailed code, the app's code, and a new password, which one then signs in with", async () => {
    const { eva, page } = await start();
    const other = browser(server.people!.port);
    await signIn(other, old);
    await other.submit("/sign-in/code", { code: w.code(eva) });
    expect(await listSessions(w.deps, eva.id)).toHaveLength(1);
    w.clock.at += 60_000;

    await ask(page, "eva");
    const [mail] = await mails();
    expect(mail).toMatchObject({ to: "eva@example.com", subject: "Your code for a new password" });
    await page.submit("/sign-in/forgot/code", { code: /\d{8}/.exec(mail!.text)![0] });
    expect(page.title()).toBe("Verify that it is you");
    await page.submit("/sign-in/code", { code: w.code(eva) });
    expect(page.title()).toBe("Choose a new password");
    const fields = { username: "eva" };
    await page.submit("/sign-in/new-password", { ...fields, password: "password1234", again: "password1234" });
    expect(page.alert()).toContain("not easy to guess");
    const end = await page.submit("/sign-in/new-password", { ...fields, password: chosen, again: chosen });
    expect(end.text).toContain("Your password is changed. Sign in with it.");
    expect([...page.cookies.keys()]).toEqual(["countersign-browser"]);
    expect(await listSessions(w.deps, eva.id)).toEqual([]);
    expect((await mails())[0]!.text).toContain("Your password was changed.");

    await page.submit("/sign-in/password", { username: "eva", password: old });
    expect(page.alert()).toContain("not right");
    await page.submit("/sign-in/password", { username: "eva", password: chosen });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("who has forgotten the password has no first factor, so no token is set right there", async () => {
    const { page } = await start();
    await w.person({ username: "max", passwordHash: await newPasswordHash(w.deps, old), totp: false });
    await has("max", { email: "max@example.com" });
    const box = boxOf(w);
    await box.takeIn();
    await box.give("H-1", "max");
    // the notice of the token
    await mails();
    await ask(page, "max");
    const { text, query } = await page.submit("/sign-in/forgot/code", { code: await mailed() });
    expect(text).toContain("your token H-1");
    expect(text).not.toContain("resync=1");
    const flow = query.get("flow")!;
    const pair = { first: box.counted("H-1", 20), second: box.counted("H-1", 21) };
    await page.open("/sign-in/resync", { flow, ...pair });
    // their place is as it was
    await page.submit("/sign-in/code", { code: box.counted("H-1", 2) });
    expect(page.title()).toBe("Choose a new password");
  });

  test("a number that was bound of late does not help, until it has been there for a day", async () => {
    const { page } = await start({ "phone.cool-off-hours": 24 });
    const { id } = await w.person({ username: "max", passwordHash: await newPasswordHash(w.deps, old), totp: false });
    await has("max", { email: "max@example.com" });
    const bind = async (at: number, address: string) =>
      await w.deps.db.q
        .insertInto("factor")
        .values({ id: `fac_${at}`, user_id: id, method: "sms", state: "active", address, created_at: at } as never)
        .execute();
    const title = async () => {
      const one = browser(server.people!.port);
      await ask(one, "max");
      await one.submit("/sign-in/forgot/code", { code: await mailed() });
      return one.title();
    };
    w.clock.at += 60_000;
    await bind(w.clock.at, "+46701234567");
    expect(await title()).not.toBe("Verify that it is you");
    expect(await mails()).toEqual([]);
    // signing in with it works at once
    await page.open("/sign-in");
    await page.submit("/sign-in/password", { username: "max", password: old });
    expect(page.title()).toBe("Verify that it is you");
    expect(await mails()).toHaveLength(1);
    w.clock.at += 24 * 3_600_000;
    expect(await title()).toBe("Verify that it is you");
  });

  test("a name that nobody has, and everyone who cannot do it, read the same and get no mail", async () => {
    const { page } = await start();
    const passwordHash = await newPasswordHash(w.deps, old);
    await w.person({ username: "no-mail", passwordHash });
    await w.person({ username: "no-password" });
    await w.person({ username: "no-method", passwordHash, totp: false });
    await w.person({ username: "disabled", passwordHash, state: "disabled" });
    for (const username of ["no-password", "no-method", "disabled"]) await has(username, { email: "x@example.com" });
    const plain = (text: string) => text.replaceAll(/sgn_[\w-]{22}/g, "").replaceAll(/lang=\w+/g, "");
    const known = plain((await ask(page, "eva")).text);
    expect(await mails()).toHaveLength(1);
    for (const username of ["nobody", "no-mail", "no-password", "no-method", "disabled", ""]) {
      const one = browser(server.people!.port);
      expect([username, plain((await ask(one, username)).text)]).toEqual([username, known]);
      expect([username, await mails()]).toEqual([username, []]);
      await one.submit("/sign-in/forgot/code", { code: "00000000" });
      expect([username, one.alert()]).toEqual([username, "That code is not right. Try again."]);
    }
  });

  test("five wrong codes end it, and three mails an hour are all there are", async () => {
    const { page } = await start();
    await ask(page, "eva");
    const code = await mailed();
    const wrong = code === "00000000" ? "00000001" : "00000000";
    for (let tries = 0; tries < 5; tries++) await page.submit("/sign-in/forgot/code", { code: wrong });
    await expect(page.submit("/sign-in/forgot/code", { code })).rejects.toThrow("has no form");
    await ask(page, "eva");
    await ask(page, "eva");
    expect(await mails()).toHaveLength(2);
    const { random } = w.deps;
    w.deps.random = { ...random, int: () => 12_345_678 };
    await ask(page, "eva");
    w.deps.random = random;
    expect(await mails()).toEqual([]);
    // nor is there a code to guess
    await page.submit("/sign-in/forgot/code", { code: "12345678" });
    expect(page.alert()).toContain("not right");
    w.clock.at += 3_600_001;
    await ask(page, "eva");
    expect(await mails()).toHaveLength(1);
  });

  test("who asks for somebody's mails leaves them some, and twelve an hour are all there are", async () => {
    const { page } = await start();
    const from = async (address: string) => {
      for (let asked = 0; asked < 5; asked++) await ask(browser(server.people!.port), "eva", address);
      return (await mails()).length;
    };
    expect(await from("203.0.113.9")).toBe(3);
    await ask(page, "eva");
    await page.submit("/sign-in/forgot/code", { code: await mailed() });
    expect(page.title()).toBe("Verify that it is you");
    // one IPv6 network is one who asks
    expect(await from("2001:db8:1:1::1")).toBe(3);
    expect(await from("2001:db8:1:2::1")).toBe(0);
    expect(await from("203.0.113.10")).toBe(3);
    expect(await from("203.0.113.11")).toBe(2);
  });

  test("asked for once more than mails are sent, the code that was mailed stays good, and its tries are counted on", async () => {
    const { page } = await start();
    const asking = { flow: (await ask(page, "eva")).query.get("flow")!, username: "eva", address: "198.51.100.7" };
    for (let more = 0; more < 2; more++) await askAgain(page, asking);
    const codes = (await mails()).map(({ text }) => /\d{8}/.exec(text)![0]);
    expect(codes).toHaveLength(3);
    const code = codes.at(-1)!;
    const wrong = code === "00000000" ? "00000001" : "00000000";
    for (let tries = 0; tries < 3; tries++) {
      await page.submit("/sign-in/forgot/code", { code: wrong });
      await askAgain(page, { ...asking, username: "EVA" });
    }
    expect(await mails()).toEqual([]);
    await page.submit("/sign-in/forgot/code", { code: wrong });
    await askAgain(page, asking);
    await page.submit("/sign-in/forgot/code", { code });
    expect(page.title()).toBe("Verify that it is you");
    // and a name that nobody has ends where somebody's does
    const nobody = browser(server.people!.port);
    asking.flow = (await ask(nobody, "nobody")).query.get("flow")!;
    for (let more = 0; more < 3; more++) await askAgain(nobody, { ...asking, username: "nobody" });
    for (let tries = 0; tries < 4; tries++) {
      await nobody.submit("/sign-in/forgot/code", { code: wrong });
      await askAgain(nobody, { ...asking, username: "nobody" });
    }
    expect(await nobody.submit("/sign-in/forgot/code", { code: wrong })).toMatchObject({ path: "/sign-in" });
    expect(nobody.alert()).not.toContain("not right");
  });

  test("who asks learns nothing from the time: without a mail the database does the same, and the answer is held", async () => {
    await start();
    const transaction = w.deps.db.transaction.bind(w.deps.db);
    const asked: string[] = [];
    w.deps.db.transaction = async (work, options) =>
      await transaction(async (run) => {
        const seen = async (text: string, values?: unknown[]) => {
          asked.push(text);
          return await run(text, values as never);
        };
        return await work(Object.assign(seen, run) as typeof run);
      }, options);
    const sleep = vi.fn<(ms: number) => Promise<void>>(async () => undefined);
    w.deps.clock.sleep = sleep;
    const statements = async (username: string) => {
      const page = browser(server.people!.port);
      const flow = (await page.open("/sign-in")).query.get("flow")!;
      await page.open(`/sign-in/forgot?flow=${flow}`);
      sleep.mockClear();
      asked.length = 0;
      await page.submit("/sign-in/forgot", { username });
      expect(sleep.mock.calls).toEqual([[1000]]);
      return asked.filter((text) => !text.includes("outbox"));
    };
    for (let time = 0; time < 5; time++) {
      const [known, unknown] = [await statements("eva"), await statements("nobody")];
      expect(known.length).toBeGreaterThan(1);
      expect(unknown).toEqual(known);
    }
  });

  test("the mail says how long its code works: as long as its page does", async () => {
    const { page } = await start();
    const flow = (await page.open("/sign-in")).query.get("flow")!;
    w.clock.at += 330_000;
    await askAgain(page, { flow, username: "eva", address: "198.51.100.7" });
    const [{ text } = { text: "" }] = await mails();
    expect(text).toContain("It works for 9 min");
    w.clock.at += 9 * 60_000;
    await page.submit("/sign-in/forgot/code", { code: /\d{8}/.exec(text)![0] });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("a code is good in the browser and the sign-in where it was asked for, and the newest alone", async () => {
    const { page } = await start();
    await ask(page, "eva");
    const first = await mailed();
    const other = browser(server.people!.port);
    await ask(other, "eva");
    const second = await mailed();
    await other.submit("/sign-in/forgot/code", { code: first });
    expect(other.alert()).toContain("not right");
    await page.submit("/sign-in/forgot/code", { code: second });
    expect(page.alert()).toContain("not right");
    await page.submit("/sign-in/forgot/code", { code: first });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("a code is no good to whoever has the name since", async () => {
    const { page } = await start();
    await w.person({ username: "max", passwordHash: await newPasswordHash(w.deps, old) });
    await has("max", { email: "max@example.com" });
    await ask(page, "eva");
    const code = await mailed();
    await has("eva", { username: "eva.before", name_key: "eva.before" });
    await has("max", { username: "eva", name_key: "eva" });
    await page.submit("/sign-in/forgot/code", { code });
    expect(page.alert()).toBe("That code is not right. Try again.");
    // and it is the name alone that stands in the way
    await has("eva", { username: "max", name_key: "max" });
    await has("eva.before", { username: "eva", name_key: "eva" });
    await page.submit("/sign-in/forgot/code", { code });
    expect(page.title()).toBe("Verify that it is you");
  });

  test("the mailed code alone changes nothing and lets nobody in", async () => {
    const { page, eva } = await start();
    await ask(page, "eva");
    const shown = await page.submit("/sign-in/forgot/code", { code: await mailed() });
    const flow = shown.query.get("flow")!;
    const fields = { flow, username: "eva", password: chosen, again: chosen };
    expect((await page.open("/sign-in/new-password", fields)).text).toContain("Verify that it is you");
    await page.open("/sign-in/register/finish", { flow });
    await page.open("/sign-in/code", { flow, code: "000000" });
    expect((await page.open("/account")).path).toBe("/sign-in");
    expect(await listSessions(w.deps, eva.id)).toEqual([]);
    const fresh = browser(server.people!.port);
    await signIn(fresh, old);
    expect(fresh.title()).toBe("Verify that it is you");
  });

  test("a name and password given after all are a sign-in like any other", async () => {
    const { page, eva } = await start();
    const { query } = await ask(page, "eva");
    await page.open("/sign-in/password", { flow: query.get("flow")!, username: "eva", password: old });
    const done = await page.submit("/sign-in/code", { code: w.code(eva) });
    expect(done.path).toBe("/account");
  });

  test("where it is off there is no link and no way", async () => {
    const { page } = await start({ "reset.self-service": false });
    const first = await page.open("/sign-in");
    expect(first.text).not.toContain("/sign-in/forgot");
    const flow = first.query.get("flow")!;
    expect((await page.open(`/sign-in/forgot?flow=${flow}`)).path).toBe("/sign-in");
    await page.open("/sign-in/forgot", { flow, username: "eva" });
    expect(await mails()).toEqual([]);
  });
});
