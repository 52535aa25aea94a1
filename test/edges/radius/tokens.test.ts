// Hardware tokens over RADIUS: by time and by count, with the code alone, behind a question, and with the password in one field.
import { afterEach, beforeEach, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { code } from "#wire/radius/codes.ts";
import { boxOf } from "../../support/tokens.ts";
import { message, results, site, state, type Nas, type Serving, type Site } from "./setup.ts";

let s: Site;
let server: Serving;
let vpn: Nas;
let box: ReturnType<typeof boxOf>;
beforeEach(async () => {
  s = await site();
  await s.client();
  const field = { name: "one field", addresses: ["127.0.0.2"] };
  await s.client({ firstFactor: "local", mode: "append" }, field);
  server = await s.serve();
  vpn = await s.nas();
  box = boxOf(s.w);
  await box.takeIn();
});
afterEach(async () => await s.close());

const ask = async (asking: Parameters<Nas["ask"]>[0]) => await vpn.ask(asking, server);

test("by time: the code is accepted once, in the one field or after a question", async () => {
  await s.w.person({ username: "ada", totp: false });
  await box.give("T-2", "ada");
  expect((await ask({ password: box.timed("T-2") })).code).toBe(code.accessReject);
  s.w.clock.at += 60_000;
  expect((await ask({ password: box.timed("T-2") })).code).toBe(code.accessAccept);
  expect((await ask({ password: box.timed("T-2") })).code).toBe(code.accessReject);
  const asked = await ask({ password: "" });
  expect([asked.code, message(asked)]).toEqual([code.accessChallenge, "Enter the code from your app or token."]);
  const old = await ask({ password: box.timed("T-2", -1), state: state(asked) });
  expect(old.code).toBe(code.accessChallenge);
  s.w.clock.at += 60_000;
  expect((await ask({ password: box.timed("T-2"), state: state(old) })).code).toBe(code.accessAccept);
  expect(await results(s.w)).toEqual([
    "FAILED_OATH_CODE_DUPLICATE",
    "SUCCESS_OATH_CODE_VERIFIED",
    "FAILED_OATH_CODE_DUPLICATE",
    "SUCCESS_OATH_CODE_PENDING",
    "FAILED_OATH_CODE_OLD",
    "SUCCESS_OATH_CODE_VERIFIED",
  ]);
});

test("by count: with the password before the code in one field, presses ahead, and none again", async () => {
  const field = await s.nas({ from: "127.0.0.2" });
  await s.w.person({ username: "ada", totp: false, passwordHash: await newPasswordHash(s.w.deps, "a long password") });
  await box.give("H-1", "ada");
  const shown = async (counter: number) =>
    (await field.ask({ password: `a long password,${box.counted("H-1", counter)}` }, server)).code;
  expect(await shown(4)).toBe(code.accessAccept);
  expect(await shown(4)).toBe(code.accessReject);
  expect(await shown(3)).toBe(code.accessReject);
  s.w.clock.at += 60_000;
  expect(await shown(5)).toBe(code.accessAccept);
  expect(await results(s.w)).toEqual([
    "SUCCESS_OATH_CODE_VERIFIED",
    "FAILED_OATH_CODE_DUPLICATE",
    "FAILED_OATH_CODE_OLD",
    "SUCCESS_OATH_CODE_VERIFIED",
  ]);
});
