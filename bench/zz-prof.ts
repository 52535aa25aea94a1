import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { benchPeople } from "./people.ts";
import { cpuMicros, makeProduct } from "./product.ts";
import { radiusLoad } from "./radius-load.ts";
const secret = "bench-secret-0123456789";
const product = await makeProduct(benchPeople, process.env.NO ? { NODE_OPTIONS: process.env.NO } : {});
const f = join(product.folder, "secret");
writeFileSync(f, secret, { mode: 0o600 });
await product.cli(
  "radius-client",
  "add",
  "--name",
  "bench",
  "--address",
  "127.0.0.1",
  "--secret-file",
  f,
  "--first-factor",
  "none",
  "--rate",
  "1000000",
);
const { pid } = await product.serve();
writeFileSync("/tmp/w/pid", String(pid));
const inFlight = Number(process.env.INFLIGHT ?? 64);
let step = -1;
for (let i = 0; i < Number(process.env.ROUNDS ?? 3); i++) {
  const before = cpuMicros(pid);
  const m = await radiusLoad({
    secret,
    people: benchPeople,
    warmUp: 2000,
    maxSeconds: 12,
    port: product.radiusPort,
    shape: { inFlight },
    afterStep: step,
  });
  step = m.step;
  console.log(JSON.stringify({ ...m, cpu: Math.round((cpuMicros(pid) - before) / m.sent) }));
}
await product.stop();
