import { afterEach, describe, expect, test } from "vitest";
import type { Application } from "#core/facts.ts";
import { begin, respond } from "#actions/verify.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { kinds, world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "rest" } as const;

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const results = async () =>
    (await w.deps.db.q.selectFrom("log").select(["result", "authenticated", "gate"]).orderBy("seq").execute()).map(
      (row) => [row.result, row.authenticated, row.gate],
    );

  test("a code is good once", async () => {
    w = await world({ kind });
    const ada = await w.person({ username: "Ada" });
    const attempt = { application, username: "ADA", code: w.code(ada), source };
    expect((await begin(w.deps, attempt)).kind).toBe("allow");
    expect(await begin(w.deps, attempt)).toMatchObject({ kind: "deny", code: "code_duplicate" });
    expect(await results()).toEqual([
      ["SUCCESS_OATH_CODE_VERIFIED", 1, "code"],
      ["FAILED_OATH_CODE_DUPLICATE", 0, "code"],
    ]);
  });

  test("a text is asked for, answered wrongly, then rightly, then no more", async () => {
    w = await world({ kind });
    await w.person({ username: "bob", totp: false, phone: "+46701234567" });
    const asked = await begin(w.deps, { application, username: "bob", source });
    if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
    await expect.poll(() => w.sent.length).toBe(1);
    const answer = { application, challengeId: asked.id, source };
    expect(await respond(w.deps, { ...answer, response: "000000" })).toMatchObject({
      kind: "deny",
      code: "wrong_code",
      retry: { id: asked.id },
    });
    expect((await respond(w.deps, { ...answer, response: w.texted() })).kind).toBe("allow");
    expect(await respond(w.deps, { ...answer, response: w.texted() })).toMatchObject({
      kind: "deny",
      code: "code_duplicate",
    });
  });

  test("a hundred guesses at once cost what they are, and then the right code waits too", async () => {
    w = await world({ kind });
    const ada = await w.person({ username: "ada" });
    const guesses = Array.from({ length: 100 }, (_, guess) =>
      begin(w.deps, { application, username: "ada", code: String(guess).padStart(6, "0"), source }),
    );
    const outcomes = await Promise.all(guesses);
    expect(outcomes.filter((one) => one.kind === "deny" && one.code === "wrong_code").length).toBe(3);
    expect(await begin(w.deps, { application, username: "ada", code: w.code(ada), source })).toMatchObject({
      kind: "deny",
      code: "throttled",
    });
  });

  test("a right code sent many times at once by several ways costs no attempt in the end", async () => {
    w = await world({ kind });
    const ada = await w.person({ username: "ada" });
    const nodes = [w.deps, await w.node("node_b")];
    const spelled = ["ada", "ADA", "CORP\\ada", "ada@corp"];
    const sent = Array.from({ length: 80 }, (_, n) => {
      const attempt = { application, username: spelled[n % 4]!, code: w.code(ada), source };
      return begin(nodes[n % (kind === "postgres" ? 2 : 1)]!, attempt);
    });
    const outcomes = await Promise.all(sent);
    expect(outcomes.filter((one) => one.kind === "allow").length).toBe(1);
    const { fails, day_cost } = await w.deps.db.q
      .selectFrom("factor")
      .select(["fails", "day_cost"])
      .executeTakeFirstOrThrow();
    expect({ fails, day_cost }).toEqual({ fails: 0, day_cost: 0 });
  });

  test("a password comes before the code, and a wrong one costs the code nothing", async () => {
    w = await world({ kind });
    const passwordHash = await newPasswordHash(w.deps, "correct horse");
    const local = { ...application, firstFactor: "local" } as const;
    const ada = await w.person({ username: "ada", passwordHash });
    expect(
      await begin(w.deps, {
        application: local,
        username: "ada",
        password: "wrong",
        code: w.code(ada),
        source,
      }),
    ).toMatchObject({ code: "wrong_password" });
    expect(
      (
        await begin(w.deps, {
          application: local,
          username: "ada",
          password: "correct horse",
          code: w.code(ada),
          source,
        })
      ).kind,
    ).toBe("allow");
    expect(await begin(w.deps, { application: local, username: "nobody", password: "x", source })).toMatchObject({
      code: "unknown_person",
    });
  });
});
