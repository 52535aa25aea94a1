/**
 * The event loop's turns, which is what whoever signs in meanwhile waits for. Measured in processor time, which other programs on
 * the machine do not lengthen much.
 */

import { setImmediate } from "node:timers/promises";

const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** The turns while the work goes on, the longest first. */
export async function turnsOf(work: Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  let goesOn = true;
  void work.finally(() => (goesOn = false));
  for (let before = cpuMs(); goesOn; before = cpuMs()) {
    await setImmediate();
    turns.push(cpuMs() - before);
  }
  return turns.toSorted((a, b) => b - a);
}
