// The simulated carrier's messages: asked for while somebody looks, ordered for reading.
import { useEffect, useState } from "react";

export type Message = { id: string; to: string; kind: "text"; text: string; at: number };
export type Inbox = { messages: Message[] | undefined; reachable: boolean; readAt: number };

const pollMs = 2000;

/** One entry per number, the one with the newest message first, and its messages newest first. */
export function byNumber(messages: readonly Message[]): { number: string; messages: Message[] }[] {
  const newestFirst = messages.toSorted((a, b) => b.at - a.at);
  return [...Map.groupBy(newestFirst, (message) => message.to)].map(([number, own]) => ({
    number,
    messages: own,
  }));
}

/** The verification code in a message: the first run of 4 to 10 digits that stands alone. */
export const codeIn = (text: string): string | undefined => /(?<![\d+])\d{4,10}(?!\d)/.exec(text)?.[0];

/** 482913 as "482 913". */
export function inGroups(code: string): string {
  const half = Math.ceil(code.length / 2);
  return code.length < 6 ? code : `${code.slice(0, half)} ${code.slice(half)}`;
}

/** 482913 as "4 8 2 9 1 3", which a screen reader reads as digits and not as a number. */
export const asDigits = (code: string) => code.split("").join(" ");

async function readMessages(): Promise<Message[] | undefined> {
  try {
    const response = await fetch("/phone/messages", { headers: { accept: "application/json" } });
    if (!response.ok) return undefined;
    return ((await response.json()) as { messages: Message[] }).messages;
  } catch {
    return undefined;
  }
}

/** Reads at once and then every two seconds, and not at all while the page is hidden. */
export function useInbox(): Inbox {
  const [inbox, setInbox] = useState<Inbox>({ messages: undefined, reachable: true, readAt: 0 });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const read = async () => {
      if (document.visibilityState === "hidden") return;
      const messages = await readMessages();
      if (ended) return;
      setInbox((before) => ({
        messages: messages ?? before.messages,
        reachable: messages !== undefined,
        readAt: Date.now(),
      }));
      clearTimeout(timer);
      timer = setTimeout(start, pollMs);
    };
    const start = () => void read();
    start();
    document.addEventListener("visibilitychange", start);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", start);
    };
  }, []);
  return inbox;
}
