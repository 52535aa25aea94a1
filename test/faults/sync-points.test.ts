// F-01: killed at every sync to disk of a login and of both imports.
import { beforeAll, expect, test } from "vitest";
import { everyPoint, firstStart, openScenarios, whyNoTracing } from "./sync-points.ts";

const missing = whyNoTracing();
let scenarios: Awaited<ReturnType<typeof openScenarios>>;
beforeAll(async () => {
  if (missing === undefined) scenarios = await openScenarios();
});

test.for([
  ["login", "it has granted once or not at all"],
  ["import", "it has taken everybody or nobody"],
  ["tokens", "it has taken all or none (F-59)"],
] as const)("killed at any sync of %s, %s", { timeout: 300_000 }, async ([name], context) => {
  if (missing !== undefined) return context.skip(missing);
  const points = await everyPoint(scenarios[name]);
  const killed = points.filter((point) => point.killed);
  console.log(`${name}: killed at each of ${killed.length} syncs`);
  expect(points.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(killed.filter(({ acknowledged }) => !acknowledged).length).toBeGreaterThan(1);
  // or the run that was not killed proves nothing
  expect(points.filter((point) => !point.killed && !point.acknowledged)).toEqual([]);
});

test("the master key and its name are on the disk before anything that it opens", async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const synced = await firstStart();
  const key = synced.indexOf("master.key");
  expect(key).toBeGreaterThan(-1);
  expect(synced[key + 1]).toBe("data");
  expect(synced.slice(key + 2)).toContain("countersign.db-wal");
});
