// Verifications over REST: begin with a valid code in the first call, each person once. Beside it in the same run: a bare
// Fastify echo.
import { fileURLToPath } from "node:url";
import { startProcess } from "../test/support/process.ts";
import { benchPeople } from "./people.ts";
import { makeProduct } from "./product.ts";
import { createApiKey } from "./rest-contract.ts";
import { type RestMeasured, restLoad } from "./rest-load.ts";
import { ratio, type Result } from "./result.ts";

const load = { people: benchPeople, inFlight: 64, warmUp: 2000, maxSeconds: 12 };

export async function rest(): Promise<Result> {
  const echo = await measureEcho();
  const ours = await measureProduct();
  const ratioToEcho = ratio(ours.perSecond, echo.perSecond);
  const result: Result = {
    figures: { inFlight: load.inFlight, countersign: ours, echo, ratioToEcho },
    sentence:
      `REST: ${ours.perSecond} verifications/s with ${load.inFlight} in flight (p99 ${ours.p99Ms} ms), ` +
      `${ratioToEcho} × a bare Fastify echo (${echo.perSecond}/s).`,
  };
  const allAccepted = [ours, echo].every(({ sent, accepted }) => sent === accepted);
  return allAccepted ? result : { ...result, invalid: "not every verification was accepted" };
}

async function measureProduct(): Promise<RestMeasured> {
  const product = await makeProduct(benchPeople);
  try {
    const key = await createApiKey(product);
    await product.serve();
    return await restLoad({ ...load, key, port: Number(new URL(product.httpUrl).port) });
  } finally {
    await product.stop();
  }
}

async function measureEcho(): Promise<RestMeasured> {
  const echo = startProcess(process.execPath, [fileURLToPath(new URL("peers/fastify-echo.ts", import.meta.url))]);
  try {
    const [, port] = await echo.waitForOutput(/listening on (\d+)/);
    return await restLoad({ ...load, key: { id: "none", secret: "none" }, port: Number(port) });
  } finally {
    await echo.stop();
  }
}
