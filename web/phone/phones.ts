// The phones as the server tells them, again after every change, and what their owners do with them.
import { useEffect, useState } from "react";

export type Text = { id: string; at: number; from?: string; to: string; text: string };
export type Spoken = { text: string } | { recording: string } | { keys: string };
export type Call = {
  id: string;
  from: string;
  at: number;
  state: "ringing" | "connected" | "speaking" | "listening" | "ended";
  voicemail: boolean;
  said: { language: string; words: Spoken[] }[];
  /** whether a key that is pressed now is heard */
  hears: boolean;
  keys: string;
  ended?: { at: number; how: "busy" | "no_answer" | "unreachable" | "hung_up" | "failed" };
};
export const textWays = ["at_once", "delayed", "lost"] as const;
export const callWays = ["ring", "busy", "unreachable", "voicemail"] as const;
export type Switches = {
  texts: (typeof textWays)[number];
  delaySeconds: number;
  calls: (typeof callWays)[number];
};
export type Phone = { number: string; name?: string; switches: Switches; texts: Text[]; call?: Call; past: Call[] };

/** Whether it was done. */
async function post(path: string, body: object): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json" };
    return (await fetch(`/phone/phones${path}`, { method: "POST", headers, body: JSON.stringify(body) })).ok;
  } catch {
    return false;
  }
}

export const addPhone = async (number: string) => await post("", { number });
const act = async (number: string, what: string, body: object = {}) =>
  await post(`/${encodeURIComponent(number)}/${what}`, body);

/** One after the other: two requests at once may arrive in any order, and a PIN has one. */
let pressing: Promise<unknown> = Promise.resolve();

export const onPhone = (number: string) => ({
  switchTo: async (switches: Switches) => await act(number, "switches", switches),
  reply: async (to: string, text: string) => await act(number, "reply", { to, text }),
  pickUp: async (how: "answer" | "decline" | "busy" | "voicemail") => await act(number, "pick-up", { how }),
  press: (keys: string) => (pressing = pressing.then(async () => await act(number, "press", { keys }))),
  hangUp: async () => await act(number, "hang-up"),
  putAway: async () => await act(number, "put-away"),
});

const againMs = 2000;

/** A connection that breaks is made again at once by the browser; the server is away when that fails too. */
export function usePhones(): { phones: Phone[] | undefined; reachable: boolean } {
  const [phones, setPhones] = useState<Phone[]>();
  const [reachable, setReachable] = useState(true);
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const open = () => {
      const opened = new EventSource("/phone/events");
      source = opened;
      opened.addEventListener("message", ({ data }: MessageEvent<string>) => {
        failures = 0;
        setReachable(true);
        setPhones((JSON.parse(data) as { phones: Phone[] }).phones);
      });
      opened.addEventListener("error", () => {
        failures++;
        // after an answer that is no stream the browser does not ask again
        const gone = opened.readyState === EventSource.CLOSED;
        if (gone || failures > 1) setReachable(false);
        if (gone) timer = setTimeout(open, againMs);
      });
    };
    open();
    return () => {
      clearTimeout(timer);
      source?.close();
    };
  }, []);
  return { phones, reachable };
}
