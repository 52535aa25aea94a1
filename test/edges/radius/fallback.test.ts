// A code of the person's app or token after a phone that nobody answered, for the clients that are allowed to ask (fact sheet 2.11).
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endByPhone } from "#actions/by-phone.ts";
import { setRadiusClient } from "#actions/radius-clients.ts";
import type { ResultCode } from "#core/results.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { kinds } from "../../support/world.ts";
import { waitUntil } from "../../support/process.ts";
import { message, results, site, state, type Nas, type Serving, type Site } from "./setup.ts";

const voice = "+46701234567";
let s: Site;
let server: Serving;
let vpn: Nas;
afterEach(async () => await s.close());

const open = async ({ fallbackToken = true, ...site_ }: Parameters<typeof site>[0] & { fallbackToken?: boolean }) => {
  s = await site(site_);
  await s.client({ approveWithoutNumber: true, waitSeconds: 5, ...(fallbackToken && { fallbackToken }) });
  server = await s.serve();
  vpn = await s.nas();
};
/** Somebody who is called first. */
const ada = async (more: { tokens?: number; totp?: boolean } = {}) => {
  const person = await s.w.person({ username: "ada", voice, ...more });
  await s.w.deps.db.q.updateTable("person").set({ default_method: "voice" }).where("id", "=", person.id).execute();
  return person;
};
const desk = { more: [{ type: type.callingStationId, value: Buffer.from("desk") }] };
const challenges = async () =>
  await s.w.deps.db.q.selectFrom("challenge").select(["id", "state", "method"]).orderBy("created_at").execute();
const ringing = async () => await waitUntil("a call", async () => (await challenges()).at(-1)?.id);
/** What a client hears whose call ended so. */
const after = async (result: ResultCode) => {
  const bytes = vpn.request({ password: "", ...desk });
  vpn.send(bytes, server);
  await endByPhone(s.w.deps, { challengeId: await ringing(), result });
  return await vpn.answerTo(bytes);
};

describe.each(kinds)("a phone that is not answered, on %s", (kind) => {
  beforeEach(async () => await open({ kind, hasty: false }));

  test("is followed by a question for the code, and that is on record as what it is", async () => {
    const person = await ada();
    const asked = await after("CONFIG_ISSUE");
    expect(asked.code).toBe(code.accessChallenge);
    expect(message(asked)).toContain("code from your app or token");
    const again = await vpn.ask({ password: "000000", state: state(asked) }, server);
    expect(again.code).toBe(code.accessChallenge);
    const last = await vpn.ask({ password: s.w.code(person), state: state(again) }, server);
    expect(last.code).toBe(code.accessAccept);
    expect(await results(s.w)).toEqual([
      "SUCCESS_CALL_PLACED",
      "CONFIG_ISSUE",
      "SUCCESS_OATH_CODE_PENDING",
      "FAILED_OATH_CODE_INCORRECT",
      "SUCCESS_FALLBACK_OATH_CODE_VERIFIED",
    ]);
    const correlations = await s.w.deps.db.q.selectFrom("log").select("correlation_id").distinct().execute();
    expect(correlations.filter((row) => row.correlation_id !== null)).toHaveLength(1);
    // a code of the same token that was asked for at once is an ordinary one
    s.w.clock.at += 60_000;
    await s.w.deps.db.q.updateTable("person").set({ default_method: "totp" }).execute();
    const usual = await vpn.ask({ password: "" }, server);
    await vpn.ask({ password: s.w.code(person), state: state(usual) }, server);
    expect((await results(s.w)).at(-1)).toBe("SUCCESS_OATH_CODE_VERIFIED");
  });
});

describe("the code", () => {
  beforeEach(async () => await open({ hasty: false }));

  test.each<ResultCode>([
    "SUCCESS_NO_PIN_BUT_TIMEOUT",
    "SUCCESS_WITH_PIN_BUT_TIMEOUT",
    "FAILED_AUTH_RESULT_TIMEOUT",
    "FAILED_SERVER_ERROR",
    "FAILED_INVALID_PHONENUMBER",
  ])("is asked for after %s", async (result) => {
    await ada();
    expect((await after(result)).code).toBe(code.accessChallenge);
  });

  // whoever said no did not do so in order to be asked again, and a wrong PIN is a guess
  test.each<ResultCode>([
    "FAILED_FRAUD_CODE_ENTERED",
    "FAILED_USER_HUNGUP_ON_US",
    "SUCCESS_WITH_PIN",
    "FAILED_CALL_NUMBER_INCORRECT",
    "SUCCESS_PIN_EXPIRED",
  ])("is not asked for after %s", async (result) => {
    await ada();
    expect((await after(result)).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", result]);
  });

  test("is not asked of a person who has no app or token", async () => {
    await ada({ totp: false });
    expect((await after("CONFIG_ISSUE")).code).toBe(code.accessReject);
  });

  test("of another token may be chosen, and is recorded alike; of the phone it may not", async () => {
    const { secrets } = await ada({ tokens: 2 });
    const asked = await after("CONFIG_ISSUE");
    expect(message(asked)).toContain("2: app or token");
    expect(message(asked)).not.toContain("call");
    const chosen = await vpn.ask({ password: "2", state: state(asked) }, server);
    expect(chosen.code).toBe(code.accessChallenge);
    const answer = s.w.code({ secret: secrets[1]! });
    expect((await vpn.ask({ password: answer, state: state(chosen) }, server)).code).toBe(code.accessAccept);
    expect((await results(s.w)).at(-1)).toBe("SUCCESS_FALLBACK_OATH_CODE_VERIFIED");
  });

  test("is asked for once: the call's own State leads to nothing after it", async () => {
    await s.w.deps.db.q.deleteFrom("radius_client").execute();
    await s.client({ fallbackToken: true, waitSeconds: 5 });
    await server.stop();
    server = await s.serve();
    await ada();
    const shown = await vpn.ask({ password: "" }, server);
    expect(message(shown)).toMatch(/type \d{6} on the phone/);
    await endByPhone(s.w.deps, { challengeId: await ringing(), result: "CONFIG_ISSUE" });
    expect((await vpn.ask({ password: "ok", state: state(shown) }, server)).code).toBe(code.accessChallenge);
    expect((await vpn.ask({ password: "ok", state: state(shown) }, server)).code).toBe(code.accessReject);
    expect((await challenges()).map(({ state: is }) => is)).toEqual(["cancelled", "pending"]);
  });
});

describe("a client that has waited as long as it may", () => {
  test("is asked for a code, and an answer of the phone comes too late", async () => {
    await open({ hasty: true });
    const person = await ada();
    const asked = await vpn.ask({ password: "", ...desk }, server);
    expect(asked.code).toBe(code.accessChallenge);
    const [call] = await challenges();
    expect(call).toMatchObject({ method: "voice", state: "cancelled" });
    expect(await endByPhone(s.w.deps, { challengeId: call!.id, result: "CONFIG_ISSUE" })).toBe(false);
    expect((await vpn.ask({ password: s.w.code(person), state: state(asked) }, server)).code).toBe(code.accessAccept);
    expect(await results(s.w)).toEqual([
      "SUCCESS_CALL_PLACED",
      "FAILED_AUTH_RESULT_TIMEOUT",
      "SUCCESS_OATH_CODE_PENDING",
      "SUCCESS_FALLBACK_OATH_CODE_VERIFIED",
    ]);
  });

  test("is refused where that is off, as ever", async () => {
    await open({ hasty: true, fallbackToken: false });
    await ada();
    expect((await vpn.ask({ password: "", ...desk }, server)).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["SUCCESS_CALL_PLACED", "FAILED_AUTH_RESULT_TIMEOUT"]);
  });

  test("has to be one that can ask", async () => {
    await open({ hasty: true });
    const change = { name: "vpn", options: { mode: "append" as const } };
    await expect(setRadiusClient(s.w.deps, "cli", change)).rejects.toThrow("fallback-token");
  });
});
