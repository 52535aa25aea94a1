// npm run test:e2e [Playwright's arguments]: the browser tests, in place of this process and without its flags, because
// Playwright writes to __proto__. The servers that the tests start have them.
import { fileURLToPath } from "node:url";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const cli = [root("node_modules/@playwright/test/cli.js"), "test", "--config", root("test/e2e/playwright.config.ts")];

process.execve!(process.execPath, [process.execPath, ...cli, ...process.argv.slice(2)]);
