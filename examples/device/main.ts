/**
 * A device on the command line:
 *
 *   node examples/device/main.ts FILE activate LINK [--url URL]
 *   node examples/device/main.ts FILE requests | watch | code | forget
 *   node examples/device/main.ts FILE approve [NUMBER] [--pin PIN] | deny | not-me
 *
 * FILE keeps the key and the seed of the codes, for its owner alone.
 */

import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { activate, codeNow, decide, events, look, Problem, send, type Kept, type Said } from "./device.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: "string" }, pin: { type: "string" } },
});
const [file = "", verb = "", argument] = positionals;
const say = (line: string) => void process.stdout.write(`${line}\n`);

function keep(kept: Kept): void {
  if (existsSync(file)) throw new Error(`${file} is there already`);
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  chmodSync(file, 0o600);
}
const read = () => JSON.parse(readFileSync(file, "utf8")) as Kept;

async function answer(said: Said): Promise<void> {
  const kept = read();
  const { requests } = await look(kept);
  const [request] = requests;
  if (!request) throw new Error("nothing waits for an answer");
  const { result, rule } = await decide(kept, request, said);
  say([result, rule].filter(Boolean).join(" "));
  if (!["approved", "denied", "reported"].includes(result)) process.exitCode = 1;
}

const verbs: Record<string, () => Promise<void> | void> = {
  activate: async () => {
    const kept = await activate({ link: argument ?? "" }, { url: values.url });
    keep(kept);
    say(`${kept.deviceId} is bound to ${kept.account.username} at ${kept.account.organisation}.`);
  },
  requests: async () => {
    for (const { id, application, address, at, mode } of (await look(read())).requests)
      say([id, application, address, new Date(at).toISOString(), mode].join("  "));
  },
  watch: async () => {
    for await (const { event, id, how } of events(read())) say([event, id, how].filter(Boolean).join("  "));
  },
  code: () => say(codeNow(read())),
  approve: async () => {
    const { pin } = values;
    await answer({
      decision: "approve",
      ...(argument !== undefined && { number: argument }),
      ...(pin !== undefined && { pin }),
    });
  },
  deny: async () => await answer({ decision: "deny" }),
  "not-me": async () => await answer({ decision: "not_me" }),
  forget: async () => void (await send(read(), "/", { method: "DELETE" })),
};

try {
  const act = verbs[verb];
  if (!act) throw new Error(`which of ${Object.keys(verbs).join(", ")}?`);
  await act();
} catch (error) {
  process.stderr.write(`${error instanceof Problem ? `${error.code}: ` : ""}${(error as Error).message}\n`);
  process.exitCode = 1;
}
