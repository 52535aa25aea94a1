/** A signed token file, verified in a thread of its own with memory of its own: a document is larger in memory than on disk. */

import { Worker } from "node:worker_threads";
import { TokenFileError } from "#wire/token-row.ts";
import type { Verified } from "./signed-pskc-worker.ts";

const memoryMb = 512;
const documentBytes = 5 * 1024 * 1024;

/** What the signature covers. */
export async function readSigned(file: AsyncIterable<Uint8Array>, certificate: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file) {
    length += chunk.length;
    if (length > documentBytes) throw new TokenFileError("a signed file may have 5 MB at most");
    chunks.push(chunk);
  }
  const worker = new Worker(new URL("./signed-pskc-worker.ts", import.meta.url), {
    workerData: { document: Buffer.concat(chunks), certificate },
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const verified = await new Promise<Verified>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", () => reject(new TokenFileError("the signed file takes too much memory")));
  });
  if ("reason" in verified) throw new TokenFileError(verified.reason);
  return verified.text;
}
