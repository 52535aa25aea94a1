// `npm run bench [name…]`: runs the named benches one after the other (without names, all but `radius-peers`). Standard
// output gets one line of JSON for each, standard error a sentence. Ends with 1 when a bench could not be believed.
import { availableParallelism, loadavg } from "node:os";
import { ensureDebian } from "../tools/debian.ts";
import { memory } from "./memory.ts";
import { pending } from "./pending.ts";
import { radius, radiusPeers } from "./radius.ts";
import { rest } from "./rest.ts";
import type { Bench } from "./result.ts";
import { settlePostgres } from "./settle-postgres.ts";
import { signInPages } from "./sign-in-pages.ts";
import { start } from "./start.ts";
import { tokenImport } from "./token-import.ts";

const benches: Record<string, Bench> = {
  radius,
  rest,
  "settle-postgres": settlePostgres,
  "sign-in-pages": signInPages,
  start,
  memory,
  pending,
  "token-import": tokenImport,
  "radius-peers": radiusPeers,
};
const byDefault = ["radius", "rest", "settle-postgres", "sign-in-pages", "start", "memory", "pending", "token-import"];

const asked = process.argv.length > 2 ? process.argv.slice(2) : byDefault;
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(", ")}. There are: ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}
ensureDebian();

for (const name of asked) {
  // Taken first: it says who else used the machine, which is the first thing to ask of a strange figure.
  const machine = { cores: availableParallelism(), loadBefore: loadavg()[0], node: process.version };
  try {
    const { figures, sentence, invalid } = await benches[name]!();
    console.log(
      JSON.stringify({
        bench: name,
        at: new Date().toISOString(),
        machine,
        ...figures,
        ...(invalid && { invalid }),
      }),
    );
    console.error(invalid === undefined ? sentence : `${sentence} DOES NOT COUNT: ${invalid}.`);
    if (invalid !== undefined) process.exitCode = 1;
  } catch (error) {
    console.log(JSON.stringify({ bench: name, machine, error: String(error).split("\n")[0] }));
    console.error(error);
    process.exitCode = 1;
  }
}
