/**
 * The evaluation's simulated phones: the exchange in `delivery/simulator`, what its phones keep, and whose they are. Must stay
 * true: what happens on a phone reaches the engine by the same actions as what a carrier reports.
 */

import { AppError } from "#core/errors.ts";
import { phoneReader } from "#core/phone.ts";
import { openExchange, type Exchange, type PhoneView } from "#delivery/simulator/exchange.ts";
import { listNames } from "#store/factors.ts";
import { takeCallReport, takeReport } from "./callbacks.ts";
import type { Deps } from "./deps.ts";
import { keepMessage, readInbox, readTexts, type PhoneMessage, type PhoneText } from "./phone.ts";

export type { Pickup } from "#delivery/simulator/call.ts";
export type { Switches } from "#delivery/simulator/exchange.ts";

/** `name`: of the person who has the number as a method. Texts come oldest first. */
export type Phone = PhoneView & { name?: string; texts: Pick<PhoneText, "id" | "at" | "from" | "to" | "text">[] };

export type Phones = Omit<Exchange, "phones" | "addPhone" | "reply"> & {
  read: () => Promise<Phone[]>;
  inbox: () => Promise<PhoneMessage[]>;
  /** Gives the number as it is called. */
  add: (number: string) => Promise<string>;
  reply: (reply: { from: string; to: string; text: string }) => Promise<void>;
  /** Rises with everything that can be seen; `next` resolves once it is another than `seen`, or the signal aborts. */
  version: () => number;
  next: (seen: number, signal: AbortSignal) => Promise<void>;
  stop: () => void;
};

export async function openPhones(deps: Deps): Promise<Phones> {
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  let version = 0;
  const exchange = openExchange({
    clock: deps.clock,
    newId: deps.random.id,
    keep: async ({ id, from, to, text, callbackUrl }) => await keepMessage(deps, { id, from, to, text, callbackUrl }),
    reportText: async (url, event) => await takeReport(deps, url, event),
    reportCall: async (url, event) => await takeCallReport(deps, url, event),
    changed: () => {
      version++;
      for (const wake of waiting) wake();
    },
    stopping: stopping.signal,
  });
  for (const { from, to, reply } of (await readTexts(deps)).toReversed()) exchange.addPhone(reply ? from! : to);
  const { phones: _, addPhone, reply: __, ...rest } = exchange;
  return {
    ...rest,
    read: async () => await readPhones(deps, exchange),
    inbox: async () => await readInbox(deps),
    add: async (number) => {
      const read = (await phoneReader())(number, deps.settings.values()["phone.default-country"]);
      if (!read.ok) throw new AppError("invalid", `number: ${read.reason}`);
      addPhone(read.number);
      return read.number;
    },
    reply: async (reply) => await sendReply(deps, exchange, reply),
    version: () => version,
    next: async (seen, signal) => {
      if (seen !== version || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
    stop: () => stopping.abort(),
  };
}

async function readPhones(deps: Deps, exchange: Exchange): Promise<Phone[]> {
  const phones = exchange.phones();
  const texts = (await readTexts(deps)).toReversed();
  const names = await listNames(
    deps.db,
    phones.map(({ number }) => number),
  );
  return phones.map((phone) => {
    const name = names.get(phone.number);
    const own = texts.filter(({ from, to, reply }) => (reply ? from : to) === phone.number);
    const shown = own.map(({ id, at, from, to, text }) => ({ id, at, to, text, ...(from !== undefined && { from }) }));
    return { ...phone, ...(name !== undefined && { name }), texts: shown };
  });
}

/** To whoever has sent texts from there: nobody else can be reached. */
async function sendReply(
  deps: Deps,
  exchange: Exchange,
  { from, to, text }: { from: string; to: string; text: string },
): Promise<void> {
  const callbackUrl = (await readTexts(deps)).find((one) => one.from === to && !one.reply)?.callbackUrl;
  if (callbackUrl === undefined) throw new AppError("not_found");
  exchange.addPhone(from);
  await keepMessage(deps, { id: deps.random.id("msg_"), from, to, text, callbackUrl, reply: true });
  await exchange.reply({ from, to, text, callbackUrl });
}
