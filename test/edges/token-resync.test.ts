import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import type { Application } from "#core/facts.ts";
import type { Settings } from "#core/settings/index.ts";
import { unlockMethods } from "#actions/factors.ts";
import { importTokens } from "#actions/token-import.ts";
import { activateToken, assignToken } from "#actions/token-life.ts";
import { resynchroniseMethod, resynchroniseToken } from "#actions/token-resync.ts";
import { searchTokens } from "#actions/tokens.ts";
import { begin } from "#actions/verify.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

const vpn: Application = {
  id: "rcl_vpn",
  name: "vpn",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const seed = (index: number) => Buffer.alloc(20, index + 1);
const six = { digits: 6, algorithm: "sha1" } as const;

let made: World[] = [];
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});

/** Anna has a token with a clock, Bo one that counts. */
async function start(kind: Kind, settings: Partial<Settings> = {}) {
  const here = await world({ kind, settings });
  made.push(here);
  const { deps } = here;
  async function* file() {
    yield Buffer.from(`serial,secret,type\nT,${base32(seed(1))},totp\nH,${base32(seed(2))},hotp\n`);
  }
  await importTokens(deps, "cli", { file: file(), progress: () => undefined, options: {} });
  for (const username of ["anna", "bo"]) await here.person({ username, totp: false });
  const timed = (steps = 0) => hotp(seed(1), Math.floor(here.clock.at / 30_000) + steps, six);
  const counted = (counter: number) => hotp(seed(2), counter, six);
  await assignToken(deps, "cli", { serial: "T", username: "anna" });
  await assignToken(deps, "cli", { serial: "H", username: "bo" });
  await activateToken(deps, "cli", { serial: "T", codes: [timed()] });
  await activateToken(deps, "cli", { serial: "H", codes: [counted(0), counted(1)] });
  here.clock.at += 3_600_000;
  const signIn = async (username: string, code: string) => {
    here.clock.at += 90_000;
    return (await begin(deps, { application: vpn, username, code, source: { protocol: "radius" } })).kind;
  };
  const resync = async (serial: string, codes: string[]) => await resynchroniseToken(deps, "cli", { serial, codes });
  const entries = async () =>
    (
      await deps.db.q
        .selectFrom("log")
        .select(["result", "detail"])
        .where("result", "like", "METHOD_RESYNC%")
        .orderBy("seq")
        .execute()
    ).map(({ result, detail }) => [result, JSON.parse(detail!) as object]);
  return { here, deps, timed, counted, signIn, resync, entries };
}

describe.each(kinds)("a token that has fallen out of step on %s", (kind) => {
  test("a clock gone astray is found by two codes in a row, which are used up with all before them", async () => {
    const { here, deps, timed, signIn, resync, entries } = await start(kind);
    expect(await signIn("anna", timed(8))).not.toBe("allow");
    await expect(resync("T", [timed(7), timed(9)])).rejects.toThrow("not two codes of it in a row");
    here.clock.at += 60_000;
    const codes = [timed(7), timed(8)];
    expect(await resync("T", codes)).toMatchObject({ serial: "T", method: "totp", drift: 8 });
    const [token] = (await searchTokens(deps, { serial: "T", limit: 1 })).tokens;
    expect(token).toMatchObject({ drift: 8, lastUsedAt: here.clock.at, state: "activated" });
    await expect(resync("T", codes)).rejects.toThrow("not two codes");
    const last = codes[1]!;
    expect(
      (await begin(deps, { application: vpn, username: "anna", code: last, source: { protocol: "radius" } })).kind,
    ).not.toBe("allow");
    here.clock.at += 90_000;
    expect(await signIn("anna", timed(11))).toBe("allow");
    const factor = expect.stringMatching(/^fac_/) as string;
    expect(await entries()).toEqual([
      ["METHOD_RESYNC_REFUSED", { factor, method: "totp" }],
      ["METHOD_RESYNCHRONISED", { factor, method: "totp", drift: 8, before: 0 }],
      ["METHOD_RESYNC_REFUSED", { factor, method: "totp" }],
    ]);
  });

  test("one that counts is found ahead and never behind", async () => {
    const { counted, signIn, resync } = await start(kind);
    await expect(resync("H", [counted(0), counted(1)])).rejects.toThrow("not two codes");
    await expect(resync("H", [counted(102), counted(103)])).rejects.toThrow("not two codes");
    await expect(resync("H", [counted(60)])).rejects.toThrow("codes: it takes two or three");
    expect(await resync("H", [counted(60), counted(61)])).toMatchObject({ method: "hotp", drift: 0 });
    expect(await signIn("bo", counted(61))).not.toBe("allow");
    expect(await signIn("bo", counted(62))).toBe("allow");
  });

  test("wrong pairs are counted with the wrong codes of sign-ins and lock as they do (R-008)", async () => {
    const { here, deps, timed, signIn, resync } = await start(kind);
    for (let count = 0; count < 9; count++) {
      here.clock.at += 70_000;
      await expect(resync("T", [timed(30), timed(31)])).rejects.toThrow("not two codes");
    }
    expect(await signIn("anna", timed(30))).toBe("deny");
    here.clock.at += 90_000;
    await expect(resync("T", [timed(4), timed(5)])).rejects.toThrow("too many wrong codes");
    expect(await signIn("anna", timed())).toBe("deny");
    await unlockMethods(deps, "cli", { username: "anna" });
    expect(await resync("T", [timed(4), timed(5)])).toMatchObject({ drift: 5 });
    expect(await signIn("anna", timed(8))).toBe("allow");
  });

  test("of two at once with the same codes one is done", async () => {
    const { timed, resync } = await start(kind);
    const both = await Promise.allSettled([1, 2].map(() => resync("T", [timed(5), timed(6)])));
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("an app of a phone whose clock is set by hand is found too, and its owner is told", async () => {
    const { here, deps, signIn } = await start(kind);
    const cleo = await here.person({ username: "cleo" });
    const row = { email: "cleo@example.org" };
    await deps.db.q.updateTable("person").set(row).where("id", "=", cleo.id).execute();
    const codes = [here.code(cleo, -8), here.code(cleo, -7)];
    expect(await resynchroniseMethod(deps, "cli", { username: "cleo", method: "totp", codes })).toMatchObject({
      drift: -7,
    });
    const told = await deps.db.q.selectFrom("outbox").select("channel").where("user_id", "=", cleo.id).execute();
    expect(told).toEqual([{ channel: "email" }]);
    here.clock.at += 90_000;
    expect(await signIn("cleo", here.code(cleo, -4))).toBe("allow");
  });
});

test("a wider search is the administrator's choice: a clock as far off stays found, and three codes are wanted of one that counts", async () => {
  const narrow = await start("sqlite");
  await expect(narrow.resync("T", [narrow.timed(14), narrow.timed(15)])).rejects.toThrow("not two codes");
  const { here, timed, counted, signIn, resync } = await start("sqlite", {
    "token.resync-steps": 20,
    "token.resync-counters": 1000,
  });
  expect(await resync("T", [timed(14), timed(15)])).toMatchObject({ drift: 15 });
  here.clock.at += 60_000;
  // a step late: what is learned of it leads back, and no further out
  expect(await signIn("anna", timed(17))).toBe("allow");
  expect(await signIn("anna", timed(17))).toBe("allow");
  await expect(resync("H", [counted(800), counted(801)])).rejects.toThrow("not two codes");
  expect(await resync("H", [counted(800), counted(801), counted(802)])).toMatchObject({ method: "hotp" });
  expect(await signIn("bo", counted(803))).toBe("allow");
});
