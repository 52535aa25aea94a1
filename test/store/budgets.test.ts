// whatever is asked for at once, on however many nodes, no budget gives more than it has.
import { afterEach, describe, expect, test } from "vitest";
import { clear, spendMoney } from "#actions/outgoing.ts";
import type { Deps } from "#actions/deps.ts";
import { takeEach, type Budget } from "#store/throttle.ts";
import { kinds, world, type World } from "../support/world.ts";

const hour = 3_600_000;
const budget = (id: string, limit: number): Budget => ({ id, limit, windowMs: hour });
const take = async (deps: Deps, ...budgets: Budget[]) =>
  await deps.db.transaction(async (run) => (await takeEach(run, [{ at: deps.clock.now(), budgets }]))[0]?.id);

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
    const text = { channel: "text", to: "+46701234567", userId: "usr_a" } as const;
    await spendMoney(w.deps, 600_000);
    expect(await clear(w.deps, text)).toHaveProperty("spend");
    await spendMoney(w.deps, 600_000);
    expect(await clear(w.deps, text)).toEqual({ veto: "budget" });
    w.clock.at += 24 * hour;
    expect(await clear(w.deps, text)).toHaveProperty("spend");
  });

  test("no number and no address stands in a budget's name", async () => {
    w = await world({ kind });
    const cleared = await clear(w.deps, {
      channel: "text",
      to: "+46701234567",
      userId: "usr_a",
      source: "8.8.8.8",
    });
    if ("veto" in cleared) throw new Error(cleared.veto);
    await take(w.deps, ...cleared.spend);
    const rows = await w.deps.db.q.selectFrom("throttle").select("id").execute();
    expect(rows).toHaveLength(11);
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
