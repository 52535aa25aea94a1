import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import type { Application } from "#core/facts.ts";
import { retain } from "#actions/retention.ts";
import { batchDrift, checkTokens, noteDrift, tokenDrift } from "#actions/token-health.ts";
import { importTokens } from "#actions/token-import.ts";
import { activateToken, assignToken, endToken } from "#actions/token-life.ts";
import { begin } from "#actions/verify.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

const vpn: Application = {
  id: "rcl_vpn",
  name: "vpn",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const day = 86_400_000;
const seed = (index: number) => Buffer.alloc(20, index + 1);
const usual = { edge: 7, unseenDays: 90, expiringDays: 60, limit: 100 };

let made: World[] = [];
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});

/** Two boxes: three tokens of Contoso, of which Anna and Bo have one, and two of Fabrikam. */
async function start(kind: Kind) {
  const here = await world({ kind });
  made.push(here);
  const { deps, clock } = here;
  clock.at = Date.UTC(2030, 0, 10, 12);
  const load = async (text: string) => {
    async function* file() {
      yield Buffer.from(text);
    }
    return (await importTokens(deps, "cli", { file: file(), progress: () => undefined, options: {} })).importId!;
  };
  const header = "serial,secret,manufacturer,expiry date\n";
  const first = await load(
    `${header}${[1, 2, 3].map((index) => `C-${index},${base32(seed(index))},Contoso,`).join("\n")}`,
  );
  clock.at += 1000;
  const ends = ["2030-02-01", "2030-01-01"];
  const second = await load(
    `${header}${[4, 5].map((index) => `F-${index},${base32(seed(index))},Fabrikam,${ends[index - 4]!}`).join("\n")}`,
  );
  const shown = (index: number, off = 0) =>
    hotp(seed(index), Math.floor(clock.at / 30_000) + off, { digits: 6, algorithm: "sha1" });
  for (const [index, username] of [[1, "anna"] as const, [2, "bo"] as const]) {
    await here.person({ username, totp: false });
    await assignToken(deps, "cli", { serial: `C-${index}`, username });
    await activateToken(deps, "cli", { serial: `C-${index}`, codes: [shown(index)] });
  }
  /** Signs in some days later with a token whose clock is off. */
  const later = async (days: number, { username, index, off }: { username: string; index: number; off: number }) => {
    clock.at += days * day;
    const code = shown(index, off);
    const outcome = await begin(deps, { application: vpn, username, code, source: { protocol: "radius" } });
    expect(outcome.kind).toBe("allow");
  };
  return { here, deps, clock, first, second, later };
}
const noted = async ({ deps }: { deps: World["deps"] }) =>
  (await tokenDrift(deps, "C-1")).drift.map(({ day: at, drift }) => [new Date(at).toISOString().slice(0, 10), drift]);

describe.each(kinds)("the health of tokens on %s", (kind) => {
  test("a clock is noted on its first day, and on those on which it had moved", async () => {
    const s = await start(kind);
    await noteDrift(s.deps);
    await s.later(1, { username: "anna", index: 1, off: 0 });
    await noteDrift(s.deps);
    expect(await noted(s)).toEqual([["2030-01-10", 0]]);
    await s.later(30, { username: "anna", index: 1, off: 1 });
    await noteDrift(s.deps);
    await noteDrift(s.deps);
    expect(await noted(s)).toEqual([
      ["2030-01-10", 0],
      ["2030-02-10", 1],
    ]);
    // twice in a day: where it stood last
    await s.later(1, { username: "anna", index: 1, off: 2 });
    await noteDrift(s.deps);
    s.clock.at += 60_000;
    await s.later(0, { username: "anna", index: 1, off: 3 });
    await noteDrift(s.deps);
    expect((await noted(s)).at(-1)).toEqual(["2030-02-11", 3]);
    const over = (await batchDrift(s.deps, s.first)).drift.map(({ day: at, ...clocks }) => [
      new Date(at).toISOString().slice(0, 10),
      clocks,
    ]);
    expect(over).toEqual([
      ["2030-02-01", { tokens: 2, mean: 0, least: 0, most: 0 }],
      ["2030-02-11", { tokens: 2, mean: 1.5, least: 0, most: 3 }],
    ]);
    await expect(batchDrift(s.deps, "imp_x")).rejects.toThrow("no import of tokens");
    s.clock.at += 800 * day;
    await retain(s.deps);
    expect(await noted(s)).toEqual([]);
  });

  test("tokens are counted by state, maker and import, with those that end", async () => {
    const s = await start(kind);
    await endToken(s.deps, "cli", { serial: "C-3", how: "lost" });
    const { total, vendors, batches } = await checkTokens(s.deps, usual);
    const none = { available: 0, assigned: 0, activated: 0, lost: 0, revoked: 0, expired: 0, expiring: 0 };
    const contoso = { ...none, activated: 2, lost: 1 };
    const fabrikam = { ...none, available: 2, expired: 1, expiring: 1 };
    expect(total).toEqual({ ...contoso, available: 2, expired: 1, expiring: 1 });
    expect(vendors).toEqual([
      { vendor: "Fabrikam", ...fabrikam },
      { vendor: "Contoso", ...contoso },
    ]);
    expect(batches).toMatchObject([
      { importId: s.second, vendor: "Fabrikam", clocks: null },
      { importId: s.first, vendor: "Contoso", clocks: { tokens: 2, mean: 0, least: 0, most: 0 } },
    ]);
  });

  test("clocks near the edge are listed, the furthest first, and what nobody uses", async () => {
    const s = await start(kind);
    await s.deps.db.q.updateTable("factor").set({ drift: 6 }).execute();
    await s.later(1, { username: "anna", index: 1, off: 7 });
    await s.later(1, { username: "bo", index: 2, off: 5 });
    await s.later(1, { username: "bo", index: 2, off: 4 });
    const { astray, unseen } = await checkTokens(s.deps, { ...usual, edge: 4, unseenDays: 1 });
    expect(astray).toMatchObject([
      { serial: "C-1", manufacturer: "Contoso", username: "anna", drift: 7 },
      { serial: "C-2", username: "bo", drift: 4 },
    ]);
    expect(unseen).toMatchObject([{ serial: "C-1", seenAt: s.clock.at - 2 * day }]);
    expect((await checkTokens(s.deps, { ...usual, edge: 4, limit: 1 })).astray).toHaveLength(1);
    const { astray: far, unseen: old } = await checkTokens(s.deps, usual);
    expect([far.length, old]).toEqual([1, []]);
  });
});
