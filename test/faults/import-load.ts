// People sign in while a large file of others is imported: what the import takes, and what it costs those who sign in.
import { readFileSync } from "node:fs";
import { currentStep, peopleCsv } from "../../bench/people.ts";
import { type Login, openGateway, pace } from "./gateway.ts";
import type { Node } from "./node.ts";

export type ImportLoad = {
  people: number;
  seconds: number;
  /** how much the server's peak memory grew, in MB */
  grownMb: number;
  logins: number;
  accepted: number;
  p50Ms: number;
  p99Ms: number;
};

/** The node runs with `settled` people; `loginEveryMs` one of them signs in until the import has ended. */
export async function importUnderLoad(
  node: Node,
  { settled, people, loginEveryMs }: { settled: number; people: number; loginEveryMs: number },
): Promise<ImportLoad> {
  const [header, ...rows] = peopleCsv(settled + people)
    .trim()
    .split("\n");
  const file = `${[header, ...rows.slice(settled)].join("\n")}\n`;
  const gateway = await openGateway([node.radiusPort], { sockets: 8 });
  const logins: Login[] = [];
  const stop = new AbortController();
  const signIn = (index: number) =>
    void logins.push(gateway.send(gateway.prepare({ user: index % settled, step: currentStep() })));
  const before = peakMb(node);
  const load = pace(1000 / loginEveryMs, signIn, stop.signal);
  const begin = performance.now();
  // by the command, as an administrator does it: the file goes to the running server
  const { accepted } = await node.ask<{ accepted: number }>(["user", "import", "-"], file);
  const seconds = (performance.now() - begin) / 1000;
  stop.abort();
  await load;
  await Promise.all(logins.map(({ done }) => done));
  const grownMb = peakMb(node) - before;
  gateway.close();
  if (accepted !== people) throw new Error(`${accepted} of ${people} people were imported`);
  const times = logins.map(({ sentAt, repliedAt }) => repliedAt - sentAt).toSorted((a, b) => a - b);
  const quantile = (share: number) => Math.round(times[Math.floor(share * (times.length - 1))]! * 10) / 10;
  return {
    people,
    seconds: Math.round(seconds * 100) / 100,
    grownMb: Math.round(grownMb),
    logins: logins.length,
    accepted: logins.filter(({ verdict }) => verdict === "accept").length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

/** The most that the process has ever had in memory (Linux). */
function peakMb(node: Node): number {
  const { pid } = node.child();
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
