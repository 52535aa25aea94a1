// What the outside world saw of the logins of a test: each request before it is sent and each answer as it arrives, synced
// to disk, so that it can be held against what the server says afterwards. The file is the truth; memory is not asked.
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";

export type Verdict = "accept" | "reject" | "challenge" | "unavailable";
export type Seen = {
  id: number;
  user: number;
  /** the time step whose code was sent */
  step: number;
  answer: Verdict | undefined;
};
export type Witness = ReturnType<typeof openWitness>;

export function openWitness(file: string) {
  const handle = openSync(file, "a");
  let count = 0;
  const write = (line: object) => {
    writeSync(handle, `${JSON.stringify(line)}\n`);
    fdatasyncSync(handle);
  };
  return {
    file,
    /** Gives the request's number in the log. */
    sent(user: number, step: number): number {
      count += 1;
      write({ id: count, user, step });
      return count;
    },
    answered: (id: number, answer: Verdict) => write({ id, answer }),
    read(): Seen[] {
      const seen = new Map<number, Seen>();
      for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
        const read = JSON.parse(line) as Partial<Seen> & { id: number };
        const known = seen.get(read.id) ?? { user: -1, step: -1, answer: undefined };
        seen.set(read.id, { ...known, ...read });
      }
      return [...seen.values()];
    },
    close: () => closeSync(handle),
  };
}
