// F-01: killed at its syncs. `npm run torture` goes through all of them; here the last ones, which commit, and some before.
import { beforeAll, expect, test } from "vitest";
import { openScenarios, type Scenario, whyNoTracing } from "./sync-points.ts";

const missing = whyNoTracing();
let scenarios: Awaited<ReturnType<typeof openScenarios>>;
beforeAll(async () => {
  if (missing === undefined) scenarios = await openScenarios();
});

async function someOf({ run, total }: Scenario, most: number) {
  const all = await total();
  const last = Array.from({ length: Math.min(all, most) }, (_, index) => all - index);
  const early = [1, Math.ceil(all / 3)].filter((count) => !last.includes(count));
  const points = [];
  for (const count of [...early, ...last.toReversed()]) points.push(await run(count));
  console.log(
    `${all} syncs; killed at ${points
      .filter(({ killed }) => killed)
      .map(({ count }) => count)
      .join(", ")}`,
  );
  return points;
}

test("killed at a sync of a login, it has granted once or not at all", async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const points = await someOf(scenarios.login, 6);
  expect(points.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(points.some(({ killed, acknowledged }) => killed && !acknowledged)).toBe(true);
});

test("killed at a sync of an import, it has taken everybody or nobody", async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const points = await someOf(scenarios.import, 5);
  expect(points.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(points.some(({ killed, acknowledged }) => killed && !acknowledged)).toBe(true);
});

test(
  "killed at a sync of an import of tokens, it has taken all or none (F-59)",
  { timeout: 300_000 },
  async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const points = await someOf(scenarios.tokens, 3);
    expect(points.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(points.some(({ killed, acknowledged }) => killed && !acknowledged)).toBe(true);
  },
);
