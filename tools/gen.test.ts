import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("what is generated is what the sources say now", { timeout: 60_000 }, () => {
  const gen = fileURLToPath(new URL("gen.ts", import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [gen, "--check"], { encoding: "utf8" });
  expect([stdout + stderr, status]).toEqual(["", 0]);
});
