#!/usr/bin/env node
// The countersign command in a checkout (`npx countersign …`): the same start as npm's scripts, from any folder.
process.argv.splice(2, 0, "src/main.ts");
await import("../tools/run.mjs");
