import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("the last lines of a process that ends itself are written, in their order", () => {
  const logging = new URL("logging.ts", import.meta.url).href;
  const work = `const log = (await import(${JSON.stringify(logging)})).openLogger("info");
    for (const line of ["one", "two", "three"]) log.error(line);
    process.exit(0);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", work], { encoding: "utf8" });
  expect([...output.matchAll(/"msg":"(\w+)"/g)].map(([, line]) => line)).toEqual(["one", "two", "three"]);
});
