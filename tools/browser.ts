// Runs a file that drives a browser in place of this process, without its flags: Playwright writes to __proto__. The servers
// that such a file starts have them.
//   node tools/run.mjs tools/browser.ts FILE [arguments]
process.execve!(process.execPath, [process.execPath, ...process.argv.slice(2)]);
