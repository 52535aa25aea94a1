import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../test/support/process.ts";
import { appendLine, runJobs, type Job } from "./jobs.ts";

test("a job that goes by the clock waits until this node is ready, and then not until its next turn", async () => {
  const ran: string[] = [];
  const ending = new AbortController();
  let ready = false;
  const health = async () => {
    ran.push("health");
    // the clock is set right
    if (ran.length === 4) ready = true;
  };
  const retention = async () => {
    ran.push("retention");
    ending.abort();
  };
  const list: Job[] = [
    { name: "retention", everyMs: 3_600_000, run: retention },
    { name: "health", everyMs: 1000, run: health, always: true },
  ];
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    // or a job that never comes would be waited for for ever
    if (slept.push(ms) > 100) ending.abort();
  };
  const said = () => undefined;
  const log = { debug: said, info: said, warn: said, error: said };
  const clock = { now: () => 0, after: () => said, sleep };
  await runJobs({ clock, log }, list, { ready: () => ready, signal: ending.signal });
  expect(ran.slice(0, 4)).toEqual(["health", "health", "health", "health"]);
  expect(ran.filter((name) => name === "retention")).toHaveLength(1);
  expect(new Set(slept)).toEqual(new Set([1000, 3_600_000]));
});

test("what was left of an anchor's line that could not be finished does not spoil the next", () => {
  const path = join(tempFolder("anchors"), "anchors.log");
  appendLine(path, "one");
  appendLine(path, "two");
  writeFileSync(path, `${readFileSync(path, "utf8")}{"at":17`);
  appendLine(path, "three");
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
