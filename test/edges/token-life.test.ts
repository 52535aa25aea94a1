import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import { base32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import type { Application } from "#core/facts.ts";
import type { Deps } from "#actions/deps.ts";
import { listMethods, removeMethod } from "#actions/factors.ts";
import { removePerson } from "#actions/people.ts";
import { importTokens, undoTokenImport } from "#actions/token-import.ts";
import { activateToken, assignToken, endToken } from "#actions/token-life.ts";
import { searchTokens } from "#actions/tokens.ts";
import { begin } from "#actions/verify.ts";
import { undoImport } from "#store/imports.ts";
import type { Run } from "#store/open.ts";
import { assignToken as saveAssigned, moveToken } from "#store/tokens.ts";
import { kinds, world, type Kind, type World } from "../support/world.ts";

const vpn: Application = {
  id: "rcl_vpn",
  name: "vpn",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const seed = (index: number) => Buffer.alloc(32, index + 1);
const shapes = {
  totp: { digits: 8, algorithm: "sha256", period: 60 },
  hotp: { digits: 7, algorithm: "sha512" },
} as const;
const table = [
  "serial,secret,type,digits,hash,interval,counter",
  `T-1,${base32(seed(1))},totp,8,SHA256,60,`,
  `H-1,${base32(seed(2))},hotp,7,SHA512,,5`,
  ...[3, 4, 5, 6, 7, 8].map((index) => `N-${index},${base32(seed(index))},totp,6,SHA1,30,`),
].join("\n");

let made: World[] = [];
afterEach(async () => {
  for (const one of made) await one.close();
  made = [];
});
async function start(kind: Kind) {
  const here = await world({ kind });
  made.push(here);
  const { deps } = here;
  async function* file() {
    yield Buffer.from(table);
  }
  const { importId = "", error } = await importTokens(deps, "cli", {
    file: file(),
    progress: () => undefined,
    options: {},
  });
  expect(error).toBeUndefined();
  for (const username of ["anna", "bo"]) await here.person({ username, totp: false });
  const timed = (steps = 0) => hotp(seed(1), Math.floor(here.clock.at / 60_000) + steps, shapes.totp);
  const counted = (counter: number) => hotp(seed(2), counter, shapes.hotp);
  const signIn = async (username: string, code: string) =>
    (await begin(deps, { application: vpn, username, code, source: { protocol: "radius" } })).kind;
  const state = async (serial: string) => {
    const [token] = (await searchTokens(deps, { serial, limit: 1 })).tokens;
    return [token!.state, token!.username];
  };
  const give = async (serial: string, username: string, codes: string[]) => {
    await assignToken(deps, "cli", { serial, username });
    await activateToken(deps, "cli", { serial, codes });
  };
  return { here, deps, importId, timed, counted, signIn, state, give };
}
const results = async (deps: Deps) =>
  (await deps.db.q.selectFrom("log").select("result").where("result", "like", "TOKEN_%").orderBy("seq").execute()).map(
    ({ result }) => result,
  );

describe.each(kinds)("a token's life on %s", (kind) => {
  test("given, activated by a code, signs in with its own hash, digits and interval, and no code counts twice", async () => {
    const { here, deps, timed, signIn, state } = await start(kind);
    expect(await assignToken(deps, "cli", { serial: "t1", username: "anna" })).toMatchObject({
      serial: "T-1",
      state: "assigned",
    });
    expect(await state("T-1")).toEqual(["assigned", "anna"]);
    // assigned is not enough
    expect(await signIn("anna", timed())).not.toBe("allow");
    await expect(activateToken(deps, "cli", { serial: "T-1", codes: ["00000000"] })).rejects.toThrow(
      "not the token's code now",
    );
    await activateToken(deps, "cli", { serial: "T-1", codes: [timed()] });
    expect(await state("T-1")).toEqual(["activated", "anna"]);
    expect(await listMethods(deps, "anna")).toMatchObject([{ method: "totp", name: "T-1" }]);
    // the code that activated it is used up
    expect(await signIn("anna", timed())).not.toBe("allow");
    here.clock.at += 120_000;
    expect(await signIn("anna", timed())).toBe("allow");
    expect(await signIn("anna", timed())).not.toBe("allow");
    expect(await results(deps)).toEqual(["TOKENS_IMPORTED", "TOKEN_ASSIGNED", "TOKEN_ACTIVATED"]);
  });

  test("one that counts is activated by two codes, signs in, and looks ahead", async () => {
    const { here, deps, counted, signIn } = await start(kind);
    await assignToken(deps, "cli", { serial: "H-1", username: "bo" });
    await expect(activateToken(deps, "cli", { serial: "H-1", codes: [counted(5)] })).rejects.toThrow("needs two");
    await expect(activateToken(deps, "cli", { serial: "H-1", codes: [counted(5), counted(7)] })).rejects.toThrow(
      "in a row",
    );
    await activateToken(deps, "cli", { serial: "H-1", codes: [counted(40), counted(41)] });
    expect(await signIn("bo", counted(41))).not.toBe("allow");
    here.clock.at += 120_000;
    expect(await signIn("bo", counted(45))).toBe("allow");
    expect(await signIn("bo", counted(44))).not.toBe("allow");
    here.clock.at += 120_000;
    expect(await signIn("bo", counted(46))).toBe("allow");
  });

  test("a clock that has gone astray is found by two codes", async () => {
    const { here, deps, timed, signIn } = await start(kind);
    await assignToken(deps, "cli", { serial: "T-1", username: "anna" });
    await expect(activateToken(deps, "cli", { serial: "T-1", codes: [timed(7)] })).rejects.toThrow("give two codes");
    await activateToken(deps, "cli", { serial: "T-1", codes: [timed(7), timed(8)] });
    here.clock.at += 120_000;
    expect(await signIn("anna", timed(8))).toBe("allow");
    expect(await signIn("anna", timed(-1))).not.toBe("allow");
  });

  test("taken back, however it goes, it keeps what was used; lost and revoked it counts no more", async () => {
    const { here, deps, counted, signIn, state, give } = await start(kind);
    await give("H-1", "bo", [counted(5), counted(6)]);
    here.clock.at += 120_000;
    expect(await signIn("bo", counted(10))).toBe("allow");
    expect(await endToken(deps, "cli", { serial: "H-1", how: "unassign" })).toMatchObject({ state: "available" });
    expect(await listMethods(deps, "bo")).toEqual([]);
    await assignToken(deps, "cli", { serial: "H-1", username: "anna" });
    // bo's codes are nobody's any more
    await expect(activateToken(deps, "cli", { serial: "H-1", codes: [counted(9), counted(10)] })).rejects.toThrow(
      "in a row",
    );
    await activateToken(deps, "cli", { serial: "H-1", codes: [counted(11), counted(12)] });
    const [method] = await listMethods(deps, "anna");
    await removeMethod(deps, "cli", { username: "anna", method: method!.id });
    expect(await state("H-1")).toEqual(["available", null]);
    await give("H-1", "anna", [counted(13), counted(14)]);
    await removePerson(deps, "cli", { username: "anna" });
    expect(await state("H-1")).toEqual(["available", null]);
    await give("H-1", "bo", [counted(15), counted(16)]);
    await endToken(deps, "cli", { serial: "H-1", how: "lost", reason: "left in a taxi" });
    here.clock.at += 120_000;
    expect(await signIn("bo", counted(17))).not.toBe("allow");
    await expect(assignToken(deps, "cli", { serial: "H-1", username: "bo" })).rejects.toThrow("lost, not available");
    await endToken(deps, "cli", { serial: "H-1", how: "revoke" });
    await expect(endToken(deps, "cli", { serial: "H-1", how: "lost" })).rejects.toThrow("revoked");
  });

  test.each(["lost", "revoke", "unassign"] as const)(
    "activated while it is reported (%s), it counts no more",
    async (how) => {
      const { here, deps, timed, signIn, give, state } = await start(kind);
      if (how === "unassign") await assignToken(deps, "cli", { serial: "T-1", username: "anna" });
      const { audit } = deps.db;
      // what was read of the token is not so any more when it is written
      const write: typeof audit.write = async (work) => {
        Object.assign(deps.db, { audit });
        if (how === "unassign") await endToken(deps, "cli", { serial: "T-1", how });
        await give("T-1", "bo", [timed()]);
        return await audit.write(work);
      };
      Object.assign(deps.db, { audit: { ...audit, write } });
      await expect(endToken(deps, "cli", { serial: "T-1", how })).rejects.toThrow("changed meanwhile");
      expect(await state("T-1")).toEqual(["activated", "bo"]);
      await endToken(deps, "cli", { serial: "T-1", how });
      here.clock.at += 120_000;
      expect(await signIn("bo", timed())).not.toBe("allow");
      expect(await listMethods(deps, "bo")).toEqual([]);
    },
  );

  test("before its first day and after its last one it cannot be activated", async () => {
    const { here, deps, signIn, state } = await start(kind);
    async function* file() {
      yield Buffer.from(`serial,secret,valid from,valid until\nD-1,${base32(seed(9))},2027-03-01,2027-04-01\n`);
    }
    await importTokens(deps, "cli", { file: file(), progress: () => undefined, options: {} });
    const code = () => hotp(seed(9), Math.floor(here.clock.at / 30_000), { digits: 6, algorithm: "sha1" });
    const activate = async () => await activateToken(deps, "cli", { serial: "D-1", codes: [code()] });
    await deps.db.q.updateTable("person").set({ must_register: "help_desk" }).where("username", "=", "anna").execute();
    await assignToken(deps, "cli", { serial: "D-1", username: "anna" });
    await expect(activate()).rejects.toThrow("counts from 2027-03-01T00:00:00.000Z on");
    here.clock.at = Date.UTC(2027, 3, 1);
    await expect(activate()).rejects.toThrow("the token has expired");
    expect(await state("D-1")).toEqual(["assigned", "anna"]);
    const { must_register } = await deps.db.q
      .selectFrom("person")
      .select("must_register")
      .where("username", "=", "anna")
      .executeTakeFirstOrThrow();
    expect(must_register).toBe("help_desk");
    here.clock.at = Date.UTC(2027, 2, 1);
    await activate();
    here.clock.at += 60_000;
    expect(await signIn("anna", code())).toBe("allow");
  });

  test("a person has five at most, one token goes to one of two, and an import in use stays", async () => {
    const { deps, importId, state } = await start(kind);
    const both = await Promise.allSettled(
      ["anna", "bo"].map((username) => assignToken(deps, "cli", { serial: "T-1", username })),
    );
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await endToken(deps, "cli", { serial: "T-1", how: "unassign" });
    for (const index of [3, 4, 5, 6, 7]) await assignToken(deps, "cli", { serial: `N-${index}`, username: "anna" });
    await expect(assignToken(deps, "cli", { serial: "N-8", username: "anna" })).rejects.toThrow("5 tokens already");
    expect(await state("N-8")).toEqual(["available", null]);
    await expect(undoTokenImport(deps, "cli", importId)).rejects.toThrow("cannot be undone");
    await expect(assignToken(deps, "cli", { serial: "X", username: "anna" })).rejects.toThrow("no token");
  });

  test("wrong codes of a token can be tried ten times in ten minutes", async () => {
    const { deps, timed } = await start(kind);
    await assignToken(deps, "cli", { serial: "T-1", username: "anna" });
    for (let count = 0; count < 10; count++)
      await expect(activateToken(deps, "cli", { serial: "T-1", codes: ["00000000"] })).rejects.toThrow(
        "not the token's code now",
      );
    await expect(activateToken(deps, "cli", { serial: "T-1", codes: [timed()] })).rejects.toThrow(
      "too many wrong codes",
    );
  });
});

describe("on PostgreSQL, beside the undoing of its import on another node,", () => {
  async function meeting() {
    const { here, deps, importId, state } = await start("postgres");
    const other = await here.node("node_b");
    const { id: userId } = await here.person({ username: "cleo", totp: false });
    const [token] = (await searchTokens(deps, { serial: "T-1", limit: 1 })).tokens;
    const waiting = async () => {
      const text = sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return (await text.execute(deps.db.q)).rows[0]!.n;
    };
    /** `second` is begun within `first`, which commits once the other waits for it. */
    const meet = async (first: (run: Run) => Promise<boolean>, second: () => Promise<unknown>) => {
      const { outcome } = await deps.db.transaction(async (run) => {
        expect(await first(run)).toBe(true);
        const heard = second().then(
          () => "done",
          (error: Error) => error.message,
        );
        await expect.poll(waiting).toBeGreaterThan(0);
        return { outcome: heard };
      });
      return await outcome;
    };
    return { other, importId, userId, id: token!.id, state, meet };
  }

  test("a token that is being given out stays", async () => {
    const { other, importId, userId, id, state, meet } = await meeting();
    const undo = async () => await undoTokenImport(other, "cli", importId);
    expect(await meet((run) => saveAssigned(run, { id, userId, atMost: 5 }), undo)).toContain("given to somebody");
    expect(await state("T-1")).toEqual(["assigned", "cleo"]);
  });

  test("a token that is being reported stays", async () => {
    const { other, importId, id, state, meet } = await meeting();
    const undo = async () => await undoTokenImport(other, "cli", importId);
    const lose = async (run: Run) => await moveToken(run, { id, from: ["available"], to: "lost", userId: null });
    expect(await meet(lose, undo)).toContain("reported");
    expect(await state("T-1")).toEqual(["lost", null]);
  });

  test("who comes too late for a token hears so", async () => {
    for (const late of [
      async (deps: Deps) => await assignToken(deps, "cli", { serial: "T-1", username: "cleo" }),
      async (deps: Deps) => await endToken(deps, "cli", { serial: "T-1", how: "lost" }),
    ]) {
      const { other, importId, meet } = await meeting();
      const undo = async (run: Run) => await undoImport(run, importId);
      expect(await meet(undo, async () => await late(other))).toContain("meanwhile");
    }
  });
});
