// whoever signs in while tokens are imported waits for one turn of the event loop at most. The bench measures waiting itself,
// on a quiet machine.
import { afterEach, expect, test } from "vitest";
import { importTokens, type TokenImportOptions } from "#actions/token-import.ts";
import { csvParts, pskcParts, transportKey } from "../../bench/token-files.ts";
import { turnsOf } from "../support/turns.ts";
import { world, type World } from "../support/world.ts";

const tokens = 2000;
let here: World;
afterEach(() => here.close());

test.each<[string, () => Generator<string>, TokenImportOptions]>([
  ["PSKC", () => pskcParts(tokens), { keyHex: transportKey.toString("hex") }],
  ["CSV", () => csvParts(tokens), {}],
])("while tokens are imported from %s no turn takes 100 ms of processor time", async (_, parts, options) => {
  here = await world();
  // in one piece, as a slow disk's read-ahead or a fast network may hand it over
  const whole = Buffer.from([...parts()].join(""));
  async function* file() {
    yield whole;
  }
  const work = importTokens(here.deps, "cli", { file: file(), progress: () => undefined, options });
  const [longest, ...more] = await turnsOf(work);
  expect(await work).toMatchObject({ accepted: tokens });
  expect(more.length).toBeGreaterThan(tokens / 50);
  expect(longest).toBeLessThan(100);
});
