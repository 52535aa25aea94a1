// A simulated phone in somebody's hand, over HTTP and without its page: for tests of everything that texts and calls.
import { waitUntil } from "../support/process.ts";

type Switches = { texts: "at_once" | "delayed" | "lost"; delaySeconds: number; calls: Reception };
type Reception = "ring" | "busy" | "unreachable" | "voicemail";
type Text = { id: string; at: number; from?: string; to: string; text: string };
type Call = {
  id: string;
  from: string;
  state: "ringing" | "connected" | "speaking" | "listening" | "ended";
  voicemail: boolean;
  said: { words: { text?: string }[] }[];
  hears: boolean;
  keys: string;
  ended?: { how: string };
};
type Phone = { number: string; switches: Switches; texts: Text[]; call?: Call; past: Call[] };

const usual: Switches = { texts: "at_once", delaySeconds: 20, calls: "ring" };

export function onPhone(baseUrl: string, number: string) {
  const post = async (what: string, body: object = {}) => {
    const url = `${baseUrl}/phone/phones/${encodeURIComponent(number)}/${what}`;
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (status !== 204) throw new Error(`${what} on ${number} was answered with ${status}`);
  };
  const look = async () => {
    const { phones } = (await (await fetch(`${baseUrl}/phone/phones`)).json()) as { phones: Phone[] };
    return phones.find((phone) => phone.number === number);
  };
  const when = async (what: string, is: (call: Call) => boolean) =>
    await waitUntil(what, async () => {
      const call = (await look())?.call;
      return call && is(call) ? call : undefined;
    });
  const ringing = async () => await when("a call that rings", ({ state }) => state === "ringing");
  const pickUp = async (how: "answer" | "decline" | "busy" | "voicemail") => {
    const call = await ringing();
    await post("pick-up", { how });
    return call;
  };
  const received = async () => (await look())?.texts.filter(({ to }) => to === number) ?? [];
  return {
    number,
    /** The newest text that is none of those `seen`; waits for it. */
    lastText: async (seen: readonly Text[] = []) =>
      await waitUntil("a text", async () => {
        const last = (await received()).at(-1);
        return seen.some(({ id }) => id === last?.id) ? undefined : last;
      }),
    texts: received,
    /** To whoever wrote last. */
    reply: async (text: string) => await post("reply", { to: (await received()).at(-1)?.from, text }),
    /** All that follow wait until it rings. */
    ringing,
    answer: async () => await pickUp("answer"),
    decline: async () => await pickUp("decline"),
    busy: async () => await pickUp("busy"),
    voicemail: async () => await pickUp("voicemail"),
    /** Waits until keys are listened for; gives what was said before. */
    press: async (keys: string) => {
      const { said } = await when("a call that hears keys", ({ hears }) => hears);
      await post("press", { keys });
      return said.flatMap(({ words }) => words.map(({ text }) => text)).join(" ");
    },
    hangUp: async () => await post("hang-up"),
    /** Waits until the call is over; gives it. */
    over: async () => await when("a call that has ended", ({ ended }) => ended !== undefined),
    calls: async () => (await look())?.past ?? [],
    switches: async () => (await look())?.switches,
    /** What is not named is as usual. */
    set: async (switches: Partial<Switches>) => await post("switches", { ...usual, ...switches }),
  };
}
