// 50,000 tokens from an encrypted PSKC document, and from a table, into the running server: how long it takes, how much
// memory, how long anybody else had to wait meanwhile (R-079: under 100 ms), seen from outside by requests to the server.
import { openSync, statSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeProduct, residentMb, type Product } from "./product.ts";
import type { Result } from "./result.ts";
import { csvParts, pskcParts, transportKey } from "./token-files.ts";

const tokens = 50_000;
const limits = { seconds: 20, waitMs: 100, grownMb: 250 };

type Imported = { seconds: number; fileMb: number; grownMb: number; worstWaitMs: number; accepted: number };

export async function tokenImport(): Promise<Result> {
  const pskc = await importInto({ name: "tokens.xml", parts: pskcParts(tokens), key: true });
  const csv = await importInto({ name: "tokens.csv", parts: csvParts(tokens), key: false });
  const over = (one: Imported) =>
    one.accepted !== tokens ||
    one.seconds > limits.seconds ||
    one.worstWaitMs > limits.waitMs ||
    one.grownMb > limits.grownMb;
  const told = (name: string, { seconds, fileMb, grownMb, worstWaitMs }: Imported) =>
    `${name} (${fileMb} MB) in ${seconds} s, ${grownMb} MB more memory, nobody waited over ${worstWaitMs} ms`;
  return {
    figures: { tokens, pskc, csv },
    sentence: `Token import: ${tokens} from ${told("PSKC", pskc)}; ${told("CSV", csv)}.`,
    ...([pskc, csv].some(over) && { invalid: "a limit is passed, or not every token came" }),
  };
}

type File = { name: string; parts: Generator<string>; key: boolean };

async function importInto({ name, parts, key }: File): Promise<Imported> {
  const product = await makeProduct(1);
  try {
    const path = join(product.folder, name);
    const file = openSync(path, "w");
    for (const part of parts) writeSync(file, part);
    closeSync(file);
    const keyFile = join(product.folder, "key");
    writeFileSync(keyFile, transportKey.toString("hex"));
    const { pid } = await product.serve();
    const before = residentMb(pid);
    const stop = new AbortController();
    const watched = watch(product, { pid, signal: stop.signal });
    const begin = performance.now();
    const options = key ? ["--key-hex-file", keyFile] : [];
    const { accepted } = JSON.parse(await product.cli("token", "import", path, "--json", ...options)) as {
      accepted: number;
    };
    const seconds = Math.round((performance.now() - begin) / 10) / 100;
    stop.abort();
    const { worstWaitMs, peakMb } = await watched;
    const fileMb = Math.round(statSync(path).size / 1e5) / 10;
    return { seconds, fileMb, grownMb: Math.round(peakMb - before), worstWaitMs, accepted };
  } finally {
    await product.stop();
  }
}

/** Asks all the time, one request after the other: the longest answer is how long the event loop stood, and a little. */
async function watch({ httpUrl }: Product, { pid, signal }: { pid: number; signal: AbortSignal }) {
  let worst = 0;
  let peakMb = 0;
  while (!signal.aborted) {
    const asked = performance.now();
    await (await fetch(`${httpUrl}/health/live`)).arrayBuffer();
    worst = Math.max(worst, performance.now() - asked);
    peakMb = Math.max(peakMb, residentMb(pid));
    await delay(5);
  }
  return { worstWaitMs: Math.round(worst), peakMb };
}
