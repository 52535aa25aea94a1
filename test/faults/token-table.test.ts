// messy tables by chance. `npm run torture token-table` does it with 100,000 rows and looks at the memory too.
import { randomInt } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { world, type World } from "../support/world.ts";
import { compareOn, messyTable, readSimply } from "./token-table.ts";

let here: World;
afterEach(() => here.close());

test("of 5,000 messy rows each has its verdict, its line, and the octets that another reader finds", async () => {
  here = await world();
  const seed = randomInt(2 ** 31);
  const table = messyTable(seed, 5000);
  const kinds = readSimply(table).map(({ token }) => token !== undefined);
  expect(kinds.filter(Boolean).length).toBeGreaterThan(2000);
  expect(kinds.filter((is) => !is).length).toBeGreaterThan(1000);
  expect({ seed, wrong: await compareOn(here.deps, table) }).toEqual({ seed, wrong: [] });
});
