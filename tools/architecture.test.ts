// What ARCHITECTURE.md promises about the way of an Access-Request holds: seven files, a thousand lines, all there.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");

test("an Access-Request passes at most seven files, and they hold at most 1,000 lines", () => {
  const section = /## An Access-Request, file by file(.*?)```/s.exec(read("ARCHITECTURE.md"))![1]!;
  const files = [...section.matchAll(/^\d\. `([^`]+)`/gm)].map((match) => match[1]!);
  expect(files.length).toBeGreaterThan(3);
  expect(files.length).toBeLessThanOrEqual(7);
  const lines = files.reduce((sum, file) => sum + read(file).split("\n").length - 1, 0);
  expect(lines).toBeLessThanOrEqual(1000);
});
