/** The thread that `signed-pskc.ts` starts: one document in, what its signature covers out. */

import { parentPort, workerData } from "node:worker_threads";
import { verifySigned } from "#wire/pskc/signature.ts";
import { TokenFileError } from "#wire/token-row.ts";

export type Verified = { text: string } | { reason: string };

const { document, certificate } = workerData as { document: Uint8Array; certificate: string };
let verified: Verified;
try {
  verified = { text: await verifySigned(document, certificate) };
} catch (error) {
  // what else went wrong may hold a part of the document
  verified = { reason: error instanceof TokenFileError ? error.message : "the signed file cannot be read" };
}
parentPort!.postMessage(verified);
