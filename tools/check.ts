// Format, lint, types and layers of the whole tree, both at once: the check to run after every change.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Collected and printed in one piece, so that two tools do not write into each other. */
function run(name: string, args: string[]): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const child = spawn(process.execPath, [`node_modules/.bin/${name}`, ...args], { cwd: root });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
  child.once("error", reject);
  child.once("close", (code) => {
    // With CI set these colour even a pipe, whatever NO_COLOR says.
    if (code !== 0) console.log(`${name}:\n${stripVTControlCharacters(Buffer.concat(output).toString())}`);
    resolve(code === 0);
  });
  return promise;
}

const clean = await Promise.all([run("oxfmt", ["--check"]), run("oxlint", ["--type-aware", "--type-check"])]);
process.exitCode = clean.every(Boolean) ? 0 : 1;
