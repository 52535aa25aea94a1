import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, remove, run, startProcess, tempFolder, waitUntil } from "./process.ts";

const node = (script: string) => ["--input-type=module", "-e", script];
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("a child that ignores TERM is killed when its grace is over", async () => {
  const child = startProcess(
    process.execPath,
    node("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"),
  );
  await child.waitForOutput(/up/);
  expect(await child.stop({ graceMs: 50 })).toEqual({ code: null, signal: "SIGKILL" });
  expect(alive(child.pid)).toBe(false);
});

test("waiting for a line fails with what was said when the child ends first", async () => {
  const child = startProcess(process.execPath, node("console.error('no room'); process.exitCode = 3"));
  await expect(child.waitForOutput(/ready/)).rejects.toThrow("no room");
  expect(await child.exited).toEqual({ code: 3, signal: null });
});

test("a program that does not exist is an end like any other", async () => {
  expect(await run("/nowhere/at/all", [])).toMatchObject({
    code: null,
    output: expect.stringContaining("ENOENT"),
  });
});

test("waiting for what never comes says what it waited for", async () => {
  await expect(waitUntil("snow", () => false, { timeoutMs: 20 })).rejects.toThrow("snow");
});

test("two free ports asked for at once differ", async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  expect(new Set(ports).size).toBe(3);
});

test.each(["process.exit(1)", "throw new Error('a failing test')", "process.kill(process.pid, 'SIGTERM')"])(
  "children and folders are gone after %s",
  async (end) => {
    const here = tempFolder("process-test");
    const script = join(here, "start.mts");
    writeFileSync(
      script,
      `import { startProcess, tempFolder } from ${JSON.stringify(new URL("process.ts", import.meta.url).href)};
       const child = startProcess("sleep", ["600"]);
       process.stdout.write(JSON.stringify({ pid: child.pid, folder: tempFolder("inner") }), () => { ${end} });
       setInterval(() => {}, 1000);`,
    );
    const { stdout } = await run(process.execPath, [script]);
    const { pid, folder } = JSON.parse(stdout) as { pid: number; folder: string };
    await waitUntil("the grandchild to be gone", () => !alive(pid));
    expect(existsSync(folder)).toBe(false);
    remove(here);
  },
);
