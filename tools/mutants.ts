// npm run mutants [-- WORD…]: each patch in tools/mutants/ (whose name has a word) breaks one safeguard, and a test must notice.
// Its first line names who:
//   # breaks: <vitest project> <test file>
// The tests must pass without the patch, or their failing with it would prove nothing; a patch that no longer applies is
// an error, since what it broke has moved and is unproven.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

type Report = { testResults: { assertionResults: { status: string; fullName: string }[] }[] };

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "countersign-mutants-"));

function git(args: string[], cwd: string) {
  return spawnSync("git", args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });
}

/** The tree as it is, uncommitted changes too, without history: nothing here can touch the working tree. */
function copyTree() {
  const { stdout } = git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], root);
  for (const file of stdout.split("\0").filter(Boolean)) cpSync(join(root, file), join(copy, file), { force: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}

/** The names of the tests that failed; undefined when the run ended without a report of any test. */
function failedTests(project: string, file: string): string[] | undefined {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const args = ["run", "--project", project, file, "--reporter=json", `--outputFile=${report}`];
  spawnSync(process.execPath, [...process.execArgv, "node_modules/vitest/vitest.mjs", ...args], {
    cwd: copy,
  });
  const found = globSync(report).length > 0 ? (JSON.parse(readFileSync(report, "utf8")) as Report) : undefined;
  const tests = found?.testResults.flatMap((result) => result.assertionResults) ?? [];
  if (tests.length === 0) return undefined;
  return tests.filter((test) => test.status === "failed").map((test) => test.fullName);
}

/** The test that noticed, or why the patch proves nothing. */
function tryPatch(patch: string): { noticed: string } | { wrong: string } {
  const [, project, file] = /^# breaks: (\S+) (\S+)$/m.exec(readFileSync(patch, "utf8")) ?? [];
  if (project === undefined || file === undefined)
    return { wrong: "its first line does not say `# breaks: <project> <test file>`" };
  const before = failedTests(project, file);
  if (before?.length !== 0) return { wrong: `${file} does not pass without it: ${before?.[0] ?? "it did not run"}` };
  if (git(["apply", patch], copy).status !== 0) return { wrong: "it no longer applies" };
  const failed = failedTests(project, file);
  git(["apply", "--reverse", patch], copy);
  if (failed === undefined) return { wrong: `${file} did not run with it` };
  return failed[0] === undefined ? { wrong: `no test in ${file} failed` } : { noticed: failed[0] };
}

const words = process.argv.slice(2);
const isAsked = (patch: string) => words.length === 0 || words.some((word) => basename(patch).includes(word));
const patches = globSync(join(root, "tools/mutants/*.patch")).filter(isAsked).sort();
copyTree();
let wrong = patches.length === 0 ? 1 : 0;
for (const patch of patches) {
  const verdict = tryPatch(patch);
  if ("wrong" in verdict) wrong += 1;
  console.log(
    "wrong" in verdict
      ? `✗ ${basename(patch)}: ${verdict.wrong}`
      : `✓ ${basename(patch)}: noticed by "${verdict.noticed}"`,
  );
}
rmSync(copy, { recursive: true, force: true });
console.log(`${patches.length} patches, ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
