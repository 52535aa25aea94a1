// A token on the sign-in pages: it is named, its codes are refused alike whatever the reason, and its owner sets it right.
import { describe, expect, test } from "vitest";
import { addPerson } from "#actions/people.ts";
import { addApp } from "#actions/factors.ts";
import { chooseOwnPin } from "#actions/pins.ts";
import { listLog } from "#actions/records.ts";
import { browser } from "../support/browser.ts";
import { boxOf } from "../support/tokens.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";

describe.each(kinds)("signing in with a token on %s", (kind) => {
  const h = httpWorld(kind);
  /** A token of Ada's, and the page that asks for its code. */
  async function asked(serial: string) {
    const box = boxOf(h.w);
    await box.takeIn();
    const { id } = await addPerson(h.w.deps, "cli", { username: "ada", password });
    await box.give(serial, "ada");
    return { box, id, ...(await signIn("ada")) };
  }
  async function signIn(username: string) {
    const page = browser(h.server.people!.port);
    await page.open("/sign-in");
    const { text, query } = await page.submit("/sign-in/password", { username, password });
    const resync = async (first: string, second: string) => {
      await page.open(`/sign-in?flow=${query.get("flow")}&resync=1`);
      return await page.submit("/sign-in/resync", { first, second });
    };
    return { page, text, resync };
  }
  const results = async () =>
    (await listLog(h.w.deps, { kind: "authentication", limit: 20 })).records
      .map(({ result }) => result)
      .filter((result) => result.startsWith("FAILED") || result.endsWith("VERIFIED"))
      .toReversed();
  const wrong = "That code is not right. Try again.";

  test("it is named; used, old and wrong codes read the same and are told apart in the record", async () => {
    h.w.set({ "challenge.tries": 5 });
    const { box, page } = await asked("H-1");
    const heard = [];
    for (const code of [box.counted("H-1", 1), box.counted("H-1", 0), "0000000"]) {
      const { text } = await page.submit("/sign-in/code", { code });
      expect(text).toContain("Press the button on your token H-1 and enter the code.");
      expect(page.alert()).toBe(wrong);
      heard.push(text.replaceAll(/sgn_[\w-]+/g, ""));
    }
    expect(new Set(heard).size).toBe(1);
    expect((await page.submit("/sign-in/code", { code: box.counted("H-1", 2) })).via).toEqual(["/account"]);
    expect((await results()).slice(-4)).toEqual([
      "FAILED_OATH_CODE_DUPLICATE",
      "FAILED_OATH_CODE_OLD",
      "FAILED_OATH_CODE_INCORRECT",
      "SUCCESS_OATH_CODE_VERIFIED",
    ]);
  });

  test("one whose clock has gone astray is set right by two codes, which let nobody in", async () => {
    const { box } = await asked("T-2");
    h.w.clock.at += 3_600_000;
    const { page, text, resync } = await signIn("ada");
    expect(text).toContain("Enter the code from your token T-2.");
    expect(text).toMatch(/<a href="[^"]*resync=1">Are the codes of your token refused\?</);
    await page.submit("/sign-in/code", { code: box.timed("T-2", 7) });
    expect(page.alert()).toBe(wrong);
    await resync(box.timed("T-2", 6), box.timed("T-2", 8));
    expect([page.title(), page.alert()]).toEqual([
      "Set your token right",
      "Those are not two codes of this token in a row. Wait for a new code, and give that one and the one right after it.",
    ]);
    h.w.clock.at += 1000;
    const right = await page.submit("/sign-in/resync", { first: box.timed("T-2", 6), second: box.timed("T-2", 7) });
    expect(page.title()).toBe("Verify that it is you");
    expect(right.text).toContain("Your token is in step again. Sign in with the next code that it shows.");
    await page.submit("/sign-in/code", { code: box.timed("T-2", 7) });
    expect(page.alert()).toBe(wrong);
    h.w.clock.at += 60_000;
    expect((await page.submit("/sign-in/code", { code: box.timed("T-2", 7) })).via).toEqual(["/account"]);
  });

  test("pairs are locked out as codes are, and nobody without a token has such a page", async () => {
    h.w.set({ "lockout.after": 3 });
    const { box, id, page, resync } = await asked("H-1");
    for (let tries = 0; tries < 3; tries++) await resync("0000000", "0000000");
    await resync(box.counted("H-1", 20), box.counted("H-1", 21));
    expect(page.alert()).toBe("Too many tries. Wait a little, then try again.");
    h.w.clock.at += 3_600_000;
    const later = await signIn("ada");
    await later.resync(box.counted("H-1", 20), box.counted("H-1", 21));
    h.w.set({ "pin.methods": ["hotp"] });
    await chooseOwnPin(h.w.deps, id, "8264");
    const withPin = await signIn("ada");
    expect(withPin.text).toContain("on your token H-1 and enter the code, followed by your PIN.");
    const { via } = await withPin.page.submit("/sign-in/code", { code: `${box.counted("H-1", 22)}8264` });
    expect(via).toEqual(["/account"]);
    await addPerson(h.w.deps, "cli", { username: "bo", password });
    await addApp(h.w.deps, "cli", { username: "bo", name: "phone" });
    const app = await signIn("bo");
    expect(app.text).not.toContain("resync=1");
    expect(app.text).toContain("Enter the code from your app or token.");
    await expect(app.resync("000000", "000000")).rejects.toThrow("has no form");
  });
});
