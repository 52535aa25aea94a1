// Two transactions that wait for each other: PostgreSQL undoes one of them, and whoever asked does not notice.
import { afterAll, beforeAll, expect, test } from "vitest";
import { changed } from "#actions/change.ts";
import { verifyLog } from "#actions/log-verify.ts";
import type { Run } from "#store/open.ts";
import { write } from "../support/log.ts";
import { world, type World } from "../support/world.ts";

let w: World;
let nodes: World["deps"][];
beforeAll(async () => {
  w = await world({ kind: "postgres" });
  nodes = [w.deps, await w.node("node_b")];
});
afterAll(() => w.close());

/** Everybody goes on once so many are here; who comes later goes on at once. */
function meeting(size: number) {
  const all = Promise.withResolvers<void>();
  let here = 0;
  return async () => {
    here += 1;
    if (here === size) all.resolve();
    await all.promise;
  };
}

const add = "insert into setting (name, value, changed_at) values (?, '0', 0)";
const raise = "update setting set changed_at = changed_at + 1 where name = ?";
const counts = async () =>
  (await w.deps.db.q.selectFrom("setting").select("changed_at").orderBy("name").execute()).map((row) => row.changed_at);

/** Takes both rows, the second once both of us have the first; says how often it was begun. */
function crosswise(pair: [string, string]) {
  const meet = meeting(2);
  let begun = 0;
  const take =
    ([first, second]: [string, string]) =>
    async (run: Run) => {
      begun += 1;
      // PostgreSQL would look for what waits for each other after a second
      await run("set local deadlock_timeout = '10ms'", []);
      await run(raise, [first]);
      await meet();
      await run(raise, [second]);
    };
  return { one: take(pair), other: take([pair[1], pair[0]]), begun: () => begun };
}

test("of two that wait for each other both are done, each once", async () => {
  await w.deps.db.transaction(async (run) => {
    for (const name of ["a", "b"]) await run(add, [name]);
  });
  const { one, other, begun } = crosswise(["a", "b"]);
  await Promise.all([nodes[0]!.db.transaction(one), nodes[1]!.db.transaction(other, { relaxed: true })]);
  expect(await counts()).toEqual([2, 2]);
  expect(begun()).toBe(3);
});

test("so are their entries, and neither chain has a gap", async () => {
  const before = await counts();
  const { one, other, begun } = crosswise(["a", "b"]);
  await Promise.all(
    [one, other].map(async (work, index) => {
      await changed(nodes[index]!, "cli", async (run) => {
        await work(run);
        return { value: undefined, result: "SETTING_CHANGED" };
      });
      await write(nodes[index]!, 1);
    }),
  );
  expect(await counts()).toEqual(before.map((count) => count + 2));
  expect(begun()).toBe(3);
  const { ok, chains } = await verifyLog(w.deps, {});
  expect({ ok, rows: chains.map(({ rows }) => rows) }).toEqual({ ok: true, rows: [2, 2] });
});

test.each(["40P01", "40001"])("one that is undone with %s each time is given up, and leaves nothing", async (code) => {
  const before = await counts();
  let begun = 0;
  const failing = w.deps.db.transaction(async (run) => {
    begun += 1;
    await run(raise, ["a"]);
    await run(`do $$ begin raise exception using errcode = '${code}'; end $$`, []);
  });
  await expect(failing).rejects.toMatchObject({ code });
  expect(begun).toBe(3);
  expect(await counts()).toEqual(before);
});

test("what another error has undone is not begun again", async () => {
  let begun = 0;
  const failing = w.deps.db.transaction(async (run) => {
    begun += 1;
    await run(add, ["a"]);
  });
  await expect(failing).rejects.toMatchObject({ code: "23505" });
  expect(begun).toBe(1);
});
