// F-48: sealed seeds that whoever owns the database has changed, cut or moved to another person.
import { afterEach, describe, expect, test } from "vitest";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { kinds, world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: Number.MAX_SAFE_INTEGER,
};
const source = { protocol: "rest" } as const;

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let alarms: unknown[];
  afterEach(async () => await w.close());

  const start = async () => {
    w = await world({ kind });
    alarms = [];
    w.deps.log.error = (message, fields) => void alarms.push([message, fields]);
  };
  const factorOf = async ({ id }: { id: string }) =>
    await w.deps.db.q
      .selectFrom("factor")
      .select(["id", "sealed_secret", "fails", "day_cost"])
      .where("user_id", "=", id)
      .executeTakeFirstOrThrow();
  const put = async ({ id }: { id: string }, sealed_secret: Uint8Array | null) =>
    await w.deps.db.q.updateTable("factor").set({ sealed_secret }).where("user_id", "=", id).execute();
  const signIn = async (person: { username: string; secret: Buffer }, whose = person) =>
    await begin(w.deps, { application, username: person.username, code: w.code(whose), source });
  const alarm = async (person: { id: string }) => [
    "the secret of a method does not open: it was altered, or moved here from another",
    { factor: (await factorOf(person)).id },
  ];

  const ways: [string, (sealed: Uint8Array) => Uint8Array | null][] = [
    ["a bit is another", (sealed) => sealed.map((octet, index) => (index === 40 ? octet ^ 1 : octet))],
    ["it is cut short", (sealed) => sealed.subarray(0, 20)],
    ["it is empty", () => new Uint8Array(0)],
    ["it is gone", () => null],
  ];
  test.each(ways)(
    "when %s, the person is refused and recorded, an alarm is logged, and others sign in",
    async (_, alter) => {
      await start();
      const [ada, bob, cy] = [
        await w.person({ username: "ada" }),
        await w.person({ username: "bob" }),
        await w.person({ username: "cy" }),
      ];
      await put(ada, alter((await factorOf(ada)).sealed_secret!));
      const outcomes = await Promise.all([bob, ada, cy].map((one) => signIn(one)));
      expect(outcomes.map((one) => (one.kind === "deny" ? one.code : one.kind))).toEqual([
        "allow",
        "method_broken",
        "allow",
      ]);
      const records = await w.deps.db.q
        .selectFrom("log")
        .select(["result", "authenticated", "gate", "method"])
        .where("user_id", "=", ada.id)
        .execute();
      expect(records).toEqual([{ result: "FAILED_SERVER_ERROR", authenticated: 0, gate: "secret", method: "totp" }]);
      expect(alarms).toEqual([await alarm(ada)]);
      // nothing was guessed at
      expect(await factorOf(ada)).toMatchObject({ fails: 0, day_cost: 0 });
    },
  );

  test("seeds of two people changed for one another open for neither, by neither's code", async () => {
    await start();
    const ada = await w.person({ username: "ada" });
    const bob = await w.person({ username: "bob" });
    const [hers, his] = [(await factorOf(ada)).sealed_secret!, (await factorOf(bob)).sealed_secret!];
    await put(ada, his);
    await put(bob, hers);
    for (const [who, whose] of [
      [ada, ada],
      [ada, bob],
      [bob, bob],
      [bob, ada],
    ] as const)
      expect(await signIn(who, whose)).toMatchObject({ kind: "deny", code: "method_broken" });
    expect(alarms).toEqual([await alarm(ada), await alarm(ada), await alarm(bob), await alarm(bob)]);
  });

  test("a request that waits for a code ends when the seed is altered meanwhile", async () => {
    await start();
    const ada = await w.person({ username: "ada" });
    const asked = await begin(w.deps, { application, username: "ada", source });
    if (asked.kind !== "challenge") throw new Error("no challenge");
    await put(ada, new Uint8Array(60));
    const answer = { application, challengeId: asked.id, response: w.code(ada), source };
    expect(await respond(w.deps, answer)).toEqual({
      kind: "deny",
      code: "method_broken",
      correlationId: asked.correlationId,
    });
    expect(await w.deps.db.q.selectFrom("challenge").select("state").execute()).toEqual([{ state: "denied" }]);
  });
});
