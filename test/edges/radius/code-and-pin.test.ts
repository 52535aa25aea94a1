// A code of an app or token with the PIN behind it, in every way that a RADIUS client gives it (fact sheet 2.9).
import { afterEach, describe, expect, test } from "vitest";
import { code } from "#wire/radius/codes.ts";
import { setPassword } from "#actions/people.ts";
import type { NewRadiusClient } from "#actions/radius-clients.ts";
import { kinds, type Kind } from "../../support/world.ts";
import { message, results, site, state, type Site } from "./setup.ts";

let s: Site;
afterEach(async () => await s.close());

async function start(kind: Kind, client: NewRadiusClient["options"] = {}) {
  s = await site({ kind, settings: { "pin.methods": ["totp", "hotp"] } });
  await s.client(client);
  const server = await s.serve();
  const vpn = await s.nas();
  const ask = async (asking: Parameters<typeof vpn.ask>[0]) => await vpn.ask(asking, server);
  return { ask, person: await s.w.person({ username: "ada", pin: "8264", tokens: 2 }) };
}
const codes = async () => await s.w.deps.db.q.selectFrom("factor").select(["counter", "fails"]).execute();
const recorded = async () =>
  (await s.w.deps.db.q.selectFrom("log").select(["result", "mode", "authenticated"]).orderBy("seq").execute())
    .filter(({ result }) => result.includes("OATH"))
    .map(({ result, mode, authenticated }) => [result, mode, Number(authenticated)]);

describe.each(kinds)("code and PIN on %s", (kind) => {
  test("in answer to a challenge: wrong in either way it asks again, and both right let in, once", async () => {
    const { ask, person } = await start(kind);
    const asked = await ask({ password: "" });
    expect(message(asked)).toContain("Enter the code from your app or token, followed by your PIN.");
    const replies = [];
    let last = asked;
    for (const password of [s.w.code(person), `${s.w.code(person)}8265`]) {
      last = await ask({ password, state: state(last) });
      replies.push([last.code, message(last)]);
    }
    expect(replies[0]).toEqual(replies[1]);
    const right = { password: `${s.w.code(person)}8264`, state: state(last) };
    expect((await ask(right)).code).toBe(code.accessAccept);
    expect((await ask(right)).code).toBe(code.accessReject);
    expect(await recorded()).toEqual([
      ["SUCCESS_OATH_CODE_PENDING", "otp-pin", 0],
      ["FAILED_OATH_CODE_PIN_INCORRECT", "otp-pin", 0],
      ["FAILED_OATH_CODE_PIN_INCORRECT", "otp-pin", 0],
      ["SUCCESS_OATH_CODE_VERIFIED", "otp-pin", 1],
      ["FAILED_OATH_CODE_DUPLICATE", "otp-pin", 0],
    ]);
  });

  test("in one packet: the code alone is not enough, nor behind somebody's own open challenge; a right one gives all back", async () => {
    const { ask, person } = await start(kind);
    await ask({ password: "" });
    expect((await ask({ password: s.w.code(person) })).code).toBe(code.accessReject);
    expect((await codes()).every(({ counter, fails }) => counter === 0 && fails === 1)).toBe(true);
    s.w.clock.at += 5000;
    expect((await ask({ password: `${s.w.code(person)}8264` })).code).toBe(code.accessAccept);
    expect((await recorded()).slice(1)).toEqual([
      ["FAILED_OATH_CODE_PIN_INCORRECT", "otp-pin", 0],
      ["SUCCESS_OATH_CODE_VERIFIED", "otp-pin", 1],
    ]);
  });
});

test("people without a PIN give the code alone", async () => {
  const { ask } = await start("sqlite");
  const bo = await s.w.person({ username: "bo" });
  expect((await ask({ user: "bo", password: s.w.code(bo) })).code).toBe(code.accessAccept);
  expect(await recorded()).toEqual([["SUCCESS_OATH_CODE_VERIFIED", "standard", 1]]);
});

test("a PIN is not guessed for nothing by a code that was used", async () => {
  const { ask, person } = await start("sqlite");
  const used = s.w.code(person);
  expect((await ask({ password: `${used}8264` })).code).toBe(code.accessAccept);
  for (const pin of ["8264", "1111"]) {
    s.w.clock.at += 5000;
    expect((await ask({ password: `${used}${pin}` })).code).toBe(code.accessReject);
  }
  expect((await codes()).map(({ fails }) => fails)).toEqual([2, 2]);
  expect(await results(s.w)).toEqual([
    "SUCCESS_OATH_CODE_VERIFIED",
    "FAILED_OATH_CODE_DUPLICATE",
    "FAILED_OATH_CODE_PIN_INCORRECT",
  ]);
});

test.each([
  ["append", ",", {}],
  ["append-fixed", "", { codeLength: 10 }],
] as const)("%s: behind the password", async (mode, between, more) => {
  const { ask, person } = await start("sqlite", { firstFactor: "local", mode, ...more });
  await setPassword(s.w.deps, "cli", { username: "ada", password: "correct horse battery" });
  const attempt = async (pin: string) =>
    (await ask({ password: `correct horse battery${between}${s.w.code(person)}${pin}` })).code;
  expect(await attempt("8265")).toBe(code.accessReject);
  s.w.clock.at += 5000;
  expect(await attempt("8264")).toBe(code.accessAccept);
});
