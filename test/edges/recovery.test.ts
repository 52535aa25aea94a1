// Coming in without any of one's ways to verify, on both databases.
import { describe, expect, test } from "vitest";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/methods/totp.ts";
import { addPerson } from "#actions/people.ts";
import { findSession } from "#actions/sessions.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const password = "correct horse battery";
const keyOn = (text: string) =>
  /class="key"><code>([^<]+)</.exec(text.replaceAll(/>\s+</g, "><"))![1]!.replaceAll(" ", "");

describe.each(kinds)("a sheet of recovery codes, on %s,", (kind) => {
  const h = httpWorld(kind);
  const open = () => browser(h.server.people!.port);
  const codeOf = (secretBase32: string) => {
    const read = readBase32(secretBase32);
    if (!read.ok) throw new Error(read.reason);
    return hotp(read.bytes, Math.floor(h.w.clock.at / 30_000), { digits: 6, algorithm: "sha1" });
  };
  const giveName = async (page: Browser) => {
    await page.open("/sign-in");
    return await page.submit("/sign-in/password", { username: "cleo", password });
  };
  const sessionOf = async (page: Browser) => await findSession(h.w.deps, page.cookies.get("countersign"));

  test("leads somebody whose app is lost to a new method, each code once, and is claimed as nothing", async () => {
    await addPerson(h.w.deps, "cli", { username: "cleo", password });
    const first = open();
    await giveName(first);
    const setUp = await first.submit("/sign-in/register", { kind: "totp" });
    await first.submit("/sign-in/register/confirm", { code: codeOf(keyOn(setUp.text)) });
    const { text } = await first.submit("/sign-in/register", { kind: "recovery" });
    const sheet = [...text.matchAll(/<code>([A-Z2-7-]+)<\/code>/g)].map(([, code]) => code!);
    expect(sheet).toHaveLength(10);
    const enter = async (code: string) => {
      const page = open();
      const asked = await giveName(page);
      const others = await page.open(`/sign-in?flow=${asked.query.get("flow")}&other=1`);
      const digit = [...others.text.matchAll(/name="digit" value="(\d)"/g)].at(-1)![1]!;
      await page.submit("/sign-in/other", { digit });
      await page.submit("/sign-in/code", { code });
      return page;
    };
    const page = await enter(sheet[3]!);
    expect(page.title()).toBe("Set up your second step");
    expect(await sessionOf(page)).toBeUndefined();
    h.w.clock.at += 60_000;
    const anew = await page.submit("/sign-in/register", { kind: "totp" });
    await page.submit("/sign-in/register/confirm", { code: codeOf(keyOn(anew.text)) });
    await page.submit("/sign-in/register/finish");
    expect((await sessionOf(page))!.proofs.map(({ method }) => method)).toEqual(["recovery", "totp"]);
    for (const used of [sheet[3]!, sheet[0]!]) expect((await enter(used)).title()).toBe("Verify that it is you");
    expect((await enter(sheet[4]!)).title()).toBe("Set up your second step");
  });
});
