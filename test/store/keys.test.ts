// how much a key may seal, told before it is reached and held to while the server runs.
import { afterEach, describe, expect, test } from "vitest";
import { health } from "../../src/health.ts";
import { kinds, world, type World } from "../support/world.ts";

const limit = 2 ** 32;
const block = 4096;

describe.each(kinds)("a data key, on %s,", (kind) => {
  let w: World;
  afterEach(() => w.close());
  const sealed = async (seals: number) =>
    void (await w.deps.db.q.updateTable("data_key").set({ seals }).where("purpose", "=", "pin").execute());
  test("seals no more than it may, and the log and the health say so before", async () => {
    w = await world({ kind });
    const { keys } = w.deps;
    const place = { table: "person", column: "pin", row: "usr_a" };
    const seal = () => keys.seal("pin", Buffer.from("1234"), place);
    const state = health(w.deps, () => 0);
    await state.check();
    expect(state.reasons()).toEqual([]);

    // what other nodes have sealed is heard with the next block
    await sealed((limit / 8) * 7);
    seal();
    await expect.poll(() => keys.worn()).toEqual(["pin"]);
    await state.check();
    await state.check();
    expect([state.ready(), state.reasons()]).toEqual([true, ["key_use"]]);
    expect(w.logged.filter(({ fields }) => (fields as { purpose?: string }).purpose === "pin")).toHaveLength(1);

    await sealed(limit);
    const before = seal();
    await expect
      .poll(() => {
        try {
          for (let count = 0; count < block; count += 1) seal();
          return "";
        } catch (error) {
          return (error as Error).message;
        }
      })
      .toMatch(/sealed too many values/);
    expect(seal).toThrow(/sealed too many values/);
    // what it has sealed opens, and other keys go on
    expect(keys.unseal("pin", before, place).toString()).toBe("1234");
    keys.seal("number", Buffer.from("1"), place);
    await expect(w.node("node_b")).rejects.toThrow(/sealed too many values/);
  });

  test("of a purpose that is no more is left where it is", async () => {
    w = await world({ kind });
    const { q } = w.deps.db;
    const { wrapped } = await q
      .selectFrom("data_key")
      .select("wrapped")
      .where("purpose", "=", "pin")
      .executeTakeFirstOrThrow();
    const place = (row: string) => ({ table: "data_key", column: "wrapped", row });
    const { seal, unseal } = await import("#core/crypto/seal.ts");
    const master = Buffer.alloc(32, 7);
    const key = unseal(wrapped, place("pin"), () => master);
    const row = { id: "key_decoy_1", purpose: "decoy", version: 1, seals: 0, created_at: w.clock.at };
    await q
      .insertInto("data_key")
      .values({ ...row, wrapped: seal(key, place("decoy"), { version: 1, key: master }) })
      .execute();
    expect((await w.node("node_b")).keys.mac("pin", "a")).toEqual(w.deps.keys.mac("pin", "a"));
  });
});
