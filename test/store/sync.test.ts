// SQLite: what is acknowledged was synced, also right after a commit that was not (R-274, F-01).
import { CompiledQuery } from "kysely";
import { expect, test } from "vitest";
import { world } from "../support/world.ts";

test("after a commit without a sync of its own the next write has one again", async () => {
  const w = await world();
  const synchronous = async () =>
    (await w.deps.db.q.executeQuery<{ synchronous: number }>(CompiledQuery.raw("pragma synchronous"))).rows[0]!
      .synchronous;
  const full = 2;
  expect(await synchronous()).toBe(full);
  await w.deps.db.transaction(async (run) => await run("select 1 as one", []), { relaxed: true });
  expect(await synchronous()).toBe(full);
  await w.deps.db
    .transaction(async () => await Promise.reject(new Error("no")), { relaxed: true })
    .catch(() => undefined);
  expect(await synchronous()).toBe(full);
  await w.close();
});
