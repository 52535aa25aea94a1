/**
 * What transactions tell, heard on every node: PostgreSQL's LISTEN, on a connection that does nothing else. Must stay true: it says
 * that it hears only once it has heard itself (a pooling proxy takes a LISTEN and delivers nothing), and whenever it begins to,
 * since something may have been missed before.
 */

import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { deadlineMs, type Hear } from "./open.ts";

/** Its name cannot be a parameter of LISTEN. */
const channel = "countersign";
const notify = `select pg_notify('${channel}', $1)`;

/** PostgreSQL carries less than 8,000 octets at a time. */
const octetsAtMost = 7900;

/** Ids behind who tells them, as NOTIFY carries them; all are ASCII without spaces. */
function payloadsOf(from: string, ids: readonly string[]): string[] {
  const payloads: string[] = [];
  for (const id of ids) {
    const longer = `${payloads.at(-1)} ${id}`;
    if (payloads.length > 0 && longer.length <= octetsAtMost) payloads[payloads.length - 1] = longer;
    else payloads.push(`${from} ${id}`);
  }
  return payloads;
}

/** After so many failures in a row; nodes that lost one database do not come back at one moment. */
const pauseMs = (failures: number) => Math.min(30_000, 100 * 2 ** failures) + randomInt(100);

type Around = {
  connect: () => Client;
  /** by another connection */
  run: (text: string, parameters: unknown[]) => Promise<unknown>;
  onDeaf: () => void;
};
type Listening = { hears: () => boolean; close: () => Promise<void> };

/** Listens from when somebody first wants to hear, so that a command which waits for nothing has no connection more. */
export function whenWanted(around: Around) {
  // what this node has told it knows already
  const self = randomUUID();
  let hear: Hear = () => undefined;
  let listening: Listening | undefined;
  return {
    notices: (ids: readonly string[]) =>
      payloadsOf(self, ids).map((payload): [string, string[]] => [notify, [payload]]),
    hear: (ids: readonly string[]) => hear(ids),
    listen: (mine: Hear) => {
      hear = mine;
      listening = listenOn({ ...around, self, hear });
      return listening.hears;
    },
    close: async () => await listening?.close(),
  };
}

/** Listens until it is closed; `onDeaf` is told once each time that others are no longer heard. */
function listenOn({ connect, run, onDeaf, self, hear }: Around & { self: string; hear: Hear }): Listening {
  const ending = new AbortController();
  let hears = false;
  let failures = 0;

  async function late(): Promise<never> {
    await delay(deadlineMs, undefined, { ref: false });
    throw new Error("nothing is heard");
  }

  /** Until the connection ends, one way or another. */
  async function listen(): Promise<void> {
    const client = connect();
    const gone = Promise.withResolvers<never>();
    const proven = Promise.withResolvers<void>();
    gone.promise.catch(() => undefined);
    client.on("error", gone.reject);
    client.on("end", () => gone.reject(new Error("the connection has ended")));
    client.on("notification", ({ payload = "" }) => {
      const [from, ...ids] = payload.split(" ");
      if (from === self) proven.resolve();
      else hear(ids);
    });
    const end = () => {
      gone.reject(new Error("no more is listened to"));
      client.end().catch(() => undefined);
      // a server that says no more must not keep this process
      (client as Client & { unref(): void }).unref();
    };
    ending.signal.addEventListener("abort", end);
    try {
      // one that is ended meanwhile never says that it failed
      await Promise.race([client.connect(), gone.promise]);
      await client.query(`listen ${channel}`);
      await run(notify, [self]);
      await Promise.race([proven.promise, gone.promise, late()]);
      [hears, failures] = [true, 0];
      hear();
      await gone.promise;
    } finally {
      hears = false;
      ending.signal.removeEventListener("abort", end);
      end();
    }
  }

  async function keep(): Promise<void> {
    while (!ending.signal.aborted) {
      await listen().catch(() => undefined);
      if (ending.signal.aborted) return;
      if (failures === 0) onDeaf();
      failures += 1;
      await delay(pauseMs(failures), undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
    }
  }

  const kept = keep();
  return {
    hears: () => hears,
    close: async () => {
      ending.abort();
      await kept;
    },
  };
}
