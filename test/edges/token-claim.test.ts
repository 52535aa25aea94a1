// Somebody with a token in hand makes it theirs in the wizard, by its serial number and its codes; and nobody guesses one.
import { describe, expect, test } from "vitest";
import { addPerson } from "#actions/people.ts";
import { mayClaim, proveClaim } from "#actions/token-claim.ts";
import { activateToken, assignToken } from "#actions/token-life.ts";
import { browser, type Browser } from "../support/browser.ts";
import { boxOf } from "../support/tokens.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
describe.each(kinds)("taking a token on %s", (kind) => {
  const h = httpWorld(kind);
  const box = () => boxOf(h.w);
  const open = async (username: string): Promise<Browser> => {
    const page = browser(h.server.people!.port);
    await page.open("/sign-in");
    await page.submit("/sign-in/password", { username, password });
    return page;
  };
  /** At the page that asks for serial number and codes. */
  const atToken = async (username: string) => {
    await addPerson(h.w.deps, "cli", { username, password });
    const page = await open(username);
    await page.submit("/sign-in/register", { kind: "token" });
    expect(page.title()).toBe("Set up a token");
    return page;
  };
  const give = async (page: Browser, serial: string, code: string, next?: string) =>
    await page.submit("/sign-in/register/token", { serial, code, ...(next !== undefined && { next }) });
  const ownerOf = async (serial: string) => await box().ownersOf(serial);
  const refusal =
    "That did not fit a token that can be yours. Look at the serial number again, wait for a new code, and give that one and the one after it.";

  test("by time: one code makes it theirs, is used up, and the next signs in", async () => {
    await box().takeIn();
    const page = await atToken("ada");
    const done = await give(page, "t-2", box().timed("T-2"));
    expect(page.title()).toBe("That works");
    expect(done.text).toContain("<li>Token</li>");
    expect(done.text).not.toContain('value="token"');
    await page.submit("/sign-in/register/finish");
    expect(await ownerOf("T-2")).toEqual(["Acme activated ada"]);
    const log = await h.w.deps.db.q
      .selectFrom("log")
      .select("detail")
      .where("result", "=", "METHOD_REGISTERED")
      .execute();
    expect(JSON.parse(log[0]!.detail!)).toMatchObject({
      method: "totp",
      token: expect.stringMatching(/^tok_/) as string,
    });
    const again = await open("ada");
    await again.submit("/sign-in/code", { code: box().timed("T-2") });
    expect(again.alert()).toBe("That code is not right. Try again.");
    h.w.clock.at += 60_000;
    expect((await again.submit("/sign-in/code", { code: box().timed("T-2") })).via).toEqual(["/account"]);
  });

  test("by count: it takes two codes in a row", async () => {
    await box().takeIn();
    const page = await atToken("ada");
    await give(page, "H-1", box().counted("H-1", 3));
    expect(page.alert()).toBe(refusal);
    await give(page, "H-1", box().counted("H-1", 3), box().counted("H-1", 5));
    expect(page.alert()).toBe(refusal);
    await give(page, "H-1", box().counted("H-1", 3), box().counted("H-1", 4));
    expect(page.title()).toBe("That works");
  });

  test("an unknown number, wrong codes and another person's token read the same, whoever made it", async () => {
    await box().takeIn();
    await addPerson(h.w.deps, "cli", { username: "bo", password });
    await assignToken(h.w.deps, "cli", { serial: "T-3", username: "bo" });
    await assignToken(h.w.deps, "cli", { serial: "T-4", username: "bo" });
    await activateToken(h.w.deps, "cli", { serial: "T-4", codes: [box().timed("T-4")] });
    const page = await atToken("ada");
    const pages = [];
    for (const [serial, code] of [
      ["T-9", box().timed("T-2")],
      ["T-2", "00000000"],
      ["T-3", box().timed("T-3")],
      ["T-4", box().timed("T-4", 1)],
    ] as const) {
      const { text } = await give(page, serial, code);
      pages.push(text.replace(`value="${serial}"`, "").replaceAll(/sgn_[\w-]+/g, ""));
    }
    expect(new Set(pages).size).toBe(1);
    expect(page.alert()).toBe(refusal);
    expect([await ownerOf("T-3"), await ownerOf("T-4")]).toEqual([["Acme assigned bo"], ["Acme activated bo"]]);
    // two makers' tokens have the number; the code says which it is
    await give(page, "T-1", box().timed("other T-1"));
    expect(await ownerOf("T-1")).toEqual(["Acme available nobody", "Other activated ada"]);
  });

  test("guesses are dear: five for a person, ten for a number, whoever guesses and whether it exists or not", async () => {
    const { deps, clock } = h.w;
    await box().takeIn();
    const ids: string[] = [];
    for (const username of ["ada", "bo", "cy", "di", "eva"]) ids.push((await addPerson(deps, "cli", { username })).id);
    const [ada = "", bo = "", cy = "", di = "", eva = ""] = ids;
    const guess = async (userId: string, serial: string, code = "00000000") => {
      const proven = await proveClaim(deps, userId, { serial, codes: [code] });
      return typeof proven === "object" ? "right" : (proven ?? "wrong");
    };
    const guesses = async (userId: string, serial: string, count: number) => {
      const heard = [];
      for (let at = 0; at < count; at++) heard.push(await guess(userId, serial));
      return new Set(heard);
    };
    expect(await guesses(ada, "T-2", 5)).toEqual(new Set(["wrong"]));
    expect(await guess(ada, "T-3", box().timed("T-3"))).toBe("throttled");
    expect(await guesses(bo, "T-2", 3)).toEqual(new Set(["wrong"]));
    expect(await guesses(cy, "T-2", 2)).toEqual(new Set(["wrong"]));
    expect(await guess(di, "T 2", box().timed("T-2"))).toBe("throttled");
    expect(await guess(di, "T-3", box().timed("T-3"))).toBe("right");
    clock.at += 600_000;
    for (const userId of [bo, cy]) expect(await guesses(userId, "X-9", 5)).toEqual(new Set(["wrong"]));
    expect(await guess(eva, "X-9")).toBe("throttled");
    // a full number costs a person nothing, and after ten minutes all begins anew
    expect(await guess(eva, "T-2", box().timed("T-2"))).toBe("right");
    expect(await guess(ada, "T-2", box().timed("T-2"))).toBe("right");
    for (let wait = 0; wait < 3; wait++) {
      clock.at += 600_000;
      await guesses(ada, "T-2", 5);
    }
    clock.at += 600_000;
    // twenty a day
    expect(await guess(ada, "T-3", box().timed("T-3"))).toBe("throttled");
  });

  test("it is offered to whom a token can belong: nobody's where that is allowed, one's own always, five at most", async () => {
    const { deps } = h.w;
    const offers = async (username: string) => {
      const page = browser(h.server.people!.port);
      await page.open("/sign-in");
      const { text } = await page.submit("/sign-in/password", { username, password });
      return text.includes('value="token"');
    };
    for (const username of ["ada", "bo"]) await addPerson(deps, "cli", { username, password });
    expect(await offers("ada")).toBe(false);
    await box().takeIn();
    expect(await offers("ada")).toBe(true);
    h.w.set({ "token.self-service": false });
    await assignToken(deps, "cli", { serial: "T-2", username: "bo" });
    expect([await offers("ada"), await offers("bo")]).toEqual([false, true]);
    h.w.set({ "methods.totp.enabled": false });
    expect(await offers("bo")).toBe(false);
  });

  test("before its first day and after its last one it is offered to nobody, and its codes prove nothing", async () => {
    const { deps, clock } = h.w;
    await box().takeIn();
    const [ada, bo] = [
      await addPerson(deps, "cli", { username: "ada" }),
      await addPerson(deps, "cli", { username: "bo" }),
    ];
    const days = { starts_at: clock.at + 60_000, expires_at: clock.at + 180_000 };
    await deps.db.q.updateTable("token").set(days).execute();
    await assignToken(deps, "cli", { serial: "T-3", username: "bo" });
    const proves = async (userId: string, serial: string) =>
      typeof (await proveClaim(deps, userId, { serial, codes: [box().timed(serial)] })) === "object";
    const may = async () => [
      await mayClaim(deps, ada.id),
      await mayClaim(deps, bo.id),
      await proves(ada.id, "T-2"),
      await proves(bo.id, "T-3"),
    ];
    expect(await may()).toEqual([false, false, false, false]);
    clock.at += 60_000;
    expect(await may()).toEqual([true, true, true, true]);
    clock.at += 120_000;
    expect(await may()).toEqual([false, false, false, false]);
  });

  test("who has five gets no sixth, and of two who take one token one has it", async () => {
    const { deps } = h.w;
    await box().takeIn();
    const pages = [await atToken("ada"), await atToken("bo")];
    await Promise.all(pages.map(async (page) => await give(page, "T-2", box().timed("T-2"))));
    expect(pages.filter((page) => page.title() === "That works")).toHaveLength(1);
    await addPerson(deps, "cli", { username: "cy", password });
    const late = await open("cy");
    await late.submit("/sign-in/register", { kind: "token" });
    for (const serial of ["T-3", "T-4", "T-5", "T-6", "H-1"])
      await assignToken(deps, "cli", { serial, username: "cy" });
    h.w.clock.at += 120_000;
    await give(late, "T-1", box().timed("T-1"));
    expect(late.title()).toBe("Set up a token");
    expect(await ownerOf("T-1")).toEqual(["Acme available nobody", "Other available nobody"]);
  });
});
