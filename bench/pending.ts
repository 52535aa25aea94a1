// 10,000 people who each have a request waiting on their phone, and a VPN that waits with each of them: what that adds to the
// server's memory, and to the time of 500 other logins a second by code, before and during. All were notified: each by its own
// encrypted message, taken and opened by a push service of the bench.
import { createSocket, type Socket } from "node:dgram";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { encodeAccessRequest } from "../test/peers/support/radius-packets.ts";
import { startPushService, type PushService } from "../test/support/vendors/push-service.ts";
import { trustFile } from "../test/support/vendors/stand-in.ts";
import { bindDevices } from "./devices.ts";
import { benchPeople, userName } from "./people.ts";
import { cpuMicros, makeProduct, residentMb } from "./product.ts";
import { type Measured, radiusLoad } from "./radius-load.ts";
import { ratio, type Result } from "./result.ts";

const waiting = 10_000;
const perSecond = 500;
const seconds = 8;
const secret = "bench-secret-0123456789";
/** Loopback has many addresses: the clients that wait are another one's. */
const waitingClient = "127.0.0.2";
const mostGrowthMb = 150;

export async function pending(): Promise<Result> {
  const service = await startPushService();
  const product = await makeProduct(benchPeople, { NODE_EXTRA_CA_CERTS: await trustFile() });
  try {
    await bindDevices(join(product.folder, "data"), { count: waiting, service });
    const secretFile = join(product.folder, "secret");
    writeFileSync(secretFile, secret, { mode: 0o600 });
    const client = ["radius-client", "add", "--secret-file", secretFile, "--first-factor", "none", "--rate", "1000000"];
    await product.cli(...client, "--name", "codes", "--address", "127.0.0.1");
    const holds = ["--mode", "append", "--approve-without-number", "yes", "--wait-seconds", "600"];
    await product.cli(...client, "--name", "phones", "--address", waitingClient, ...holds);
    const { pid } = await product.serve();
    const load = {
      port: product.radiusPort,
      secret,
      people: perSecond * seconds,
      warmUp: perSecond,
      maxSeconds: seconds,
    };
    const before = await radiusLoad({ ...load, first: waiting, shape: { perSecond } });
    const beforeMb = residentMb(pid);
    const asked = await askAll(service, product.radiusPort);
    const first = waiting + perSecond * seconds;
    const cpu = cpuMicros(pid);
    const during = await radiusLoad({ ...load, first, shape: { perSecond } });
    const cpuShare = (cpuMicros(pid) - cpu) / during.seconds / 1_000_000;
    const growthMb = Math.round(residentMb(pid) - beforeMb);
    asked.close();
    return verdict({ before, during, growthMb, asked, cpuShare });
  } finally {
    await product.stop();
    await service.stop();
  }
}

type Asked = { notified: number; answered: number; perSecond: number; close: () => void };

/** Asks for each of them, some at a time, until the push service has a message for every one. */
async function askAll(service: PushService, port: number): Promise<Asked> {
  const key = Buffer.from(secret);
  const lines: Socket[] = [];
  let answered = 0;
  for (let index = 0; index * 256 < waiting; index++) {
    const line = createSocket("udp4");
    line.on("message", () => (answered += 1));
    await new Promise<void>((resolve) => line.bind(0, waitingClient, resolve));
    lines.push(line);
  }
  const started = performance.now();
  let sent = 0;
  while (service.taken() < waiting && performance.now() - started < 120_000) {
    for (; sent < waiting && sent - service.taken() < 64; sent++) {
      const request = { identifier: sent % 256, userName: userName(sent), password: "" };
      lines[Math.floor(sent / 256)]!.send(encodeAccessRequest(key, request), port, "127.0.0.1");
    }
    await delay(1);
  }
  const took = (performance.now() - started) / 1000;
  const close = () => lines.forEach((line) => line.close());
  return { notified: service.taken(), answered, perSecond: Math.round(service.taken() / took), close };
}

type Figures = { before: Measured; during: Measured; growthMb: number; asked: Asked; cpuShare: number };

function verdict({ before, during, growthMb, asked, cpuShare }: Figures): Result {
  const { notified, answered } = asked;
  const slower = ratio(during.p99Ms, before.p99Ms);
  const all = { waiting, notified, notifiedPerSecond: asked.perSecond, growthMb, before, during, slower, cpuShare };
  const wrong = [
    ...(notified < waiting || answered > 0 ? [`${notified} were notified and ${answered} did not wait`] : []),
    ...[before, during].flatMap(({ sent, accepted }) =>
      sent === accepted ? [] : [`${sent - accepted} logins failed`],
    ),
  ];
  return {
    figures: all,
    sentence:
      `Pending: ${notified} requests waiting on phones (notified at ${asked.perSecond}/s) add ${growthMb} MB (wanted under ` +
      `${mostGrowthMb}); ${perSecond} logins/s meanwhile have p99 ${during.p99Ms} ms, before ${before.p99Ms} ms ` +
      `(${slower} ×, wanted at most 2).`,
    ...(wrong.length > 0 && { invalid: wrong.join("; ") }),
  };
}
