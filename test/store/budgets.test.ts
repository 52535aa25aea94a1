// whatever is asked for at once, on however many nodes, no budget gives more than it has.
import { afterEach, describe, expect, test } from "vitest";
import type { Application } from "#core/facts.ts";
import { clear, spendMoney } from "#actions/outgoing.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Deps } from "#actions/deps.ts";
import { takeEach, takeFrom, type Budget } from "#store/throttle.ts";
import { kinds, world, type World } from "../support/world.ts";

const hour = 3_600_000;
const budget = (id: string, limit: number): Budget => ({ id, limit, windowMs: hour });
const take = async (deps: Deps, ...budgets: Budget[]) =>
  await deps.db.transaction(async (run) => (await takeEach(run, [{ at: deps.clock.now(), budgets }]))[0]?.id);

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "rest" } as const;
const phone = (index: number) => `+46701${String(index).padStart(6, "0")}`;

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  test("a budget has room again when its window is over", async () => {
    w = await world({ kind });
    const two = budget("b", 2);
    expect([await take(w.deps, two), await take(w.deps, two), await take(w.deps, two)]).toEqual([
      undefined,
      undefined,
      "b",
    ]);
    w.clock.at += hour;
    expect(await take(w.deps, two)).toBeUndefined();
  });

  test("a budget that was spent while the clock stood far ahead has room once it is right again", async () => {
    w = await world({ kind });
    const [one, other] = [budget("one", 1), { id: "other", limit: 1, windowMs: hour }];
    const single = async () => await w.deps.db.transaction((run) => takeFrom(run, other, w.clock.at));
    const now = w.clock.at;
    w.clock.at = now + 400 * 24 * hour;
    expect([await take(w.deps, one), await take(w.deps, one)]).toEqual([undefined, "one"]);
    expect([await single(), await single()]).toEqual([true, false]);
    w.clock.at = now;
    expect([await take(w.deps, one), await take(w.deps, one)]).toEqual([undefined, "one"]);
    expect([await single(), await single()]).toEqual([true, false]);
    w.clock.at = now - hour / 2;
    expect([await take(w.deps, one), await single()]).toEqual(["one", false]);
  });

  test("what one spent budget refuses costs the others nothing", async () => {
    w = await world({ kind });
    const [all, own, others] = [budget("all", 3), budget("own", 1), budget("others", 9)];
    const taken = [];
    for (let index = 0; index < 5; index++) taken.push(await take(w.deps, all, own));
    expect(taken).toEqual([undefined, "own", "own", "own", "own"]);
    expect([await take(w.deps, all, others), await take(w.deps, all, others)]).toEqual([undefined, undefined]);
    expect(await take(w.deps, others, all)).toBe("all");
  });

  test("those of one commit take in turn", async () => {
    w = await world({ kind });
    const at = w.clock.at;
    const takings = Array.from({ length: 7 }, (_, index) => ({
      at,
      budgets: [budget(`own ${index % 2}`, 2), budget("all", 3)],
    }));
    const full = await w.deps.db.transaction((run) => takeEach(run, takings));
    expect(full.map((one) => one?.id)).toEqual([undefined, undefined, undefined, "all", "own 0", "all", "own 0"]);
  });

  test("money that the gateways have told of ends the day's texts", async () => {
    w = await world({ kind, settings: { "phone.money-per-day": 1 } });
    const text = { channel: "sms", to: "+46701234567", userId: "usr_a" } as const;
    await spendMoney(w.deps, 600_000);
    expect(await clear(w.deps, text)).toHaveProperty("spend");
    await spendMoney(w.deps, 600_000);
    expect(await clear(w.deps, text)).toEqual({ veto: "budget" });
    w.clock.at += 24 * hour;
    expect(await clear(w.deps, text)).toHaveProperty("spend");
  });

  const ask = (username: string, method = "sms") => begin(w.deps, { application, username, method, source });

  test("whoever has spent their texts is asked for another method, and is refused only when there is none", async () => {
    w = await world({ kind, settings: { "sms.per-ten-minutes": 2 } });
    await w.person({ username: "ada", phone: phone(1) });
    await w.person({ username: "bob", phone: phone(2), totp: false });
    const asked = [];
    for (let index = 0; index < 3; index++) asked.push(await ask("ada"), await ask("bob"));
    const methods = asked.map((one) => (one.kind === "challenge" ? one.prompt.method : JSON.stringify(one)));
    expect(methods).toEqual(["sms", "sms", "sms", "sms", "totp", expect.stringContaining("throttled")]);
    expect(asked[4]).toMatchObject({ prompt: { others: [] } });
    const [entry] = await w.deps.db.q.selectFrom("log").select(["gate", "result"]).orderBy("seq", "desc").execute();
    expect(entry).toEqual({ gate: "phone budget", result: "FAILED_AUTHENTICATION_THROTTLED" });
  });

  test("a number in a country that is not allowed gets nothing, and nobody is let in for having no other method", async () => {
    w = await world({ kind, settings: { "phone.allowed-countries": ["SE"] } });
    await w.person({ username: "ada", phone: "+12025550123" });
    await w.person({ username: "bob", phone: "+12025550124", totp: false });
    expect(await ask("ada")).toMatchObject({ kind: "challenge", prompt: { method: "totp" } });
    const lenient = { ...application, allowWithoutMethodUntil: Number.MAX_SAFE_INTEGER };
    const refused = await begin(w.deps, { application: lenient, username: "bob", source });
    expect(refused).toMatchObject({ kind: "deny", code: "no_method" });
    expect(await w.deps.db.q.selectFrom("outbox").select("id").execute()).toEqual([]);
    const [entry] = await w.deps.db.q.selectFrom("log").select(["gate", "result"]).orderBy("seq", "desc").execute();
    expect(entry).toEqual({ gate: "phone country", result: "FAILED_SMS_NOT_SENT" });
  });

  test("answered texts use up neither their range of numbers nor their source", async () => {
    w = await world({ kind, settings: { "phone.prefix-per-hour": 2, "phone.source-per-hour": 2 } });
    const from = { ...source, clientIp: "8.8.8.8" };
    const given = [];
    for (let index = 0; index < 6; index++) {
      const username = `user${index}`;
      await w.person({ username, phone: phone(index), totp: false });
      const asked = await begin(w.deps, { application, username, source: from });
      given.push(asked.kind);
      if (asked.kind !== "challenge" || index > 2) continue;
      await expect.poll(() => w.sent.length).toBe(index + 1);
      const answer = { application, challengeId: asked.id, response: w.texted(), source: from };
      expect(await respond(w.deps, answer)).toMatchObject({ kind: "allow" });
    }
    expect(given).toEqual([...Array.from({ length: 5 }, () => "challenge"), "deny"]);
    const sends = await w.deps.db.q.selectFrom("phone_send").select("answered").orderBy("at").execute();
    expect(sends.filter(({ answered }) => answered === 1)).toHaveLength(3);
  });

  test("no number and no address stands in a budget's name", async () => {
    w = await world({ kind });
    const cleared = await clear(w.deps, {
      channel: "sms",
      to: "+46701234567",
      userId: "usr_a",
      source: "8.8.8.8",
    });
    if ("veto" in cleared) throw new Error(cleared.veto);
    await take(w.deps, ...cleared.spend);
    const rows = await w.deps.db.q.selectFrom("throttle").select("id").execute();
    expect(rows).toHaveLength(10);
    expect(JSON.stringify(rows)).not.toMatch(/7012|4567|8\.8/);
  });
});

test("of what three nodes take at once every budget gives exactly what it has, and nobody waits for ever", async () => {
  const w = await world({ kind: "postgres" });
  const nodes = [w.deps, await w.node("node_b"), await w.node("node_c")];
  const budgets = Array.from({ length: 8 }, (_, index) => budget(`b ${index}`, 50 + index));
  const full: (string | undefined)[] = [];
  for (let round = 0; round < 10; round++)
    full.push(
      ...(await Promise.all(
        Array.from({ length: 12 }, (_, index) => {
          // each names them in another order
          const turn = index % budgets.length;
          return take(nodes[index % 3]!, ...budgets.slice(turn), ...budgets.slice(0, turn));
        }),
      )),
    );
  expect(full.filter((id) => id === undefined)).toHaveLength(50);
  const rows = await w.deps.db.q.selectFrom("throttle").select("count").execute();
  expect(rows.map(({ count }) => count)).toEqual(budgets.map(() => 50));
  await w.close();
});

test("500 sign-ins at once over three nodes send exactly as many texts as there may be", async () => {
  const limit = 60;
  const w = await world({
    kind: "postgres",
    settings: { "phone.total-per-minute": limit, "phone.prefix-per-hour": 1000 },
  });
  const nodes = [w.deps, await w.node("node_b"), await w.node("node_c")];
  const people = 100;
  for (let index = 0; index < people; index++)
    await w.person({ username: `user${index}`, phone: phone(index), totp: false });
  const asked = await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      begin(nodes[index % 3]!, { application, username: `user${index % people}`, source }),
    ),
  );
  expect(asked.filter(({ kind }) => kind === "challenge")).toHaveLength(limit);
  expect(asked.filter((one) => one.kind === "deny" && one.code === "throttled")).toHaveLength(500 - limit);
  expect(await w.deps.db.q.selectFrom("outbox").select("id").execute()).toHaveLength(limit);
  await w.close();
});
