import { AppError } from "#core/errors.ts";
import { Unanswered, UnknownOutcome } from "./open.ts";

/**
 * One commit for many: what is asked for in two event-loop turns, or while a batch is under way, goes together.
 * Must stay true: two items of one key never share a batch, and one bad item does not fail its neighbours: a batch that
 * fails is done `again` one by one.
 */

const batchLimit = 128;
/** beyond this many waiting, the answer is "busy" rather than memory. */
const queueLimit = 16_384;

type Waiting<I, O> = { item: I; resolve: (output: O) => void; reject: (error: unknown) => void };

export function batched<I, O>(
  run: (items: I[]) => Promise<O[]>,
  keyOf: (item: I) => string | undefined,
  again?: (item: I) => Promise<O>,
): (item: I) => Promise<O> {
  let queue: Waiting<I, O>[] = [];
  let underWay = false;

  function take(): Waiting<I, O>[] {
    const keys = new Set<string>();
    const now: Waiting<I, O>[] = [];
    const later: Waiting<I, O>[] = [];
    for (const waiting of queue) {
      const key = keyOf(waiting.item);
      if (now.length >= batchLimit || (key !== undefined && keys.has(key))) later.push(waiting);
      else {
        now.push(waiting);
        if (key !== undefined) keys.add(key);
      }
    }
    queue = later;
    return now;
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      const now = take();
      try {
        settle(now, await run(now.map(({ item }) => item)));
      } catch (error) {
        await oneByOne(now, error);
      }
      // let the answers out before the next batch holds the loop
      if (queue.length > 0) await new Promise<void>(gather);
    }
    underWay = false;
  }

  async function oneByOne(items: Waiting<I, O>[], error: unknown): Promise<void> {
    // No item's fault. Who came meanwhile has waited too: the deadline is of each answer, not of each try.
    const noItem = error instanceof Unanswered || error instanceof UnknownOutcome;
    if (noItem || (items.length === 1 && !again)) {
      for (const { reject } of noItem ? [...items, ...queue.splice(0)] : items) reject(error);
      return;
    }
    for (const waiting of items) {
      try {
        settle([waiting], again ? [await again(waiting.item)] : await run([waiting.item]));
      } catch (own) {
        waiting.reject(own);
      }
    }
  }

  return async (item) =>
    await new Promise<O>((resolve, reject) => {
      if (queue.length >= queueLimit) return reject(new AppError("busy", "Too many verifications are waiting."));
      queue.push({ item, resolve, reject });
      if (underWay) return;
      underWay = true;
      gather(() => void work());
    });
}

/** A turn takes no more than 32 datagrams off a socket (libuv); a commit costs much the same for twice as many. */
const gather = (go: () => void): unknown => setImmediate(() => setImmediate(go));

function settle<I, O>(items: Waiting<I, O>[], outputs: O[]): void {
  for (const [index, { resolve }] of items.entries()) resolve(outputs[index]!);
}
