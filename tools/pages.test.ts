import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pagesAreStale } from "./pages.ts";

test("pages are stale when there are none or a source at any depth is newer", () => {
  const web = mkdtempSync(join(tmpdir(), "countersign-pages-"));
  onTestFinished(() => rmSync(web, { recursive: true }));
  const write = (file: string, seconds: number) => {
    mkdirSync(join(web, file, ".."), { recursive: true });
    writeFileSync(join(web, file), "");
    for (const path of [file, join(file, ".."), join(file, "../..")]) utimesSync(join(web, path), seconds, seconds);
  };
  write("phone/words/en.json", 1000);
  utimesSync(join(web, "phone"), 1000, 1000);
  expect(pagesAreStale(web)).toBe(true);
  write("dist/phone/index.html", 2000);
  write("node_modules/a/b", 3000);
  expect(pagesAreStale(web)).toBe(false);
  write("phone/words/en.json", 2001);
  expect(pagesAreStale(web)).toBe(true);
});
