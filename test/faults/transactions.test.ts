// What every safeguard stands on: a transaction is there as a whole or not at all, whenever its statements are sent.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds, world, type World } from "../support/world.ts";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  beforeAll(async () => {
    w = await world({ kind });
  });
  afterAll(() => w.close());

  const set = "insert into setting (name, value, changed_at) values (?, '1', 0)";
  const kept = async () => (await w.deps.db.q.selectFrom("setting").select("name").execute()).map(({ name }) => name);
  /** As many turns of the microtask queue. */
  const hop = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  };
  const hops = Array.from({ length: 40 }, (_, count) => count);

  test("nothing stays of one that failed, however late its first statement was sent", async () => {
    for (const relaxed of [true, false])
      for (const count of hops) {
        const failing = w.deps.db.transaction(
          async (run) => {
            await hop(count);
            await run(set, [randomBytes(8).toString("hex")]);
            throw new Error("changed its mind");
          },
          { relaxed },
        );
        await expect(failing).rejects.toThrow("changed its mind");
      }
    expect(await kept()).toEqual([]);
  });

  test("nothing stays of one whose statements went off together and one was refused", async () => {
    for (const count of hops) {
      const name = randomBytes(8).toString("hex");
      const failing = w.deps.db.transaction(async (run) => {
        await run(set, [name]);
        const late = async () => {
          await hop(count);
          return await run(set, [`${name} late`]);
        };
        // the second of a name is refused
        await Promise.all([run(set, [name]), late()]);
      });
      await expect(failing).rejects.toThrow(/unique/i);
    }
    expect(await kept()).toEqual([]);
  });

  test("one whose work goes on after a refused statement is not told that it was committed", async () => {
    const name = randomBytes(8).toString("hex");
    const failing = w.deps.db.transaction(async (run) => {
      await run(set, [name]);
      await run(set, [name]).catch(() => undefined);
    });
    await expect(failing).rejects.toThrow("the commit was not answered");
    expect(await kept()).not.toContain(name);
  });

  test("nothing stays of one that was refused while its commit was on its way", async () => {
    const name = randomBytes(8).toString("hex");
    const failing = w.deps.db.transaction(async (run) => {
      await run(set, [name]);
      await Promise.all([run(set, [name]), run(set, [`${name} too`], "last")]);
    });
    await expect(failing).rejects.toThrow(/unique/i);
    const beyond = w.deps.db.transaction(async (run) => {
      await Promise.all([run("select 1", [], "last"), run(set, [name])]);
    });
    await expect(beyond).rejects.toThrow("the transaction has ended");
    expect(await kept()).toEqual([]);
  });

  test("many at once do not meet in one another's", async () => {
    const wanted = hops.map((count) => `kept ${String(count).padStart(2, "0")}`);
    const all = wanted.flatMap((name, count) =>
      [false, true].map((fails) =>
        w.deps.db.transaction(async (run) => {
          await hop(count);
          await run(set, [fails ? `${name} not` : name]);
          if (fails) throw new Error("changed its mind");
        }),
      ),
    );
    await Promise.allSettled(all);
    expect((await kept()).toSorted()).toEqual(wanted);
  });
});
