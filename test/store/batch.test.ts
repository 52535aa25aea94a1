// One commit for many: who shares it, who waits, and what becomes of neighbours when one goes wrong.
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batched } from "#store/batch.ts";
import { UnknownOutcome } from "#store/open.ts";

type Item = { name: string; key?: string };
const named = (name: string, key?: string): Item => ({ name, ...(key !== undefined && { key }) });
const keyOf = (item: Item) => item.key;
const names = (items: Item[]) => items.map((item) => item.name).join(" ");

/** Runs batches one by one as the test lets them go. */
function held() {
  const started: string[] = [];
  const gates: ReturnType<typeof Promise.withResolvers<void>>[] = [];
  const run = async (items: Item[]) => {
    started.push(names(items));
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return items.map((item) => item.name.toUpperCase());
  };
  return { started, gates, run };
}
const turns = async () => {
  for (let time = 0; time < 5; time++) await turn();
};

describe("a batch", () => {
  test("holds what was asked for in one turn, in its order; each gets its own answer", async () => {
    const { started, gates, run } = held();
    const ask = batched(run, keyOf);
    const answers = Promise.all(["a", "b", "c"].map((name) => ask(named(name))));
    await turns();
    expect(started).toEqual(["a b c"]);
    gates[0]!.resolve();
    expect(await answers).toEqual(["A", "B", "C"]);
  });

  test("is alone: what comes meanwhile is the next one", async () => {
    const { started, gates, run } = held();
    const ask = batched(run, keyOf);
    const first = ask(named("a"));
    await turns();
    const later = [ask(named("b")), ask(named("c"))];
    await turns();
    expect(started).toEqual(["a"]);
    gates[0]!.resolve();
    expect(await first).toBe("A");
    await turns();
    expect(started).toEqual(["a", "b c"]);
    gates[1]!.resolve();
    expect(await Promise.all(later)).toEqual(["B", "C"]);
  });

  test("holds a key once, and those of one key keep their order", async () => {
    const started: string[] = [];
    const ask = batched(async (items: Item[]) => {
      started.push(names(items));
      return items;
    }, keyOf);
    await Promise.all(
      [named("a1", "a"), named("b1", "b"), named("a2", "a"), named("free"), named("a3", "a"), named("b2", "b")].map(
        ask,
      ),
    );
    expect(started).toEqual(["a1 b1 free", "a2 b2", "a3"]);
  });

  test("holds 128 at most", async () => {
    const sizes: number[] = [];
    const ask = batched(async (items: Item[]) => {
      sizes.push(items.length);
      return items;
    }, keyOf);
    await Promise.all(Array.from({ length: 300 }, (_, index) => ask(named(String(index)))));
    expect(sizes).toEqual([128, 128, 44]);
  });

  test("that failed is done again one by one: only what is wrong fails", async () => {
    const started: string[] = [];
    const ask = batched(async (items: Item[]) => {
      started.push(names(items));
      if (items.some((item) => item.name === "bad")) throw new Error(`no: ${names(items)}`);
      return items.map((item) => item.name);
    }, keyOf);
    const ends = await Promise.allSettled(["a", "bad", "b"].map((name) => ask(named(name))));
    expect(ends.map((end) => (end.status === "fulfilled" ? end.value : (end.reason as Error).message))).toEqual([
      "a",
      "no: bad",
      "b",
    ]);
    expect(started).toEqual(["a bad b", "a", "bad", "b"]);
    // and it goes on afterwards
    expect(await ask(named("c"))).toBe("c");
  });

  test("of one that failed is not tried twice", async () => {
    let runs = 0;
    const ask = batched(async () => {
      runs += 1;
      throw new Error("no");
    }, keyOf);
    await expect(ask(named("a"))).rejects.toThrow("no");
    expect(runs).toBe(1);
  });

  test("whose commit was not answered is not done again: it may have happened", async () => {
    const started: string[] = [];
    const ask = batched(async (items: Item[]) => {
      started.push(names(items));
      throw new UnknownOutcome("the commit was not answered");
    }, keyOf);
    const ends = await Promise.allSettled(["a", "b"].map((name) => ask(named(name))));
    for (const end of ends)
      expect(end).toMatchObject({ status: "rejected", reason: expect.any(UnknownOutcome) as unknown });
    expect(started).toEqual(["a b"]);
  });

  test("whose commit is not answered when it is done again fails what it held, and the rest goes on", async () => {
    const ask = batched(async (items: Item[]) => {
      if (items.length > 1) throw new Error("together they fail");
      if (items[0]!.name === "a") throw new UnknownOutcome("the commit was not answered");
      return items.map((item) => item.name);
    }, keyOf);
    const ends = await Promise.allSettled(["a", "b"].map((name) => ask(named(name))));
    expect(ends.map((end) => end.status)).toEqual(["rejected", "fulfilled"]);
  });

  test("has a bounded queue before it: beyond it the answer is busy, at once (R-133)", async () => {
    const { gates, run } = held();
    const ask = batched(run, keyOf);
    const waiting = Array.from({ length: 16_384 }, (_, index) => ask(named(String(index))));
    await expect(ask(named("one more"))).rejects.toMatchObject({ code: "busy" });
    await turns();
    // 128 are under way now, so there is room again
    const again = ask(named("again"));
    for (let batch = 0; batch <= 16_384 / 128; batch++) {
      gates[batch]!.resolve();
      await turns();
    }
    expect(await again).toBe("AGAIN");
    expect((await Promise.all(waiting)).length).toBe(16_384);
  });
});

test("whatever is asked when: everyone gets their own answer, once, and no key meets itself", async () => {
  const items = fc.array(fc.record({ key: fc.option(fc.constantFrom("a", "b", "c")), wait: fc.nat(3) }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(items, async (list) => {
      let underWay = 0;
      const ran: string[] = [];
      const ask = batched(async (batch: Item[]) => {
        expect((underWay += 1)).toBe(1);
        const keys = batch.flatMap((item) => item.key ?? []);
        expect(new Set(keys).size).toBe(keys.length);
        ran.push(...batch.map((item) => item.name));
        await turn();
        underWay -= 1;
        return batch.map((item) => `${item.name}!`);
      }, keyOf);
      const answers = [];
      for (const [index, { key, wait }] of list.entries()) {
        answers.push(ask(named(String(index), key ?? undefined)));
        for (let time = 0; time < wait; time++) await turn();
      }
      expect(await Promise.all(answers)).toEqual(list.map((_, index) => `${index}!`));
      expect(ran.toSorted()).toEqual(list.map((_, index) => String(index)).toSorted());
    }),
    { numRuns: 50 },
  );
});
