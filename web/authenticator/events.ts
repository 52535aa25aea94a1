// The server's live stream, read with fetch because EventSource cannot sign what it asks.
import { ask } from "./device.ts";
import type { Account } from "./keep.ts";

export type ServerEvent = { name: string; id: string; how?: string };

/** The events in what has come so far, and what is left of a last one that is not whole. */
export function readEvents(text: string): { events: ServerEvent[]; rest: string } {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop()!;
  const events = blocks.flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
    const [name, data] = [field("event"), field("data")];
    return name === undefined || data === undefined ? [] : [{ name, ...(JSON.parse(data) as { id: string }) }];
  });
  return { events, rest };
}

/** Until the signal, the stream's end or an error of the network. */
export async function* listen(account: Account, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const { body } = await ask(account, { path: "/events", signal });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const { events, rest } = readEvents(held + value);
    held = rest;
    yield* events;
  }
}
