// Logins go on while people are imported. `npm run torture` does it with 100,000 of them and prints the figures.
import { afterAll, beforeAll, expect, test } from "vitest";
import { importUnderLoad } from "./import-load.ts";
import { addVpn, importPeople, makeNode, type Node } from "./node.ts";

const settled = 500;
let node: Node;
beforeAll(async () => {
  node = await makeNode();
  await importPeople(node, settled);
  await addVpn(node);
  await node.start();
});
afterAll(() => node.kill());

test("5,000 people are imported while others sign in without noticing", async () => {
  const seen = await importUnderLoad(node, { settled, people: 5000, loginEveryMs: 20 });
  console.log(JSON.stringify(seen));
  expect(seen.logins).toBeGreaterThan(10);
  expect(seen.accepted).toBe(seen.logins);
  // the figure itself is measured by torture, where nothing else runs; here nobody may have waited for the import
  expect(seen.p99Ms).toBeLessThan(1500);
  expect(seen.grownMb).toBeLessThan(300);
});
