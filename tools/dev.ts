// npm run dev: the evaluation, started again when a source changes, and the pages built again when one of theirs does.
// Pages come from the server as they do in production, so their security policy holds while developing too.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const start = (args: string[]) =>
  spawn(process.execPath, [...process.execArgv, ...args], { cwd: root, stdio: "inherit" });

const children = [
  start(["node_modules/vite/bin/vite.js", "build", "web", "--watch", "--logLevel", "warn"]),
  start(["--watch", "--watch-preserve-output", "src/main.ts", "serve", "--evaluation"]),
];
const stop = () => children.forEach((child) => child.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
for (const child of children) child.once("close", stop);
