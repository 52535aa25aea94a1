// An integration asks that a person registers a method, and the person meets that at the next sign-in.
import { describe, expect, test } from "vitest";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { addApplication } from "#actions/applications.ts";
import { addApp } from "#actions/factors.ts";
import { requireRegistration } from "#actions/help-desk.ts";
import { addPerson } from "#actions/people.ts";
import { listLog } from "#actions/records.ts";
import { findSession } from "#actions/sessions.ts";
import { registrationContract } from "#edges/http/registrations-contract.ts";
import { askToRegister } from "#store/registrations.ts";
import { browser, type Browser } from "../support/browser.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const target = "/api/v1/registrations";
const password = "correct horse battery";
const { schema } = registrationContract.askToRegister.schema.response[200].content["application/json"];

describe.each(kinds)("a registration that is asked for by API, on %s,", (kind) => {
  const h = httpWorld(kind);
  const newKey = async () => await h.newKey({ scopes: ["registrations"] });
  type Key = Awaited<ReturnType<typeof newKey>>;
  const ask = async (key: Key, body: object) => {
    const answer = await h.call(key, { target, body: { username: "ada", reason: "device", ...body } });
    if (answer.status === 200) schema.parse(answer.body);
    return answer;
  };
  const standing = async (key: Key) => (await h.call(key, { method: "GET", target: `${target}/ada` })).body;
  const ada = async () => await addPerson(h.w.deps, "cli", { username: "ada", password });
  const adaWithApp = async () => {
    await ada();
    return (await addApp(h.w.deps, "cli", { username: "ada" })).secretBase32!;
  };
  const codeOf = (secretBase32: string) => {
    const read = readBase32(secretBase32);
    if (!read.ok) throw new Error(read.reason);
    return hotp(read.bytes, Math.floor(h.w.clock.at / 30_000), { digits: 6, algorithm: "sha1" });
  };
  const open = () => browser(h.server.people!.port);
  const giveName = async (page: Browser, at = "/sign-in") => {
    await page.open(at);
    return await page.submit("/sign-in/password", { username: "ada", password });
  };
  const register = async (page: Browser) => {
    const { text } = await page.submit("/sign-in/register", { kind: "totp" });
    const shown = /class="key"><code>([^<]+)</.exec(text)![1]!.replaceAll(" ", "");
    await page.submit("/sign-in/register/confirm", { code: codeOf(shown) });
    return await page.submit("/sign-in/register/finish");
  };
  const pathOf = (answer: { body: Record<string, unknown> }) => {
    const { origin, pathname, search } = new URL(String(answer.body["url"]));
    expect(origin).toBe("https://mfa.example.org");
    return pathname + search;
  };

  test("interrupts the next sign-in with its reason, and is done when a method is registered", async () => {
    const secret = await adaWithApp();
    const key = await newKey();
    expect(await standing(key)).toMatchObject({ username: "ada", pending: false, reason: null });
    const asked = await ask(key, {});
    expect([asked.status, asked.body]).toMatchObject([200, { pending: true, reason: "device" }]);
    expect(pathOf(asked)).toBe("/sign-in");
    expect(await standing(key)).toEqual(asked.body);
    const page = open();
    await giveName(page);
    const { text } = await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(text).toContain("A device of yours is being registered. Set up a second step for it first.");
    expect(await findSession(h.w.deps, page.cookies.get("countersign"))).toBeUndefined();
    expect((await register(page)).path).toBe("/account");
    expect(await findSession(h.w.deps, page.cookies.get("countersign"))).toBeDefined();
    expect(await standing(key)).toMatchObject({ pending: false, reason: null });
  });

  test("interrupts someone who is signed in already and is sent there", async () => {
    const secret = await adaWithApp();
    const page = open();
    await giveName(page);
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    const asked = await ask(await newKey(), { returnTo: "/help" });
    // what was proven longer ago is proven again before anything is added
    h.w.clock.at += 301_000;
    await page.open(pathOf(asked));
    expect(page.title()).toBe("Verify that it is you");
    await page.submit("/sign-in/code", { code: codeOf(secret) });
    expect(page.title()).toBe("Set up your second step");
    expect((await register(page)).via.at(-1)).toBe("/help");
    // and who owes nothing is sent on at once
    expect((await page.open(pathOf(asked))).path).toBe("/help");
  });

  test("leads back to an application's origin, and to nobody else's", async () => {
    await adaWithApp();
    const key = await newKey();
    const redirectUris = ["https://devices.example/cb"];
    await addApplication(h.w.deps, "cli", { name: "devices", redirectUris });
    const returnTo = "https://devices.example/enrol?device=7";
    const asked = await ask(key, { returnTo });
    expect(asked.status).toBe(200);
    const page = open();
    const shown = await giveName(page, pathOf(asked));
    expect(shown.headers.get("content-security-policy")).toContain("form-action 'self' https://devices.example");
    for (const to of [
      "https://evil.example/",
      "https://devices.example.evil.example/",
      "https://devices.example@evil.example/",
      "http://devices.example/enrol",
      "https://devices.example:8443/enrol",
      "//evil.example/",
      String.raw`/\evil.example/`,
      "javascript:alert(1)",
      "account",
      "",
    ]) {
      expect([to, (await ask(key, { returnTo: to })).status]).toEqual([to, 400]);
      const { status, text } = await open().open(`/sign-in?returnTo=${encodeURIComponent(to)}`);
      expect([to, status, text.includes("CS-1004")]).toEqual([to, 400, true]);
    }
  });

  test("is asked for once however often it is sent, under the key's name in the log", async () => {
    const { id } = await ada();
    const key = await newKey();
    const answers = [await ask(key, {}), await ask(key, {})];
    expect(answers[0]!.body).toEqual(answers[1]!.body);
    const { records } = await listLog(h.w.deps, { limit: 10, user: id });
    const asked = records.filter(({ result }) => result === "REGISTRATION_ASKED_FOR");
    expect(asked).toMatchObject([{ actor: `key:${key.id}`, userId: id, personal: { username: "ada" } }]);
    expect((await ask(key, { reason: "policy" })).body).toMatchObject({ reason: "policy" });
  });

  // under any other reason the password alone would open the registration
  test("does not stand in for what the help desk has asked for", async () => {
    const { id } = await ada();
    await addApp(h.w.deps, "cli", { username: "ada" });
    await requireRegistration(h.w.deps, "cli", { username: "ada" });
    const key = await newKey();
    expect((await ask(key, { reason: "passkey" })).body).toMatchObject({ pending: true, reason: "help_desk" });
    expect((await giveName(open())).status).toBe(403);
    // nor when the help desk was between the question and its answer
    expect(await h.w.deps.db.transaction((run) => askToRegister(run, { userId: id, reason: "device" }))).toBe(
      "help_desk",
    );
  });

  test("is of a person that there is, for a reason that there is", async () => {
    await ada();
    const key = await newKey();
    expect((await ask(key, { username: "nobody" })).status).toBe(404);
    expect((await h.call(key, { method: "GET", target: `${target}/nobody` })).status).toBe(404);
    for (const wrong of [
      { reason: "help_desk" },
      { reason: "added" },
      { reason: undefined },
      { until: 1 },
      { username: "" },
    ])
      expect([wrong, (await ask(key, wrong)).status]).toEqual([wrong, 400]);
    expect(await standing(key)).toMatchObject({ pending: false });
  });
});
