// The HTTP load generator, a process of its own: requests are encoded and signed before the clock starts and written to
// plain keep-alive sockets, one on its way at a time on each, because an HTTP client would cost more than the server.
// No code is sent twice.
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { runOk } from "../test/support/process.ts";
import { currentStep } from "./people.ts";
import { type ApiKey, encodeRequest, isAccepted } from "./rest-contract.ts";

export type RestLoad = {
  port: number;
  people: number;
  inFlight: number;
  warmUp: number;
  maxSeconds: number;
  key: ApiKey;
};
export type RestMeasured = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  sent: number;
  accepted: number;
  seconds: number;
};

/** Runs the generator below as a child. */
export async function restLoad(load: RestLoad): Promise<RestMeasured> {
  const timeoutMs = (load.maxSeconds + 60) * 1000;
  const input = JSON.stringify(load);
  return JSON.parse(
    await runOk(process.execPath, [fileURLToPath(import.meta.url)], { input, timeoutMs }),
  ) as RestMeasured;
}

/** Writes a request and gives its response; the server must answer with a Content-Length. */
function ask(socket: Socket, request: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    const settle = (finish: () => void) => {
      socket.off("data", onData).off("close", onClose);
      finish();
    };
    const onClose = () => settle(() => reject(new Error(`the server hung up after: ${text.slice(0, 500)}`)));
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      const length = /\r\ncontent-length: (\d+)/i.exec(text);
      if (head < 0 || length === null || text.length < head + 4 + Number(length[1])) return;
      settle(() => resolve({ status: Number(text.slice(9, 12)), body: text.slice(head + 4) }));
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(request);
  });
}

async function measure(load: RestLoad): Promise<RestMeasured> {
  const step = currentStep(); // encoding and sending take less than the step that the server looks back
  const requests = Array.from({ length: load.people }, (_, index) => encodeRequest(index, step, load.key));
  const begin = performance.now();
  const end = begin + load.maxSeconds * 1000;
  const latencies: number[] = [];
  const answeredAt: number[] = [];
  let sent = 0;
  let accepted = 0;

  const lane = async () => {
    const socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => {}); // "close" follows, and `ask` reports it
    while (sent < requests.length && performance.now() < end) {
      const sentAt = performance.now();
      const { status } = await ask(socket, requests[sent++]!);
      answeredAt.push(performance.now());
      latencies.push(answeredAt.at(-1)! - sentAt);
      if (isAccepted(status)) accepted++;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: load.inFlight }, lane));

  const sorted = latencies.slice(load.warmUp).toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
  const last = answeredAt.at(-1) ?? begin;
  const perSecond = Math.round(sorted.length / ((last - (answeredAt[load.warmUp - 1] ?? begin)) / 1000));
  return {
    perSecond,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    sent,
    accepted,
    seconds: round((last - begin) / 1000),
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

if (import.meta.main) {
  let input = "";
  for await (const chunk of process.stdin) input += String(chunk);
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(input) as RestLoad))}\n`);
}
