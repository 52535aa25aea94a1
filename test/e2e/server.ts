// The evaluation as `npm start` starts it, with ports and a data folder of its own, and people to sign in.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { activate, type Kept } from "../../examples/device/device.ts";
import { makeNode, type Node } from "../faults/node.ts";
import { waitUntil } from "../support/process.ts";
import { trustFile } from "../support/vendors/stand-in.ts";

export type Text = { to: string; text: string; at: number };
export type Person = {
  username: string;
  password: string;
  /** the mobile number, when they have one */
  phone: string;
};
export type Server = {
  baseUrl: string;
  node: Node;
  /** One `countersign …` command that must succeed; what it prints as JSON. */
  cli<T = unknown>(...args: string[]): Promise<T>;
  /** A new person, so that no test sees another's locks, codes or methods. */
  addPerson(has?: { text?: boolean; language?: "en" | "sv"; displayName?: string }): Promise<Person>;
  /** Gives a person an authenticator app. */
  addApp(person: Person): Promise<CodeApp>;
  /** Gives a person a device that speaks the protocol of the Countersign app. */
  addDevice(person: Pick<Person, "username">, name: string): Promise<Kept>;
  /** The texts to a number, newest first. */
  inbox(phone: string): Promise<Text[]>;
  /** The code in the first text to the number that `seen` others did not hold. */
  textedCode(phone: string, seen?: readonly string[]): Promise<string>;
  stop(): Promise<void>;
};

export async function startServer(): Promise<Server> {
  const node = await makeNode({ evaluation: true, logLevel: "warn" });
  // push services of the tests
  node.env["NODE_EXTRA_CA_CERTS"] = await trustFile();
  await node.start();
  const inbox = async (phone: string) => {
    const { messages } = await node.tell<{ messages: Text[] }>("phone inbox");
    return messages.filter(({ to }) => to === phone).toSorted((a, b) => b.at - a.at);
  };
  return {
    baseUrl: node.env["COUNTERSIGN_PUBLIC_URL"]!,
    node,
    cli: async (...args) => await node.ask(args),
    addPerson: async ({ text = true, language = "en", displayName = "Eva Test" } = {}) => {
      const person = { username: `eva-${randomBytes(4).toString("hex")}`, password: unique("pass"), phone: newPhone() };
      const fields = { username: person.username, password: person.password, display_name: displayName, language };
      await node.tell("user add", { ...fields, mobile_phone: person.phone, text });
      return person;
    },
    addApp: async ({ username }) => {
      const { secretBase32 } = await node.tell<{ secretBase32: string }>("method add-app", { username, name: "phone" });
      return codeApp(secretBase32);
    },
    addDevice: async ({ username }, name) => {
      const { link } = await node.tell<{ link: string }>("method add-authenticator", { username });
      return await activate({ link }, { name });
    },
    inbox,
    textedCode: async (phone, seen = []) =>
      await waitUntil("a text message", async () =>
        (await inbox(phone))
          .map(({ text }) => /\b\d{6}\b/.exec(text)?.[0])
          .find((code) => code && !seen.includes(code)),
      ),
    stop: () => node.stop(),
  };
}

const unique = (word: string) => `${word}-${randomBytes(6).toString("hex")}`;
/** Swedish numbers set aside for fiction (PTS): +46 70 174 06 05 to 99; ours go beyond them, nobody is called. */
const newPhone = () => `+467017${String(randomBytes(4).readUInt32BE() % 100_000).padStart(5, "0")}`;

/** An authenticator app: each code is of a later step than the one before, because a code is good once. */
export type CodeApp = { code(): Promise<string> };

const stepMs = 30_000;
const parameters = { digits: 6, algorithm: "sha1" } as const;

export function codeApp(secretBase32: string): CodeApp {
  const secret = readBase32(secretBase32.replaceAll(/\s/g, ""));
  if (!secret.ok) throw new Error(`the app's key ${secret.reason}`);
  let last = 0;
  return {
    code: async () => {
      // The next step's is taken too, so the first two codes need no waiting.
      last = Math.max(last + 1, Math.floor(Date.now() / stepMs));
      const tooEarlyMs = (last - 1) * stepMs - Date.now();
      if (tooEarlyMs > 0) await delay(tooEarlyMs);
      return hotp(secret.bytes, last, parameters);
    },
  };
}
