// Whoever signs in while the log is verified waits for one turn of the event loop at most, however many anchors are given.
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { proven } from "#actions/anchors.ts";
import { verifyLog } from "#actions/log-verify.ts";
import { write } from "../support/log.ts";
import { turnsOf } from "../support/turns.ts";
import { world, type World } from "../support/world.ts";

// every five minutes for a year
const lines = 105_120;
let here: World;
afterEach(() => here.close());

test.each<[string, number, string]>([
  ["before the first entry, as retention leaves them", lines, "node_a"],
  ["behind the last entry, as of a log that was cut off", 0, "node_a"],
  ["of a chain that is missing", 0, "node_b"],
])("a year's anchors %s: no turn takes 100 ms of processor time", async (_, before, node) => {
  here = await world();
  const { deps } = here;
  await deps.db.q.updateTable("node").set({ seq: before }).execute();
  await write(deps, 10);
  const place = { at: deps.clock.now(), node, mac: "0".repeat(64) };
  const anchors = Array.from({ length: lines }, (_one, index) => proven(deps, "anchor", { ...place, seq: index + 1 }));
  const file = anchors.join("\n");
  // its first turn counts too
  const work = setImmediate().then(async () => await verifyLog(deps, { anchors: file }));
  const [longest] = await turnsOf(work);
  expect((await work).anchors).toMatchObject({ read: lines, refused: [] });
  expect(longest).toBeLessThan(100);
});
