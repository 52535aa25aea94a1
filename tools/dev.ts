// npm run dev: the evaluation, started again when a source changes, and the pages built again when one of theirs does.
// Pages come from the server as they do in production, so their security policy holds while developing too.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensurePages } from "./pages.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const start = (args: string[]) =>
  spawn(process.execPath, [...process.execArgv, ...args], { cwd: root, stdio: "inherit" });

ensurePages();
const children = [
  start(["node_modules/vite/bin/vite.js", "build", "web", "--watch", "--logLevel", "warn"]),
  // The server reads the pages when it starts.
  start([
    "--watch-path=src",
    "--watch-path=web/dist",
    "--watch-preserve-output",
    "src/main.ts",
    "serve",
    "--evaluation",
  ]),
];
const stop = () => children.forEach((child) => child.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
for (const child of children) child.once("close", stop);
