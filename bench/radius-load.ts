// The RADIUS load generator, a process of its own so that it does not share the server's event loop. Packets are encoded
// and signed before the clock starts, each person signs in once, and every hundredth reply is checked to be genuine.
// What must stay true: no code is sent twice, so a server that refuses replays can accept them all.
import { createSocket, type Socket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { encodeAccessRequest, isGenuineReply, readPacket } from "../test/peers/support/radius-packets.ts";
import { runOk } from "../test/support/process.ts";
import { currentStep, stepSeconds, totp, userName } from "./people.ts";

export type Load = {
  port: number;
  secret: string;
  people: number;
  /** The number of the first of them. */
  first?: number;
  /** Replies that come before counting starts, so that no server is measured while it is still being compiled. */
  warmUp: number;
  maxSeconds: number;
  /** Closed loop: always so many on their way. Open loop: so many a second, whether answers come or not. */
  shape: { inFlight: number } | { perSecond: number };
  /** The time step whose codes an earlier run on the same server may have used. */
  afterStep?: number;
};
export type Measured = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  sent: number;
  accepted: number;
  /** By RADIUS code: 2 is Accept, 3 Reject. */
  codes: Record<string, number>;
  lost: number;
  forged: number;
  seconds: number;
  step: number;
};

/** Runs the generator below as a child. */
export async function radiusLoad(load: Load): Promise<Measured> {
  const timeoutMs = (load.maxSeconds + 2 * stepSeconds + 30) * 1000;
  const input = JSON.stringify(load);
  return JSON.parse(await runOk(process.execPath, [fileURLToPath(import.meta.url)], { input, timeoutMs })) as Measured;
}

const sockets = 32;
const slots = sockets * 256; // an Identifier is one octet, and each socket has 256 of its own
const lostAfterMs = 3000;

/** A run stays within one time step: at its edge a server is right to refuse, and how it looks back is not the question. */
async function chooseStep({ maxSeconds, afterStep = -1 }: Load): Promise<{ step: number; begins: Promise<void> }> {
  const secondsLeft = stepSeconds - ((Date.now() / 1000) % stepSeconds);
  const now = currentStep();
  const step = now > afterStep && secondsLeft > maxSeconds + 3 ? now : Math.max(now, afterStep) + 1;
  return { step, begins: delay(Math.max(0, step * stepSeconds * 1000 - Date.now())) };
}

function encodeAll(load: Load, step: number): Buffer[] {
  const secret = Buffer.from(load.secret);
  const { first = 0 } = load;
  return Array.from({ length: load.people }, (_, index) => first + index)
    .filter((person) => !repeats(person, step))
    .map((person, index) =>
      encodeAccessRequest(secret, {
        identifier: Math.floor(index / sockets) % 256,
        userName: userName(person),
        password: totp(person, step),
      }),
    );
}

/** One person in 250,000 has the same code again within a minute (now and then one of a run), and a server is right to take it once. */
function repeats(person: number, step: number): boolean {
  const code = totp(person, step);
  return [-2, -1, 1, 2].some((from) => totp(person, step + from) === code);
}

function openSockets(port: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: sockets }, async () => {
      const socket = createSocket({ type: "udp4", recvBufferSize: 4_000_000 });
      // connected: no name look-up for each packet, and a server that is not there is an error at once
      await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve));
      return socket;
    }),
  );
}

/** Sends packet n from socket n % 32 with Identifier n / 32 % 256, and keeps what is on its way by that slot. */
function makeRun(packets: Buffer[], lines: Socket[], secret: Buffer) {
  const sentAt = new Float64Array(slots);
  const packetIn = new Uint32Array(slots);
  const run = {
    next: 0,
    onWay: 0,
    lost: 0,
    forged: 0,
    codes: {} as Record<string, number>,
    latencies: [] as number[],
    repliedAt: [] as number[],
  };
  const fire = (intendedAt: number) => {
    const index = run.next++;
    const slot = index % slots;
    if (sentAt[slot] !== 0) run.lost++;
    else run.onWay++;
    sentAt[slot] = intendedAt;
    packetIn[slot] = index;
    lines[index % sockets]!.send(packets[index]!);
  };
  const take = (reply: Buffer, socket: number) => {
    const slot = reply.readUInt8(1) * sockets + socket;
    if (sentAt[slot] === 0) return;
    const now = performance.now();
    run.latencies.push(now - sentAt[slot]!);
    run.repliedAt.push(now);
    run.codes[reply.readUInt8(0)] = (run.codes[reply.readUInt8(0)] ?? 0) + 1;
    sentAt[slot] = 0;
    run.onWay--;
    if (run.repliedAt.length % 100 !== 0) return;
    if (!isGenuineReply(readPacket(reply), readPacket(packets[packetIn[slot]!]!), secret)) run.forged++;
  };
  const giveUpOld = () => {
    const limit = performance.now() - lostAfterMs;
    sentAt.forEach((at, slot) => {
      if (at === 0 || at > limit) return;
      sentAt[slot] = 0;
      run.onWay--;
      run.lost++;
    });
  };
  return { run, fire, take, giveUpOld };
}

async function measure(load: Load): Promise<Measured> {
  const { step, begins } = await chooseStep(load);
  const packets = encodeAll(load, step);
  const lines = await openSockets(load.port);
  const { run, fire, take, giveUpOld } = makeRun(packets, lines, Buffer.from(load.secret));
  await begins;

  const begin = performance.now();
  const end = begin + load.maxSeconds * 1000;
  const { shape } = load;
  const more = () => run.next < packets.length && performance.now() < end;
  const fill = () => {
    if ("inFlight" in shape) while (run.onWay < shape.inFlight && more()) fire(performance.now());
    else {
      // Latency counts from when a packet was due, so a stall of the server (or of this process) is not hidden.
      const due = () => begin + (run.next / shape.perSecond) * 1000;
      while (due() <= performance.now() && more()) fire(due());
    }
  };
  lines.forEach((socket, index) =>
    socket.on("message", (reply) => {
      take(reply, index);
      if ("inFlight" in shape) fill();
    }),
  );
  while (more() || run.onWay > 0) {
    giveUpOld();
    fill();
    await delay(1);
  }
  for (const socket of lines) socket.close();
  return { ...figures(run, load.warmUp, begin), step };
}

function figures(run: ReturnType<typeof makeRun>["run"], warmUp: number, begin: number): Omit<Measured, "step"> {
  const { codes, lost, forged } = run;
  const sorted = run.latencies.slice(warmUp).toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
  const from = run.repliedAt[warmUp - 1] ?? begin;
  const to = run.repliedAt.at(-1) ?? begin;
  return {
    perSecond: Math.round(sorted.length / ((to - from) / 1000)),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    sent: run.next,
    accepted: codes["2"] ?? 0,
    codes,
    lost,
    forged,
    seconds: round((to - begin) / 1000),
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

if (import.meta.main) {
  let input = "";
  for await (const chunk of process.stdin) input += String(chunk);
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(input) as Load))}\n`);
}
